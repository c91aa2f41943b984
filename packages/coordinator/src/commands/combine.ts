import type { JsonValue } from '@qoima/primitives';
import type { RefusedSignature } from '@qoima/psbt';
import type { Command } from 'commander';
import { analysisJson, analysisLines } from '../analysis-lines.ts';
import { coordinatorError } from '../errors.ts';
import { type OpenSession, readPsbtFile } from '../session.ts';
import { proposalOf, type Taken, takeReturned } from '../take.ts';

/** `qoima combine`. */
export const addCombineCommand = (program: Command, open: OpenSession): void => {
  program
    .command('combine')
    .description('take the signatures of PSBTs that came back, each checked alone')
    .argument('<psbt...>', 'returned PSBT files, of one proposal or of several')
    .action(async (files: string[], _options: object, command: Command) => {
      const { coordinator, terminal, scriptsOf } = open(command);
      // All files are read before any is taken: a broken or strange one then changes nothing.
      const returned = files.map((file) => ({ file, psbt: readPsbtFile(file) }));
      for (const { psbt } of returned) proposalOf(coordinator, psbt);
      const results: FileTaken[] = [];
      for (const { file, psbt } of returned) {
        results.push({ file, taken: await takeReturned(coordinator, scriptsOf, psbt) });
      }
      if (!terminal.output.json) {
        for (const { file, taken } of results) terminal.output.line(takenLine(file, taken));
      }
      refuseBad(results);
      terminal.output.result(
        results.map(takenJson),
        results.slice(-1).flatMap(({ taken }) => analysisLines(taken.analysis)),
      );
    });
};

interface FileTaken {
  readonly file: string;
  readonly taken: Taken;
}

const takenJson = ({ file, taken }: FileTaken): { readonly [key: string]: JsonValue } => ({
  file,
  proposal: taken.proposal.id,
  taken: taken.taken,
  analysis: analysisJson(taken.analysis),
});

const takenLine = (file: string, { taken, proposal }: Taken): string => {
  const names = Object.entries(taken).map(([name, count]) => `${count} by ${name}`);
  const what = names.length === 0 ? 'nothing new' : names.join(', ');
  return `${file}: ${what}, for proposal ${proposal.id.slice(0, 8)}`;
};

/** One error for all that was refused, naming the first; what was good has been stored by now. */
const refuseBad = (results: readonly FileTaken[]): void => {
  const bad = results.flatMap(({ file, taken }) =>
    taken.refused.map((refused) => ({ file, refused })),
  );
  const [first] = bad;
  if (first === undefined) return;
  const others = bad.length === 1 ? '' : ` (and ${bad.length - 1} more)`;
  throw coordinatorError(
    'COORDINATOR_SIGNATURE_REFUSED',
    `${first.file}: ${first.refused.message}${others}`,
    {
      refused: bad.map(({ file, refused }) => ({ file, ...refusedJson(refused) })),
      results: results.map(takenJson),
    },
  );
};

const refusedJson = (
  refused: RefusedSignature,
): { readonly [key: string]: string | number | null } => ({
  code: refused.code,
  input: refused.inputIndex,
  cosigner: refused.cosigner ?? null,
  message: refused.message,
});
