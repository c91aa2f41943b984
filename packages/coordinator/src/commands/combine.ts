import type { Command } from 'commander';
import { analysisLines } from '../analysis-lines.ts';
import { combineRefusal } from '../combine-refusal.ts';
import { warnOfDamaged } from '../damaged-lines.ts';
import { nextStep } from '../next-step.ts';
import { type OpenSession, readPsbtFile } from '../session.ts';
import { type Taken, takeReturned } from '../take.ts';
import { takenJson, takenLines } from '../taken-lines.ts';

/** `qoima combine`. */
export const addCombineCommand = (program: Command, open: OpenSession): void => {
  program
    .command('combine')
    .description('take the signatures of PSBTs that came back, each checked alone')
    .argument('<psbt...>', 'returned PSBT files, of one proposal or of several')
    .action(async (files: string[], _options: object, command: Command) => {
      const { coordinator, terminal, scriptsOf } = open(command);
      // All files are read before any is taken: a broken or strange one then changes nothing.
      const returned = files.map((from) => ({ from, psbt: readPsbtFile(from) }));
      warnOfDamaged({ coordinator, terminal });
      const results = await takeReturned(coordinator, scriptsOf, returned);
      if (!terminal.output.json) {
        for (const taken of results) terminal.output.line(...takenLines(taken));
      }
      const refusal = combineRefusal(results);
      if (refusal !== undefined) throw refusal;
      terminal.output.result(results.map(takenJson), summaryLines(results));
    });
};

/** Where each proposal stands now; its name is said if there are several. */
const summaryLines = (results: readonly Taken[]): readonly string[] => {
  const byProposal = new Map(results.map((taken) => [taken.proposal.id, taken]));
  return [...byProposal].flatMap(([id, { analysis, proposal }]) => [
    ...(byProposal.size === 1 ? [] : [`Proposal ${id.slice(0, 8)}:`]),
    ...analysisLines(analysis, nextStep(proposal)),
  ]);
};
