import { readFileSync } from 'node:fs';
import type { ScriptKind } from '@qoima/policy';
import { formatHex } from '@qoima/primitives';
import { convertPsbt, decodePsbt, formatPsbtBase64 } from '@qoima/psbt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askNode } from '../src/node-rpc.ts';
import { done, json, openReserve, propose, type Reserve, sign } from './reserve.ts';

/** One spend, from its proposal to its sixth confirmation. */
const wholeStory = async (reserve: Reserve, version: '0' | '2'): Promise<void> => {
  const { id, digest } = await propose(reserve, `v${version}.psbt`, '--psbt-version', version);
  const sent = reserve.medium(`v${version}.psbt`);
  const psbt = reserve.read(`v${version}.psbt`);
  expect(psbt.version).toBe(Number(version));

  // Each station comes to the coordinator's digest by itself.
  const seen = reserve.station('Dana', '--json', 'inspect', sent);
  expect(await json(seen)).toMatchObject({ digest, findings: [] });

  // Bolat gets his file by mail in base64, and Fatima's editor made hex of hers.
  const base64 = reserve.put(`v${version}.b64`, `${formatPsbtBase64(psbt)}\n`);
  const hex = reserve.put(`v${version}.hex`, formatHex(readFileSync(sent)));
  const aigerim = await sign(reserve, 'Aigerim', sent, digest);
  const bolat = await sign(reserve, 'Bolat', base64, digest);
  const fatima = await sign(reserve, 'Fatima', hex, digest);

  // Two of three are not enough, and the error says who is missing.
  await done(reserve.qoima('combine', fatima));
  await done(reserve.qoima('combine', aigerim));
  const early = await reserve.qoima('finalize', id);
  expect(early.code).toBe(4);
  expect(early.stderr).toMatch(/^error PSBT_INCOMPLETE: .*Bolat/);

  await done(reserve.qoima('combine', bolat));
  const out = reserve.medium(`${id}.txt`);
  const final = await json(reserve.qoima('--json', 'finalize', id, '--out', out));
  const { proposal, transaction } = final as { proposal: { txid: string }; transaction: string };
  expect(readFileSync(out, 'utf8').trim()).toBe(transaction);

  await done(reserve.qoima('broadcast', id));
  // A second time is harmless.
  await done(reserve.qoima('broadcast', id.slice(0, 8)));
  expect(await askNode(reserve.node, 'getrawmempool', [])).toEqual([proposal.txid]);
  await reserve.mine(6);
  expect(await json(reserve.qoima('--json', 'status', id))).toMatchObject({
    proposal: { state: 'confirmed' },
    confirmations: 6,
  });
  await done(reserve.qoima('journal', 'verify'));
  await done(reserve.station('Dana', 'journal', 'verify'));
};

describe('a reserve of wsh(sortedmulti(3, …))', () => {
  let reserve: Reserve;
  beforeAll(async () => {
    reserve = await openReserve({ coins: 6 });
  });
  afterAll(() => reserve.close());

  it('spends with PSBTs of version 0', () => wholeStory(reserve, '0'));

  it('spends with PSBTs of version 2', () => wholeStory(reserve, '2'));

  it('ends the same in whatever order signatures come, and with more than are needed', async () => {
    const { id, digest } = await propose(reserve, 'order.psbt');
    const psbt = reserve.medium('order.psbt');
    const aigerim = await sign(reserve, 'Aigerim', psbt, digest);
    const dana = await sign(reserve, 'Dana', psbt, digest);
    const erlan = await sign(reserve, 'Erlan', psbt, digest);
    const fatima = await sign(reserve, 'Fatima', psbt, digest);

    // Erlan's comes back by way of a program that speaks version 2, and base64.
    const other = convertPsbt(decodePsbt(readFileSync(erlan)), 2);
    const converted = reserve.put('erlan.b64', formatPsbtBase64(other));

    // Three at once, and one of them twice.
    const { stdout } = await done(reserve.qoima('combine', fatima, dana, converted, dana));
    expect(stdout).toContain('1 by Erlan');
    expect(stdout).toContain('1 by Fatima');
    expect(stdout).toContain('nothing new');
    const first = await json(reserve.qoima('--json', 'finalize', id));
    expect(await json(reserve.qoima('--json', 'finalize', id))).toEqual(first);

    // A fourth that comes late is kept, though it would come first in the witness.
    await done(reserve.qoima('combine', aigerim));
    expect(await json(reserve.qoima('--json', 'finalize', id))).toEqual(first);
    expect(await json(reserve.qoima('--json', 'status', id))).toMatchObject({
      analysis: { signedBy: ['Aigerim', 'Dana', 'Erlan', 'Fatima'], missing: ['Bolat'] },
    });
  });

  it('lets one file go from station to station, each adding to it', async () => {
    const { id, digest } = await propose(reserve, 'round.psbt');
    let carried = reserve.medium('round.psbt');
    for (const who of ['Fatima', 'Bolat', 'Erlan'] as const) {
      carried = await sign(reserve, who, carried, digest);
    }
    await done(reserve.qoima('combine', carried));
    await done(reserve.qoima('finalize', id));
    await done(reserve.qoima('broadcast', id));
    expect(await json(reserve.qoima('--json', 'status', id))).toMatchObject({
      proposal: { state: 'broadcast' },
      confirmations: 0,
    });
  });

  it('never lets two proposals have one coin', async () => {
    const first = await propose(reserve, 'one.psbt');
    const coins = (await json(reserve.qoima('--json', 'coins'))) as {
      coins: { outpoint: string; lockedBy: string | null }[];
    };
    const locked = coins.coins.find(({ lockedBy }) => lockedBy === first.id);
    const second = await reserve.qoima(
      ...['propose', '--pay', `${reserve.faucet.address}=0.01`, '--fee-rate', '2'],
      ...['--coin', locked?.outpoint ?? ''],
    );
    expect(second.code).toBe(3);
    expect(second.stderr).toMatch(/^error COORDINATOR_COIN_UNKNOWN: .* is taken by proposal/);
  });
});

describe.each(['sh-wsh', 'sh'] as const)('a reserve of %s', (scriptKind: ScriptKind) => {
  let reserve: Reserve;
  beforeAll(async () => {
    reserve = await openReserve({ scriptKind });
  });
  afterAll(() => reserve.close());

  it('spends', () => wholeStory(reserve, '0'));
});
