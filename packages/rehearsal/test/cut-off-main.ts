import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { noProgress } from '@qoima/terminal';
import { type CeremonyEnd, rehearse } from '../src/ceremony.ts';
import { type CeremonyRecord, openCeremonyRecord } from '../src/ceremony-record.ts';
import { startRegtestNode } from '../src/regtest/regtest-node.ts';

/*
 * `cut-off-main STRAIGHT CUT-OFF`: a rehearsal in one folder, and the same in another that ends at the worst
 * moment of each kind of act: the programs have done it, and it is not noted. What a kill leaves on the disk there
 * is what an error leaves. Prints how each came out. A process of its own, so that it finds the programs as built.
 */

const MAKE = { seed: 'cut off', clock: '2026-01-01T00:00:00Z', signers: 'software' } as const;

class CutOff extends Error {}

/** One run; `isCut` says of each act whether the rehearsal ends behind it. */
const run = async (folder: string, isCut: (act: string) => boolean): Promise<CeremonyEnd> => {
  const dir = mkdtempSync(join(tmpdir(), 'qoima-cut-off-'));
  const node = await startRegtestNode({ dir, seedTime: Date.parse(MAKE.clock) / 1000 });
  try {
    const record = await openCeremonyRecord(folder, {}, MAKE);
    const cut = async <Result>(act: string, perform: () => Promise<Result>): Promise<Result> => {
      const result = await perform();
      if (isCut(act)) throw new CutOff();
      return result;
    };
    const watched: CeremonyRecord = {
      ...record,
      once: (act, schema, perform) => record.once(act, schema, () => cut(act, perform)),
      last: (perform) => record.last(() => cut('the last', perform)),
    };
    const request = { node, folder, record: watched, mishap: '', progress: noProgress };
    const end = await rehearse(request);
    record.close();
    return end;
  } finally {
    await node.stop();
    rmSync(dir, { recursive: true });
  }
};

const [straight = '', cutOff = ''] = process.argv.slice(2);
const acts: string[] = [];
const expected = await run(straight, (act) => {
  // What every custodian does is cut off at the first who does it.
  if (!/^(Bolat|Dana|Erlan|Fatima) /.test(act)) acts.push(act);
  return false;
});
for (const at of acts) {
  await run(cutOff, (act) => act === at).catch((error: unknown) => {
    if (!(error instanceof CutOff)) throw error;
  });
}
const actual = await run(cutOff, () => false);
process.stdout.write(JSON.stringify({ acts, expected, actual }));
