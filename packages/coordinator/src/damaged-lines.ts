import { printable } from '@qoima/terminal';
import type { Session } from './session.ts';

/** Tells of each proposal that was passed over because its file is damaged; nothing with `--json`. */
export const warnOfDamaged = ({
  coordinator,
  terminal,
}: Pick<Session, 'coordinator' | 'terminal'>): void =>
  terminal.output.line(
    ...coordinator.proposals
      .damaged()
      .map(
        ({ id, path }) =>
          `Warning: proposal ${id.slice(0, 8)} is passed over: ${printable(path)} is damaged. Restore it from a backup.`,
      ),
  );
