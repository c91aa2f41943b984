import {
  defaultLimits,
  type FeeLimits,
  policyScripts,
  type SpendLimits,
  walletPolicy,
} from '@qoima/policy';
import { MAX_SATS, parseHex } from '@qoima/primitives';
import {
  type CreateOutput,
  createPsbt,
  OUTPUT,
  type Psbt,
  type PsbtMap,
  record,
} from '@qoima/psbt';
import { describe, expect, it } from 'vitest';
import { reviewPsbt } from '../src/index.ts';
import { breachTable, findingsIn } from './breach.ts';
import {
  BRANCH_STEP,
  BTC,
  CHANGE_INDEX,
  COIN_STEP,
  cleanSpend,
  coinOf,
  cosigners,
  editOutput,
  editRecords,
  editTransaction,
  FEE,
  foreign,
  hardened,
  INDEX_STEP,
  originWith,
  own,
  PAYMENT,
  put,
  strangerScript,
  weaker,
  without,
} from './spend.ts';

const CHANGE = 20n * BTC - PAYMENT - FEE;

const inChange = (edit: (map: PsbtMap) => PsbtMap, psbt = cleanSpend()): Psbt =>
  editOutput(psbt, 1, edit);

/** The change output keeps its derivations and scripts, and pays this script. */
const changeTo = (script: Uint8Array, psbt = cleanSpend()): Psbt =>
  editTransaction(psbt, (transaction) => ({
    ...transaction,
    outputs: transaction.outputs.map((output, i) => (i === 1 ? { ...output, script } : output)),
  }));

const paths = (numbers: Readonly<Record<number, number>>, only?: number): Psbt =>
  inChange(
    editRecords(OUTPUT.derivation, (one, at) =>
      only === undefined || at === only ? { ...one, value: originWith(one.value, numbers) } : one,
    ),
  );

/** A spend that pays these; what they leave of 20 BTC and the fee comes back as change. */
const paying = (...payments: readonly (readonly [script: Uint8Array, amount: bigint])[]): Psbt => {
  const paid = payments.reduce((sum, [, amount]) => sum + amount, FEE);
  const outputs = payments.map(
    ([scriptPubKey, amount]): CreateOutput => ({ kind: 'payment', scriptPubKey, amount }),
  );
  return cleanSpend('wsh', 0, [
    ...outputs,
    { kind: 'change', index: CHANGE_INDEX, amount: 20n * BTC - paid },
  ]);
};

const spending = (payment: bigint, change: bigint): Psbt =>
  cleanSpend('wsh', 0, [
    { kind: 'payment', scriptPubKey: strangerScript, amount: payment },
    { kind: 'change', index: CHANGE_INDEX, amount: change },
  ]);

/** The outputs have these amounts, whatever the inputs bring. */
const amounts = (...of: readonly bigint[]): Psbt =>
  editTransaction(cleanSpend(), (transaction) => ({
    ...transaction,
    outputs: transaction.outputs.map((output, i) => ({ ...output, amount: of[i] ?? 0n })),
  }));

/** The fee is this, and the change what is left. */
const fee = (amount: bigint): Psbt => spending(PAYMENT, 5n * BTC - amount);

const most = { feeSats: MAX_SATS, feeRate: 1_000_000_000n, feePerMille: 1000 };

/** No limits but these. */
const limits = (
  warn: Partial<FeeLimits>,
  block: Partial<FeeLimits> = {},
): Pick<SpendLimits, 'warn' | 'block'> => ({
  warn: { ...most, ...block, ...warn },
  block: { ...most, ...block },
});

const tenChange = (): Psbt =>
  cleanSpend(
    'wsh',
    0,
    Array.from({ length: 10 }, (_, index): CreateOutput => {
      return { kind: 'change', index, amount: index === 0 ? 11n * BTC - FEE : BTC };
    }),
  );

const changeAt = (index: number): Psbt =>
  cleanSpend('wsh', 0, [
    { kind: 'payment', scriptPubKey: strangerScript, amount: PAYMENT },
    { kind: 'change', index, amount: CHANGE },
  ]);

const script = (start: readonly number[], length: number): Uint8Array => {
  const bytes = new Uint8Array(length).fill(5);
  bytes.set(start);
  return bytes;
};

