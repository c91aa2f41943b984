import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomically } from '@qoima/journal';
import { parseUtf8 } from '@qoima/primitives';
import * as v from 'valibot';
import { rehearsalError } from './errors.ts';

/** Who signs: five emulated Ledgers, or words in files. */
export type Signers = 'ledger' | 'software';

/** What a ceremony is made of. The same make writes the same files. */
export interface CeremonyMake {
  readonly seed: string;
  /** ISO 8601, UTC: what every program takes for the time. */
  readonly clock: string;
  readonly signers: Signers;
}

/** Which acts of a ceremony are done, kept in its folder, so that one that was interrupted can go on. */
export interface CeremonyRecord extends CeremonyMake {
  /** Does it and notes of its result what `schema` keeps; if that is noted already, only gives it. */
  once<Schema extends v.GenericSchema>(
    act: string,
    schema: Schema,
    perform: () => Promise<unknown>,
  ): Promise<v.InferOutput<Schema>>;
  /** Notes that there is nothing to go on with. */
  end(): void;
}

const FILE = 'ceremony.json';

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
 * @throws `REHEARSAL_FOLDER_NOT_EMPTY`, `REHEARSAL_ANOTHER`
 */
export const openCeremonyRecord = (
  folder: string,
  asked: { readonly [Part in keyof CeremonyMake]?: CeremonyMake[Part] | undefined },
  usual: CeremonyMake,
): CeremonyRecord => {
  const path = join(folder, FILE);
  const begun = existsSync(path) ? read(path) : undefined;
  if (begun === undefined ? isInUse(folder) : begun.ended) {
    const what = begun === undefined ? 'There are files' : 'A rehearsal has ended';
    throw rehearsalError('REHEARSAL_FOLDER_NOT_EMPTY', `${what} in ${folder}.`, { folder });
  }
  const file = begun ?? {
    format: 'qoima-rehearsal/1' as const,
    seed: asked.seed ?? usual.seed,
    clock: asked.clock ?? usual.clock,
    signers: asked.signers ?? usual.signers,
    ended: false,
    done: {},
  };
  for (const part of ['seed', 'clock', 'signers'] as const) {
    if (asked[part] !== undefined && asked[part] !== file[part]) {
      throw rehearsalError('REHEARSAL_ANOTHER', `The one in ${folder} has another ${part}.`, {
        expected: file[part],
        actual: asked[part],
      });
    }
  }
  const write = (): void =>
    writeFileAtomically(path, parseUtf8(`${JSON.stringify(file, null, 2)}\n`));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  write();
  return {
    seed: file.seed,
    clock: file.clock,
    signers: file.signers,
    once: async (act, kept, perform) => {
      if (!Object.hasOwn(file.done, act)) {
        file.done[act] = v.parse(kept, await perform());
        write();
      }
      return v.parse(kept, file.done[act]);
    },
    end: () => {
      file.ended = true;
      write();
    },
  };
};

const isInUse = (folder: string): boolean => existsSync(folder) && readdirSync(folder).length > 0;

const read = (path: string): v.InferOutput<typeof schema> => {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), readFileSync(path, 'utf8'));
  if (parsed.success) return parsed.output;
  throw rehearsalError('REHEARSAL_FOLDER_NOT_EMPTY', `${path} is no record of a rehearsal.`, {
    path,
  });
};
