import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { conformanceOf, formatReport, hasFailed, type ReportRow } from '../conformance/report.ts';
import { workspaceRoot } from '../workspace.ts';

const folder = join(workspaceRoot, 'test-vectors/ledger');

interface Index {
  readonly vectors: readonly (Readonly<Record<string, unknown>> & {
    readonly name: string;
    readonly file: string;
  })[];
  readonly finalTransactions: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as Index;

/** A folder of the vectors of these names, each changed, and of no transactions unless given. */
const folderOf = (
  names: readonly string[],
  change: (vector: Index['vectors'][number]) => object = (vector) => vector,
  finalTransactions: object = {},
): string => {
  const made = mkdtempSync(join(tmpdir(), 'qoima-conformance-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  mkdirSync(join(made, 'apdu'));
  const vectors = index.vectors.filter(({ name }) => names.includes(name));
  expect(vectors).toHaveLength(names.length);
  for (const { file } of vectors) cpSync(join(folder, file), join(made, file));
  const changed = { ...index, vectors: vectors.map(change), finalTransactions };
  writeFileSync(join(made, 'index.json'), JSON.stringify(changed));
  return made;
};

const reasonOf = (row: ReportRow | undefined, side: 'host' | 'device' | 'transaction'): string => {
  const verdict = row?.verdicts[side];
  return verdict === undefined || verdict.kind === 'passed'
    ? (verdict?.kind ?? 'not judged')
    : `${verdict.kind}: ${verdict.reason}`;
};

const LIMIT = { timeout: 300_000 };

describe('npm run conformance', () => {
  it('has nothing against either side in the recordings of this repository', LIMIT, async () => {
    const rows = await conformanceOf(folder);
    expect(rows.filter((row) => hasFailed([row])).map((row) => formatReport([row]))).toEqual([]);
    const transactions = Object.keys(index.finalTransactions).length;
    expect(rows).toHaveLength(index.vectors.length + transactions);
    const kinds = (side: 'host' | 'device' | 'transaction', kind: string): number =>
      rows.filter(({ verdicts }) => verdicts[side]?.kind === kind).length;
    expect(kinds('host', 'passed')).toBe(223);
    expect(kinds('device', 'passed')).toBe(220);
    expect(kinds('transaction', 'passed')).toBe(5);
  });

  it('sends what no host of ours would as it was recorded', LIMIT, async () => {
    const names = ['sign-wsh-1in-2out-c1', 'sign-wsh-user-rejects', 'fingerprint-c1'];
    const made = folderOf(names, (vector) =>
      vector.name === 'fingerprint-c1'
        ? { ...vector, appVersion: '2.4.1', errorCode: null, screens: null, params: null }
        : { ...vector, psbtBefore: 'cHNidP8=', errorCode: null },
    );
    const rows = await conformanceOf(made);
    for (const name of names.slice(0, 2)) {
      const row = rows.find((one) => one.name === name);
      expect(reasonOf(row, 'host')).toMatch(/^listed: Qoima refuses the PSBT/);
      expect(reasonOf(row, 'device')).toBe('passed');
    }
    const other = rows.find((one) => one.name === 'fingerprint-c1');
    expect(reasonOf(other, 'host')).toBe('passed');
    expect(reasonOf(other, 'device')).toBe('listed: app version not emulated: 2.4.1');
  });

  it('reports what it does not understand, and judges the rest', async () => {
    const names = ['fingerprint-c1', 'fingerprint-c2', 'fingerprint-c3', 'xpub-48-2-c1'];
    const made = folderOf(names, (vector) => {
      if (vector.name === 'fingerprint-c1') return { ...vector, command: 'GET_WEATHER' };
      if (vector.name === 'fingerprint-c2') return { ...vector, cosigner: 77 };
      if (vector.name === 'xpub-48-2-c1') return { ...vector, params: { path: 48 } };
      return vector;
    });
    const rows = await conformanceOf(made);
    const row = (name: string) => rows.find((one) => one.name === name);
    expect(reasonOf(row('fingerprint-c1'), 'host')).toMatch(/^listed: .*GET_WEATHER/);
    // Its requests are there to be sent as they were.
    expect(reasonOf(row('fingerprint-c1'), 'device')).toBe('passed');
    expect(reasonOf(row('fingerprint-c2'), 'host')).toMatch(
      /^failed: not understood: .*cosigner 77/,
    );
    expect(reasonOf(row('xpub-48-2-c1'), 'host')).toMatch(/^failed: not understood: its params/);
    expect(reasonOf(row('fingerprint-c3'), 'host')).toBe('passed');
    expect(hasFailed(rows)).toBe(true);
  });

  it('sees a byte that differs, on both sides', async () => {
    const made = folderOf(['register-wsh-3of5-c1', 'sign-wsh-user-rejects']);
    const flip = (name: string, from: RegExp, to: string): void => {
      const path = join(made, 'apdu', `${name}.apdu`);
      const text = readFileSync(path, 'utf8');
      const changed = text.replace(from, to);
      expect(changed).not.toBe(text);
      writeFileSync(path, changed);
    };
    flip('register-wsh-3of5-c1', /[0-9a-f]9000\s*$/, '09000\n');
    flip('sign-wsh-user-rejects', /^=> e1/, '=> e2');
    const [register, sign] = await conformanceOf(made);
    expect(reasonOf(register, 'host')).toMatch(/^failed: the outcome/);
    expect(reasonOf(register, 'device')).toMatch(/^failed: the device.endings/);
    expect(reasonOf(sign, 'host')).toMatch(/^failed: request 1 is e1/);
    expect(reasonOf(sign, 'device')).toBe('passed');
  });

  it('sees a screen that differs, and a transaction', async () => {
    const name = 'sign-wsh-1in-2out';
    const recorded = index.finalTransactions[name] ?? {};
    const made = folderOf(
      ['address-wsh-3of5-0-0-display'],
      (vector) => ({ ...vector, screens: ['Verify bitcoin | address', 'Nothing else'] }),
      { [name]: { ...recorded, txid: '0'.repeat(64) }, other: { network: 'testnet' } },
    );
    const rows = await conformanceOf(made);
    const row = (wanted: string) => rows.find((one) => one.name === wanted);
    const address = row('address-wsh-3of5-0-0-display');
    expect(reasonOf(address, 'device')).toMatch(/^failed: the device.screens/);
    expect(reasonOf(address, 'host')).toBe('passed');
    expect(reasonOf(row(name), 'transaction')).toBe('failed: the txid differs');
    expect(reasonOf(row('other'), 'host')).toMatch(/^failed: not understood/);
  });

  it('says that there are no recordings', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'qoima-conformance-'));
    onTestFinished(() => rmSync(empty, { recursive: true }));
    await expect(conformanceOf(empty)).rejects.toThrow(/no index\.json/);
    writeFileSync(join(empty, 'index.json'), '{"vectors": 3}');
    await expect(conformanceOf(empty)).rejects.toThrow(/is no index of recordings/);
  });
});
