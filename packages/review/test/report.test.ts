import { formatHex } from '@qoima/primitives';
import {
  convertPsbt,
  createPsbt,
  decodePsbt,
  encodePsbt,
  INPUT,
  OUTPUT,
  type Psbt,
  record,
} from '@qoima/psbt';
import { describe, expect, it } from 'vitest';
import { defaultLimits, refusalOf, reportJson, reviewPsbt, signingSheet } from '../src/index.ts';
import { findingsIn } from './breach.ts';
import {
  BTC,
  CHANGE_INDEX,
  cleanSpend,
  coinOf,
  editInput,
  editOutput,
  editTransaction,
  FEE,
  foreign,
  own,
  PAYMENT,
  put,
  strangerScript,
  without,
} from './spend.ts';

const digestOf = (psbt: Psbt, scripts = own.wsh, limits = defaultLimits): string =>
  reviewPsbt(psbt, scripts, limits).digest;

const sheetOf = (psbt: Psbt): string =>
  signingSheet(reviewPsbt(psbt, own.wsh))
    .map(([label, value]) => `${label}: ${value}`)
    .join('\n');

const kinds = (['wsh', 'sh-wsh', 'sh'] as const).flatMap((kind) =>
  ([0, 2] as const).map((version) => ({ kind, version })),
);

describe('a clean spend', () => {
  it.each(kinds)('of $kind in PSBT version $version has no finding', ({ kind, version }) => {
    const psbt = decodePsbt(encodePsbt(cleanSpend(kind, version)));
    expect(findingsIn(psbt, { kind })).toEqual([]);
  });

  it('is reported with all that it does', () => {
    const report = reviewPsbt(cleanSpend(), own.wsh);
    expect(report).toMatchObject({
      policyName: 'Reserve',
      network: 'regtest',
      spent: 20n * BTC,
      fee: FEE,
      findings: [],
    });
    expect(report.payments).toEqual([
      {
        address: expect.stringMatching(/^bcrt1q/),
        script: strangerScript,
        amount: PAYMENT,
        changeIndex: undefined,
      },
    ]);
    expect(report.change).toMatchObject([{ amount: 5n * BTC - FEE, changeIndex: CHANGE_INDEX }]);
    expect(report.coins).toMatchObject([
      { amount: 10n * BTC, place: { branch: 'receive', index: 0 } },
      { amount: 10n * BTC, place: { branch: 'change', index: 3 } },
    ]);
    expect(report.feeRate).toBe((FEE * 1000n) / BigInt(report.vsize));
  });

  it('becomes JSON whose amounts are decimal strings', () => {
    const json = reportJson(reviewPsbt(cleanSpend(), own.wsh));
    expect(json).toMatchObject({
      feeSats: '2000',
      spentSats: '2000000000',
      payments: [{ amountSats: '1500000000', script: formatHex(strangerScript) }],
      change: [{ amountSats: '499998000', index: CHANGE_INDEX }],
      findings: [],
    });
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  });
});

describe('the digest', () => {
  const clean = digestOf(cleanSpend());
  const signature = record(
    INPUT.partialSignature,
    Uint8Array.of(0x30, 6, 2, 1, 1, 2, 1, 1, 1),
    own.wsh.at('receive', 0).publicKeys[0] as Uint8Array,
  );

  it('is 64 hex digits, the same again', () => {
    expect(clean).toMatch(/^[0-9a-f]{64}$/);
    expect(digestOf(cleanSpend())).toBe(clean);
  });

  it.each([
    ['in PSBT version 2', convertPsbt(cleanSpend(), 2)],
    ['built as version 2', cleanSpend('wsh', 2)],
    ['with a signature', editInput(cleanSpend(), 0, put(signature))],
    ['in another order of its records', editInput(cleanSpend(), 0, (map) => [...map].reverse())],
    [
      'without what the policy knows anyhow',
      editInput(cleanSpend(), 1, without(INPUT.witnessScript)),
    ],
  ])('is the same for a spend %s', (_what, psbt) => {
    expect(digestOf(psbt)).toBe(clean);
  });

  const transaction = (edit: Parameters<typeof editTransaction>[1]): Psbt =>
    editTransaction(cleanSpend(), edit);
  const output = (edit: (amount: bigint) => bigint, at: number): Psbt =>
    transaction((tx) => ({
      ...tx,
      outputs: tx.outputs.map((one, i) => (i === at ? { ...one, amount: edit(one.amount) } : one)),
    }));

  it.each([
    ['a payment a satoshi smaller', output((amount) => amount - 1n, 0)],
    ['a change a satoshi smaller', output((amount) => amount - 1n, 1)],
    [
      'outputs in another order',
      transaction((tx) => ({ ...tx, outputs: [...tx.outputs].reverse() })),
    ],
    ['another lock time', transaction((tx) => ({ ...tx, lockTime: 1 }))],
    ['another version', transaction((tx) => ({ ...tx, version: 1 }))],
    [
      'another sequence',
      transaction((tx) => ({ ...tx, inputs: tx.inputs.map((one) => ({ ...one, sequence: 1 })) })),
    ],
    ['change that is no longer proven', editOutput(cleanSpend(), 1, without(OUTPUT.derivation))],
    [
      'an amount that is no longer proven',
      editInput(cleanSpend(), 0, without(INPUT.nonWitnessUtxo)),
    ],
  ])('is another for %s', (_what, psbt) => {
    expect(digestOf(psbt)).not.toBe(clean);
  });

  it('is another for another policy', () => {
    expect(digestOf(cleanSpend(), foreign)).not.toBe(clean);
  });

  it.each([{ feeSats: 1n }, { feeRate: 1n }, { feePerMille: 1 }, { changeWindow: 1 }])(
    'is another for other limits: %o',
    (limit) => {
      const generous = { ...defaultLimits, feeSats: 2n * BTC };
      expect(digestOf(cleanSpend(), own.wsh, { ...generous, ...limit })).not.toBe(
        digestOf(cleanSpend(), own.wsh, generous),
      );
    },
  );
});

