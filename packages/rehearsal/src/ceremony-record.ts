import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureFolder, isThere, listFolder, writeFileAtomically } from '@qoima/journal';
import { parseUtf8 } from '@qoima/primitives';
import * as v from 'valibot';
import { rehearsalError } from './errors.ts';
import { type Running, takeFolder } from './running.ts';
import { forgetState, hasState, keepState, RECORD, restoreState } from './undo.ts';

/** Who signs: five emulated Ledgers, or words in files. */
export type Signers = 'ledger' | 'software';

/** What a ceremony is made of. The same make writes the same files. */
export interface CeremonyMake {
  readonly seed: string;
  /** ISO 8601, UTC: what every program takes for the time. */
  readonly clock: string;
  readonly signers: Signers;
}

/**
 * Which acts of a ceremony are done, kept in its folder, so that one that was interrupted can go on. An act that
 * is cut off before it is noted is done again from what it had found, so that it is done whole and once.
 */
export interface CeremonyRecord extends CeremonyMake {
  /** Does it and notes of its result what `schema` keeps; if that is noted already, only gives it. */
  once<Schema extends v.GenericSchema>(
    act: string,
    schema: Schema,
    perform: () => Promise<unknown>,
  ): Promise<v.InferOutput<Schema>>;
  /** Does what comes last, and notes that there is nothing to go on with once it is closed. */
  last<Result>(perform: () => Promise<Result>): Promise<Result>;
  /** Notes a program that works in the folder. */
  readonly program: Running['program'];
  /** Gives the folder back, whatever came of the ceremony. */
  readonly close: () => void;
}

const schema = v.strictObject({
  format: v.literal('qoima-rehearsal/1'),
  seed: v.string(),
  clock: v.string(),
  signers: v.picklist(['ledger', 'software']),
  ended: v.boolean(),
  done: v.record(v.string(), v.unknown()),
});

/**
 * Begins a ceremony in a folder that is empty or not there yet, or takes up the one that was interrupted
 * in it. What of its make is not asked for is the folder's, or else `usual`.
 * @throws `REHEARSAL_FOLDER_NOT_EMPTY`, `REHEARSAL_ANOTHER`, `REHEARSAL_RUNNING`, `FILE_…`
 */
export const openCeremonyRecord = async (
  folder: string,
  asked: { readonly [Part in keyof CeremonyMake]?: CeremonyMake[Part] | undefined },
  usual: CeremonyMake,
): Promise<CeremonyRecord> => {
  const path = join(folder, RECORD);
  const begun = isThere(path) ? read(path) : undefined;
  if (begun === undefined ? isInUse(folder) : begun.ended && !hasState(folder)) {
    const what = begun === undefined ? 'There are files' : 'A rehearsal has ended';
    throw rehearsalError('REHEARSAL_FOLDER_NOT_EMPTY', `${what} in ${folder}.`, { folder });
  }
  const make = begun ?? {
    seed: asked.seed ?? usual.seed,
    clock: asked.clock ?? usual.clock,
    signers: asked.signers ?? usual.signers,
  };
  for (const part of ['seed', 'clock', 'signers'] as const) {
    if (asked[part] !== undefined && asked[part] !== make[part]) {
      throw rehearsalError('REHEARSAL_ANOTHER', `The one in ${folder} has another ${part}.`, {
        expected: make[part],
        actual: asked[part],
      });
    }
  }
  const write = (file: RecordFile): void =>
    writeFileAtomically(path, parseUtf8(`${JSON.stringify(file, null, 2)}\n`));
  ensureFolder(folder);
  if (begun === undefined) {
    write({ format: 'qoima-rehearsal/1', ...make, ended: false, done: {} });
  }
  const running = await takeFolder(folder);
  restoreState(folder);
  const file = read(path);
  const { seed, clock, signers } = file;

  const perform = async <Result>(act: () => Promise<Result>, note: (result: Result) => void) => {
    keepState(folder);
    const result = await act();
    note(result);
    write(file);
    return result;
  };
  return {
    seed,
    clock,
    signers,
    program: running.program,
    once: async (act, kept, work) => {
      if (!Object.hasOwn(file.done, act)) {
        await perform(work, (result) => {
          file.done[act] = v.parse(kept, result);
        });
        forgetState(folder);
      }
      return v.parse(kept, file.done[act]);
    },
    last: (work) =>
      perform(work, () => {
        file.ended = true;
      }),
    close: () => {
      running.end();
      // Only now, so that who was killed before they saw the end is shown it.
      if (file.ended) forgetState(folder);
    },
  };
};

type RecordFile = v.InferOutput<typeof schema>;

/** But for what a kill can leave of the first file of a rehearsal. */
const isInUse = (folder: string): boolean =>
  listFolder(folder).some((name) => !/^\.ceremony\.json\.[0-9]+\.tmp$/.test(name));

const read = (path: string): RecordFile => {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), readFileSync(path, 'utf8'));
  if (parsed.success) return parsed.output;
  throw rehearsalError('REHEARSAL_FOLDER_NOT_EMPTY', `${path} is no record of a rehearsal.`, {
    path,
  });
};