const p2pkh = Uint8Array.of(0x76, 0xa9, 20, ...new Uint8Array(20).fill(5), 0x88, 0xac);
const p2sh = Uint8Array.of(0xa9, 20, ...new Uint8Array(20).fill(5), 0x87);
const p2wsh = script([0, 32], 34);
const taproot = (x: string): Uint8Array => Uint8Array.of(0x51, 32, ...parseHex(x));
/** Public keys of vectors 0 and 5 of BIP-340: one of a point, one of none. */
const p2tr = taproot('f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9');
const NO_POINT = 'eefdea4cdb677750a420fee807eacf21eb9898ae79b9768766e4faa04a2d4a34';
const opReturn = Uint8Array.of(0x6a, 4, 1, 2, 3, 4);

const own4 = own.wsh.at('change', CHANGE_INDEX);

const breaches = breachTable([
  [
    'change goes to a stranger, and keeps our derivations',
    'block change-not-proven, output 1',
    () => changeTo(strangerScript),
  ],
  [
    'change goes to our next address, and keeps the derivations of this one',
    'block change-not-proven, output 1',
    () => changeTo(own.wsh.at('change', CHANGE_INDEX + 1).scriptPubKey),
  ],
  [
    'change goes to the same keys under a smaller quorum',
    'block change-not-proven, output 1',
    () => changeTo(weaker.at('change', CHANGE_INDEX).scriptPubKey),
  ],
  [
    'change goes to the same keys under another script type',
    'block change-not-proven, output 1',
    () => changeTo(own['sh-wsh'].at('change', CHANGE_INDEX).scriptPubKey),
  ],
  [
    'change goes to a policy with one key exchanged',
    'block change-not-proven, output 1',
    () => changeTo(foreign.at('change', CHANGE_INDEX).scriptPubKey),
  ],
  [
    'all derivations say another index',
    'block change-not-proven, output 1',
    () => paths({ [INDEX_STEP]: 5 }),
  ],
  [
    'all derivations say the other branch',
    'block change-not-proven, output 1',
    () => paths({ [BRANCH_STEP]: 0 }),
  ],
  [
    'one derivation says another index',
    'block change-not-proven, output 1',
    () => paths({ [INDEX_STEP]: 5 }, 4),
  ],
  [
    'one fingerprint is changed',
    'block change-not-proven, output 1',
    () => paths({ 0: 0x01020304 }, 0),
  ],
  [
    "a stranger's derivation stands among ours",
    'block change-not-proven, output 1',
    () => {
      const { key, origin } = cosigners[5] as (typeof cosigners)[number];
      const path = [...origin.path, 1, CHANGE_INDEX];
      return inChange(put(record(OUTPUT.derivation, { ...origin, path }, key.publicKey)));
    },
  ],
  [
    'a payment claims to be ours',
    'block change-not-proven, output 0',
    () => {
      const spend = cleanSpend();
      return editOutput(spend, 0, () => spend.outputs[1] as PsbtMap);
    },
  ],
  [
    'the change has another witness script',
    'block witness-script, output 1',
    () => inChange(put(record(OUTPUT.witnessScript, own.wsh.at('change', 0).multisigScript))),
  ],
  [
    'the change has a redeem script where there is none',
    'block redeem-script, output 1',
    () => inChange(put(record(OUTPUT.redeemScript, own4.scriptPubKey))),
  ],
  [
    'the change goes 201 addresses beyond the inputs',
    'warn change-index-far, output 1',
    () => changeAt(3 + 201),
  ],
  [
    'the change goes to the last address there is',
    'warn change-index-far, output 1',
    () => changeAt(0x7fffffff),
  ],
  [
    'the change goes far, and so does dust that is spent with it',
    'warn change-index-far, output 1',
    () => {
      const coins = [
        coinOf(own.wsh, 'receive', 0),
        coinOf(own.wsh, 'receive', 2_000_000_000, 10_000n),
      ];
      const outputs = [
        { kind: 'payment', scriptPubKey: strangerScript, amount: 9n * BTC },
        { kind: 'change', index: 2_000_000_001, amount: BTC },
      ] as const;
      return createPsbt({ scripts: own.wsh, coins, outputs });
    },
  ],
  [
    'a receive address of our own is paid',
    'note output-own-receive, output 1',
    () => {
      const { scriptPubKey } = own.wsh.at('receive', CHANGE_INDEX);
      const { publicKeys, multisigScript } = own.wsh.at('receive', CHANGE_INDEX);
      const derivations = publicKeys.map((key, i) => {
        const { origin } = cosigners[i] as (typeof cosigners)[number];
        const path = [...origin.path, 0, CHANGE_INDEX];
        return record(OUTPUT.derivation, { ...origin, path }, key);
      });
      return inChange(
        () => [record(OUTPUT.witnessScript, multisigScript), ...derivations],
        changeTo(scriptPubKey),
      );
    },
  ],
  ['data is written', 'warn output-op-return, output 0', () => paying([opReturn, 0n])],
  ['bitcoin is burnt', 'block output-burnt, output 0', () => paying([opReturn, BTC])],
  [
    'a taproot key is paid that is no point of the curve',
    'block output-burnt, output 0',
    () => paying([taproot(NO_POINT), BTC]),
  ],
  [
    'a bare script is paid',
    'warn output-unknown-script, output 0',
    () => paying([Uint8Array.of(0x51), BTC]),
  ],
  [
    'an empty script is paid',
    'warn output-unknown-script, output 0',
    () => paying([new Uint8Array(), BTC]),
  ],
  [
    'a script of a kilobyte is paid',
    'block output-script-long, output 0',
    () => paying([new Uint8Array(1000).fill(0x51), BTC]),
  ],
  [
    'a witness version without rules is paid',
    'warn output-unknown-script, output 0',
    () => paying([script([0x52, 32], 34), BTC]),
  ],
  ['nothing is paid', 'block output-zero, output 0', () => paying([strangerScript, 0n])],
  [
    'the change is dust',
    'warn output-dust, output 1',
    () => spending(20n * BTC - FEE - 329n, 329n),
  ],
  [
    'the outputs take a satoshi more than there is',
    'block fee-negative, transaction',
    () => amounts(PAYMENT, 5n * BTC + 1n),
  ],
  [
    'the outputs take more than can exist',
    'block amount-sum, transaction',
    () => amounts(MAX_SATS, MAX_SATS),
  ],
  [
    'a fee above what is warned of',
    'warn fee-amount, transaction',
    () => fee(10_000_001n),
    { limits: limits({ feeSats: 10_000_000n }) },
  ],
  ['a rate above what is warned of', 'warn fee-rate, transaction', () => fee(500_000n)],
  [
    'a share above what is warned of',
    'warn fee-share, transaction',
    () => fee(BTC + 1n),
    { limits: limits({ feePerMille: 50 }) },
  ],
  [
    'a fee above what is refused',
    'block fee-amount-refused, transaction',
    () => fee(10_000_001n),
    { limits: limits({}, { feeSats: 10_000_000n }) },
  ],
  [
    'a rate above what is refused',
    'block fee-rate-refused, transaction',
    () => fee(500_000n),
    { limits: limits({}, { feeRate: 1_000_000n }) },
  ],
  [
    'a share above what is refused',
    'block fee-share-refused, transaction',
    () => fee(2n * BTC + 1n),
    { limits: limits({}, { feePerMille: 100 }) },
  ],
  ['no fee at all', 'note fee-rate-low, transaction', () => fee(0n)],
  [
    'eleven outputs are change',
    'block change-count, transaction',
    () =>
      cleanSpend('wsh', 0, [
        { kind: 'payment', scriptPubKey: strangerScript, amount: PAYMENT },
        ...Array.from({ length: 11 }, (_, index): CreateOutput => {
          return { kind: 'change', index, amount: index === 0 ? CHANGE - BTC : BTC / 10n };
        }),
      ]),
  ],
  [
    'the address of a coin is paid again, as if it were not ours',
    'note output-own-undeclared, output 0',
    () => paying([own.wsh.at('receive', 0).scriptPubKey, BTC]),
  ],
  [
    'a payment has a witness script',
    'note script-stray, output 0',
    () => editOutput(cleanSpend(), 0, put(record(OUTPUT.witnessScript, own4.multisigScript))),
  ],
  [
    'the change has lost its derivations, and becomes a payment',
    'note script-stray, output 1',
    () => inChange(without(OUTPUT.derivation)),
  ],
  [
    'the change has lost one derivation',
    'note field-missing, output 1',
    () => inChange(editRecords(OUTPUT.derivation, (one, at) => (at === 0 ? undefined : one))),
  ],
  [
    'the change has lost its witness script',
    'note field-missing, output 1',
    () => inChange(without(OUTPUT.witnessScript)),
  ],
  [
    'the paths of the change are of another network',
    'block network-other, output 1',
    () => paths({ [COIN_STEP]: hardened(0) }),
  ],
  [
    'data of more bytes than a Ledger takes',
    'block output-script-long, output 0',
    () => paying([script([0x6a, 0x4c, 82], 84), 0n]),
  ],
]);

