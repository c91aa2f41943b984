import { readJournal } from '@qoima/journal';
import { findingJson, findingLine } from '@qoima/review';
import type { Command } from 'commander';
import type { OpenSession } from '../session.ts';

/** `qoima journal verify`. */
export const addJournalCommand = (program: Command, open: OpenSession): void => {
  program
    .command('journal')
    .description('what was done')
    .command('verify')
    .description('check that no line of the journal was changed, moved or taken out')
    .action((_options: object, command: Command) => {
      const { coordinator, terminal } = open(command);
      const { entries, head, notes } = readJournal(coordinator.journalPath);
      const result = {
        path: coordinator.journalPath,
        entries: entries.length,
        head,
        notes: notes.map(findingJson),
      };
      terminal.output.result(result, [
        `${coordinator.journalPath} holds, ${entries.length} entries.`,
        ...notes.map(findingLine),
        `Write its head down elsewhere: ${head}`,
      ]);
    });
};
