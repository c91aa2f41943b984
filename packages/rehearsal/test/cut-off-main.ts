import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { noProgress } from '@qoima/terminal';
import { type CeremonyEnd, rehearse } from '../src/ceremony.ts';
import { type CeremonyRecord, openCeremonyRecord } from '../src/ceremony-record.ts';
import { startRegtestNode } from '../src/regtest/regtest-node.ts';

/*
 * `cut-off-main FOLDER`: a rehearsal that is cut off at the worst moment of each kind of act: the programs have done
 * it, and it is not noted. What a kill leaves on the disk there is what an error leaves. Prints which acts were cut
 * off, and how it ended. A process of its own, so that it finds the programs as built.
 */

const MAKE = { seed: 'rehearsal', clock: '2026-01-01T00:00:00Z', signers: 'software' } as const;
const [folder = ''] = process.argv.slice(2);
const cutOff: string[] = [];

class CutOff extends Error {}

/** Does it, and has it cut off behind that the first time; of what all custodians do, the first one's is. */
const cut = async (act: string, perform: () => Promise<unknown>): Promise<boolean> => {
  if (cutOff.includes(act) || /^(Bolat|Dana|Erlan|Fatima) /.test(act)) return false;
  cutOff.push(act);
  try {
    await perform();
  } catch (error) {
    if (error instanceof CutOff) return true;
    throw error;
  }
  throw new Error(`${act} was not cut off`);
};

const thenCutOff = (perform: () => Promise<unknown>) => async (): Promise<never> => {
  await perform();
  throw new CutOff();
};

/** The last act ends a run, as it changes the chain: what was cut off there needs another one. */
const run = async (): Promise<CeremonyEnd> => {
  const dir = mkdtempSync(join(tmpdir(), 'qoima-cut-off-'));
  const node = await startRegtestNode({ dir, seedTime: Date.parse(MAKE.clock) / 1000 });
  let record = await openCeremonyRecord(folder, {}, MAKE);
  const watched: CeremonyRecord = {
    ...record,
    once: async (act, schema, perform) => {
      if (await cut(act, () => record.once(act, schema, thenCutOff(perform)))) {
        record = await openCeremonyRecord(folder, {}, MAKE);
      }
      return record.once(act, schema, perform);
    },
    last: async (perform) => {
      if (await cut('the last', () => record.last(thenCutOff(perform)))) throw new CutOff();
      return record.last(perform);
    },
  };
  try {
    return await rehearse({ node, folder, record: watched, mishap: '', progress: noProgress });
  } finally {
    record.close();
    await node.stop();
    rmSync(dir, { recursive: true });
  }
};

const runAgain = (error: unknown): Promise<CeremonyEnd> => {
  if (!(error instanceof CutOff)) throw error;
  return run();
};

const end = await run().catch(runAgain);
process.stdout.write(JSON.stringify({ cutOff, end }));