describe('each output, and the fee', () => {
  it.each(breaches)('$breach: $found', ({ found, psbt, judgedBy }) => {
    expect(findingsIn(psbt(), judgedBy)).toEqual([found]);
  });

  it.each([
    ['the derivations in another order', inChange((map) => [...map].reverse())],
    ['change 200 addresses beyond the inputs', changeAt(3 + 200)],
    ['ten outputs of change', tenChange()],
    ['data of as many bytes as a Ledger takes', paying([script([0x6a, 0x4c, 80], 83), 0n]), true],
    ['a fee at its limit', fee(10_000_000n), false, limits({ feeSats: 10_000_000n })],
    ['a fee at its share', fee(BTC), false, limits({ feePerMille: 50 })],
    ['a fee of the whole limit', fee(10_000_000n), false, limits({}, { feeSats: 10_000_000n })],
  ])('passes over %s', (_what, psbt, isData = false, limited: Partial<SpendLimits> = {}) => {
    expect(findingsIn(psbt, { limits: limited })).toEqual(
      isData ? ['warn output-op-return, output 0'] : [],
    );
  });

  it('derives for no more than a thousand outputs that claim to be ours', () => {
    const { origin } = cosigners[0] as (typeof cosigners)[number];
    const clean = cleanSpend();
    const maps = Array.from({ length: 1200 }, (_, i) => [
      record(
        OUTPUT.derivation,
        { ...origin, path: [...origin.path, 1, i] },
        own4.publicKeys[0] as Uint8Array,
      ),
    ]);
    const psbt = editTransaction({ ...clean, outputs: maps }, (transaction) => ({
      ...transaction,
      outputs: maps.map(() => ({ amount: 1000n, script: strangerScript })),
    }));
    let derived = 0;
    const counting = {
      ...own.wsh,
      at: (...place: Parameters<typeof own.wsh.at>) => {
        derived++;
        return own4.index === place[1] ? own4 : own.wsh.at('change', 0);
      },
    };
    const { findings } = reviewPsbt(psbt, counting);
    expect(findings.filter(({ rule }) => rule === 'change-not-proven')).toHaveLength(1200);
    expect(derived).toBe(1000 + clean.inputs.length);
  });

  it.each([
    [
      'an amount',
      fee(10_000_001n),
      { feeSats: 10_000_000n },
      '0.10 000 000 BTC',
      '0.10 000 001 BTC',
    ],
    ['a share', fee(BTC + 1n), { feePerMille: 50 }, '5 %', '5.1 %'],
  ])(
    'says %s above its limit with its unit, and as above it',
    (_what, psbt, warn, limit, found) => {
      const policy = walletPolicy({
        ...own.wsh.policy,
        limits: { ...defaultLimits, ...limits(warn) },
      });
      const { findings } = reviewPsbt(psbt, policyScripts(policy));
      expect(findings.map(({ facts }) => facts)).toEqual([
        { expected: `at most ${limit}`, actual: found },
      ]);
    },
  );

  it('takes of a small spend what is a large share', () => {
    const small = (amount: bigint): Psbt =>
      createPsbt({
        scripts: own.wsh,
        coins: [coinOf(own.wsh, 'receive', 0, amount)],
        outputs: [{ kind: 'payment', scriptPubKey: strangerScript, amount: amount - 20_000n }],
      });
    expect(findingsIn(small(100_000n))).toEqual([]);
    expect(findingsIn(small(100_001n))).toEqual(['block fee-share-refused, transaction']);
  });

  it.each([
    ['p2pkh', p2pkh, 546n],
    ['p2sh', p2sh, 540n],
    ['p2wpkh', strangerScript, 294n],
    ['p2wsh', p2wsh, 330n],
    ['p2tr', p2tr, 330n],
  ])('takes a satoshi less than the dust limit of %s for dust', (_kind, to, limit) => {
    expect(findingsIn(paying([to, limit]))).toEqual([]);
    expect(findingsIn(paying([to, limit - 1n]))).toEqual(['warn output-dust, output 0']);
  });
});