describe('the signing sheet', () => {
  it('names policy, payments, change, fee and digest of a clean spend', () => {
    const report = reviewPsbt(cleanSpend(), own.wsh);
    const sheet = sheetOf(cleanSpend());
    expect(sheet).toContain('Policy: Reserve (regtest)');
    expect(sheet).toContain(report.policyId);
    expect(sheet).toContain('Pays: 15.00000000 BTC');
    expect(sheet).toContain(report.payments[0]?.address?.match(/.{1,4}/g)?.join(' '));
    expect(sheet).toContain(`Change ${CHANGE_INDEX}: 4.99998000 BTC`);
    expect(sheet).toContain('Spends: 20.00000000 BTC from 2 coins');
    expect(sheet).toMatch(/Fee: 0\.00002000 BTC \(\d+(\.\d+)? sat\/vB over at most \d+ vB\)/);
    expect(sheet).toContain('Findings: none');
    expect(sheet.replaceAll(' ', '')).toContain(report.digest);
  });

  it('lists every payment, and of many coins only some', () => {
    const payments = Array.from({ length: 300 }, (_, i) => ({
      kind: 'payment' as const,
      scriptPubKey: Uint8Array.of(0, 20, ...new Uint8Array(20).fill(i % 256)),
      amount: 1_000_000n + BigInt(i),
    }));
    const sheet = sheetOf(cleanSpend('wsh', 0, payments));
    expect(sheet.match(/^Pays: /gm)).toHaveLength(300);
    for (const { amount } of payments) expect(sheet).toContain(`0.0${amount}`);
  });

  it('shows what a payment without an address pays to', () => {
    const data = Uint8Array.of(0x6a, 2, 0xca, 0xfe);
    const psbt = cleanSpend('wsh', 0, [{ kind: 'payment', scriptPubKey: data, amount: 0n }]);
    expect(sheetOf(psbt)).toContain('to a script without an address: 6a02cafe');
  });

  it('tells every rule, and not the same thing a thousand times', () => {
    const psbt = createPsbt({
      scripts: own.wsh,
      coins: Array.from({ length: 40 }, (_, i) => coinOf(own.wsh, 'receive', i, BTC)),
      outputs: [{ kind: 'payment', scriptPubKey: strangerScript, amount: 39n * BTC }],
    });
    const sheet = sheetOf({ ...psbt, inputs: psbt.inputs.map(without(INPUT.derivation)) });
    expect(sheet.match(/BLOCK input-not-ours/g)).toHaveLength(5);
    expect(sheet).toContain('… and 35 more of input-not-ours');
    expect(sheet).toContain('WARN fee-amount');
    expect(sheet).toContain('… and 28 more');
  });

  it('shows sums that cannot be, too', () => {
    const most = 2_100_000_000_000_000n;
    const sheet = sheetOf(
      editTransaction(cleanSpend(), (tx) => ({
        ...tx,
        outputs: tx.outputs.map((one) => ({ ...one, amount: most })),
      })),
    );
    expect(sheet).toContain('Fee: minus 4199998000000000 satoshis');
    expect(sheet).toContain('BLOCK amount-sum, transaction');
  });
});

describe('refusalOf', () => {
  const finding = (rule: string, severity: 'block' | 'warn') => ({
    rule,
    severity,
    where: 'input 0',
    message: 'It is wrong.',
    facts: {},
  });
  const findings = [finding('b', 'warn'), finding('a', 'block'), finding('c', 'block')];

  it('says the first in words and has all in its details', () => {
    expect(refusalOf(findings, 'block')).toEqual({
      message: 'BLOCK a, input 0: It is wrong. (And 1 more.)',
      details: { findings: [finding('a', 'block'), finding('c', 'block')] },
    });
  });

  it('leaves out what was accepted by its rule', () => {
    expect(refusalOf(findings, 'warn', ['b'])).toBeUndefined();
    expect(refusalOf(findings, 'block', ['a'])?.message).toBe('BLOCK c, input 0: It is wrong.');
  });

  it('is nothing without findings', () => {
    expect(refusalOf([], 'block')).toBeUndefined();
  });
});
