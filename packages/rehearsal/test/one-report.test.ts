import { readFileSync } from 'node:fs';
import { defaultLimits, limitsJson } from '@qoima/policy';
import { convertPsbt, encodePsbt, GLOBAL, type Psbt, withRecords } from '@qoima/psbt';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { done, json, openReserve, propose, type Reserve, sign } from './reserve.ts';

interface Report {
  readonly digest: string;
  readonly words: readonly string[];
  readonly findings: readonly { readonly rule: string; readonly local?: boolean }[];
}

let reserve: Reserve;
let spend: { readonly id: string; readonly digest: string };

beforeAll(async () => {
  reserve = await openReserve({ coins: 4 });
  spend = await propose(reserve, 'spend.psbt');
});
afterAll(() => reserve.close());

/** What both programs say of one file. A finding that a machine makes alone is left out. */
const reports = async (psbt: string): Promise<readonly [online: Report, offline: Report]> => {
  const online = (await json(reserve.qoima('--json', 'inspect', psbt))) as { report: Report };
  const offline = (await json(reserve.station('Dana', '--json', 'inspect', psbt))) as Report;
  const shared = (report: Report): Report => ({
    ...report,
    findings: report.findings.filter(({ local }) => local !== true),
  });
  return [shared(online.report), shared(offline)];
};

it('is the same on both programs, for every file of one spend', async () => {
  const psbt = reserve.read('spend.psbt');
  const signed = await sign(reserve, 'Bolat', reserve.medium('spend.psbt'), spend.digest);
  for (const file of [
    reserve.medium('spend.psbt'),
    reserve.put('spend-v2.psbt', convertPsbt(psbt, 2)),
    reserve.put('spend-other-order.psbt', {
      ...psbt,
      inputs: psbt.inputs.map((map) => [...map].reverse()),
    }),
    signed,
  ]) {
    const [online, offline] = await reports(file);
    expect(online).toEqual(offline);
    expect(online).toMatchObject({ digest: spend.digest, findings: [] });
    expect(online.words).toHaveLength(13);
  }
});

it('shows digest and words on the sheet of each', async () => {
  const [{ digest, words }] = await reports(reserve.medium('spend.psbt'));
  for (const end of [
    await done(reserve.qoima('inspect', reserve.medium('spend.psbt'))),
    await done(reserve.station('Erlan', 'inspect', reserve.medium('spend.psbt'))),
  ]) {
    expect(end.stdout).toContain(digest.match(/.{4}/g)?.join(' '));
    expect(end.stdout.replaceAll(/\s+/g, ' ')).toContain(`In words ${words.join(' ')}`);
  }
});

it('is another for one byte that nothing reads, and the same other one on both', async () => {
  const psbt = reserve.read('spend.psbt');
  const marked = (byte: number): Psbt => ({
    ...psbt,
    global: withRecords(psbt.global, [
      { type: 0x77, keyData: new Uint8Array(), value: Uint8Array.of(byte) },
    ]),
  });
  const [first, again] = await reports(reserve.put('marked-1.psbt', marked(1)));
  const [second] = await reports(reserve.put('marked-2.psbt', marked(2)));
  expect(first).toEqual(again);
  expect(first.findings).toMatchObject([{ rule: 'field-unused' }]);
  expect(new Set([spend.digest, first.digest, second.digest]).size).toBe(3);
  expect(first.words).not.toEqual(second.words);
  // What was accepted for the one is no acceptance of the other.
  const argv = ['sign', reserve.medium('marked-1.psbt'), '--accept', spend.digest] as const;
  expect(await reserve.station('Dana', ...argv)).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('STATION_ID_MISMATCH'),
  });
});

it('differs while the programs hold a spend against different limits', async () => {
  const psbt = reserve.medium('spend.psbt');
  const limits = { ...limitsJson(defaultLimits), changeWindow: 100 };
  const file = reserve.put('limits.json', JSON.stringify(limits));
  const out = reserve.medium('limited.json');
  await done(reserve.qoima('policy', 'limits', file, '--out', out));
  const [online, offline] = await reports(psbt);
  expect(offline.digest).toBe(spend.digest);
  expect(online.digest).not.toBe(spend.digest);
  const imported = ['policy', 'import', out, '--accept', reserve.policyId] as const;
  // The id does not bind the limits, so accepting it is not accepting them.
  expect(await reserve.station('Dana', ...imported)).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('STATION_WARNING_OPEN'),
  });
  const { stdout } = await done(
    reserve.station('Dana', ...imported, '--accept-warning', 'policy-limits-differ'),
  );
  expect(stdout).toContain('WARN policy-limits-differ');
  expect(stdout).toContain('change 100 addresses beyond those spent from');
  const [, limited] = await reports(psbt);
  expect(limited).toEqual(online);
  expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({ id: reserve.policyId, limits });
});

it('is of a PSBT, whatever its version: the bytes of version 0 are hashed', () => {
  const psbt = reserve.read('spend.psbt');
  const types = convertPsbt(convertPsbt(psbt, 2), 0).global.map(({ type }) => type);
  expect(types).toContain(GLOBAL.unsignedTransaction.type);
  expect(encodePsbt(convertPsbt(convertPsbt(psbt, 2), 0))).toEqual(encodePsbt(psbt));
});
