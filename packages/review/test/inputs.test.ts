import {
  createPsbt,
  INPUT,
  type Psbt,
  type PsbtMap,
  record,
  type TransactionOutput,
} from '@qoima/psbt';
import { describe, expect, it } from 'vitest';
import { reviewPsbt } from '../src/index.ts';
import { type Breach, breachTable, findingsIn } from './breach.ts';
import {
  BRANCH_STEP,
  BTC,
  COIN_STEP,
  cleanSpend,
  coinOf,
  cosigners,
  editInput,
  editRecords,
  editTransaction,
  foreign,
  hardened,
  INDEX_STEP,
  originWith,
  own,
  put,
  strangerScript,
  without,
} from './spend.ts';

const stranger = cosigners[5] as (typeof cosigners)[number];

const inFirst = (edit: (map: PsbtMap) => PsbtMap, psbt = cleanSpend()): Psbt =>
  editInput(psbt, 0, edit);

const witnessUtxo = (edit: Partial<TransactionOutput>): Psbt => {
  const { scriptPubKey: script } = own.wsh.at('receive', 0);
  return inFirst(put(record(INPUT.witnessUtxo, { amount: 10n * BTC, script, ...edit })));
};

/** Another number in the paths of some derivations, or another fingerprint (number 0). */
const paths = (numbers: Readonly<Record<number, number>>, only?: number): Psbt =>
  inFirst(
    editRecords(INPUT.derivation, (one, at) =>
      only === undefined || at === only ? { ...one, value: originWith(one.value, numbers) } : one,
    ),
  );

/** One more derivation, of this key at this place of our own first cosigner. */
const oneMore = (key: Uint8Array, index = 0): Psbt =>
  inFirst(
    put(
      record(
        INPUT.derivation,
        {
          fingerprint: (cosigners[0] as typeof stranger).origin.fingerprint,
          path: [...(cosigners[0] as typeof stranger).origin.path, 0, index],
        },
        key,
      ),
    ),
  );

/** Input 0 is the first coin of a stranger's wallet, with all that belongs to it. */
const foreignCoin = (): Psbt => {
  const theirs = createPsbt({
    scripts: foreign,
    coins: [coinOf(foreign, 'receive', 0)],
    outputs: [{ kind: 'payment', scriptPubKey: strangerScript, amount: BTC }],
  });
  return editTransaction(
    inFirst(() => theirs.inputs[0] as PsbtMap),
    (transaction) => ({
      ...transaction,
      inputs: [...theirs.transaction.inputs, ...transaction.inputs.slice(1)],
    }),
  );
};

/** Both inputs are the first coin. */
const repeatedCoin = (): Psbt => {
  const spend = cleanSpend();
  return editTransaction(
    editInput(spend, 1, () => spend.inputs[0] as PsbtMap),
    (transaction) => ({
      ...transaction,
      inputs: transaction.inputs.map(() => transaction.inputs[0] as (typeof transaction.inputs)[0]),
    }),
  );
};

const previousOf = (bytes: Uint8Array): Psbt =>
  inFirst((map) => [
    { type: INPUT.nonWitnessUtxo.type, keyData: new Uint8Array(), value: bytes },
    ...without(INPUT.nonWitnessUtxo)(map),
  ]);

const own0 = own.wsh.at('receive', 0);

const breaches = breachTable([
  ['a coin is spent twice', 'block input-repeated, input 1', repeatedCoin],
  [
    'the previous transaction is missing',
    'block previous-transaction-missing, input 0',
    () => inFirst(without(INPUT.nonWitnessUtxo)),
  ],
  [
    'it cannot be read',
    'block previous-transaction-unreadable, input 0',
    () => previousOf(Uint8Array.of(1, 2, 3)),
  ],
  [
    'it is another one',
    'block previous-transaction-mismatch, input 0',
    () => previousOf(coinOf(own.wsh, 'receive', 9).previousTransaction),
  ],
  [
    'it is the right one, with one amount raised',
    'block previous-transaction-mismatch, input 0',
    () => previousOf(coinOf(own.wsh, 'receive', 0, 11n * BTC).previousTransaction),
  ],
  [
    'it has no output of that number',
    'block previous-output-missing, input 0',
    () =>
      editTransaction(cleanSpend(), (transaction) => ({
        ...transaction,
        inputs: transaction.inputs.map((input, i) => (i === 0 ? { ...input, vout: 7 } : input)),
      })),
  ],
  [
    'witness_utxo claims a satoshi less',
    'block witness-utxo-amount, input 0',
    () => witnessUtxo({ amount: 10n * BTC - 1n }),
  ],
  [
    'witness_utxo claims the script of the next address',
    'block witness-utxo-script, input 0',
    () => witnessUtxo({ script: own.wsh.at('receive', 1).scriptPubKey }),
  ],
  [
    'a bare sh coin has a witness_utxo',
    'block witness-utxo-unfit, input 0',
    () => {
      const { scriptPubKey: script } = own.sh.at('receive', 0);
      return inFirst(
        put(record(INPUT.witnessUtxo, { amount: 10n * BTC, script })),
        cleanSpend('sh'),
      );
    },
    { kind: 'sh' },
  ],
  [
    'a bare sh coin has nothing but a witness_utxo',
    'block previous-transaction-missing, input 0',
    () => {
      const { scriptPubKey: script } = own.sh.at('receive', 0);
      const only = inFirst(without(INPUT.nonWitnessUtxo), cleanSpend('sh'));
      return inFirst(put(record(INPUT.witnessUtxo, { amount: 10n * BTC, script })), only);
    },
    { kind: 'sh' },
  ],
  ["the coin is a stranger's", 'block input-not-ours, input 0', foreignCoin],
  [
    'no derivation says where the coin lies',
    'block input-not-ours, input 0',
    () => inFirst(without(INPUT.derivation)),
  ],
  [
    'all derivations say another index',
    'block input-not-ours, input 0',
    () => paths({ [INDEX_STEP]: 1 }),
  ],
  [
    'all derivations say the other branch',
    'block input-not-ours, input 0',
    () => paths({ [BRANCH_STEP]: 1 }),
  ],
  [
    'one derivation says another index',
    'block input-not-ours, input 0',
    () => paths({ [INDEX_STEP]: 1 }, 3),
  ],
  [
    'one derivation is hardened below the account',
    'block input-not-ours, input 0',
    () => paths({ [INDEX_STEP]: hardened(0) }, 4),
  ],
  [
    'one derivation says a branch that no policy has',
    'block input-not-ours, input 0',
    () => paths({ [BRANCH_STEP]: 2 }, 0),
  ],
  [
    'one fingerprint is changed',
    'block input-not-ours, input 0',
    () => paths({ 0: 0x01020304 }, 2),
  ],
  [
    'one derivation is of the master key itself',
    'block input-not-ours, input 0',
    () =>
      inFirst(
        editRecords(INPUT.derivation, (one, at) =>
          at === 1 ? { ...one, value: one.value.subarray(0, 4) } : one,
        ),
      ),
  ],
  [
    "a stranger's key stands under a cosigner's path",
    'block input-not-ours, input 0',
    () => oneMore(stranger.key.publicKey),
  ],
  [
    'an uncompressed key stands under a cosigner’s path',
    'block input-not-ours, input 0',
    () => oneMore(Uint8Array.of(4, ...new Uint8Array(64).fill(9))),
  ],
  [
    'a redeem script where there is none',
    'block redeem-script, input 0',
    () => inFirst(put(record(INPUT.redeemScript, own0.scriptPubKey))),
  ],
  [
    'another redeem script',
    'block redeem-script, input 0',
    () => inFirst(put(record(INPUT.redeemScript, own0.scriptPubKey)), cleanSpend('sh')),
    { kind: 'sh' },
  ],
  [
    'another witness script',
    'block witness-script, input 0',
    () => inFirst(put(record(INPUT.witnessScript, own.wsh.at('receive', 1).multisigScript))),
  ],
  [
    'a witness script of megabytes',
    'block witness-script, input 0',
    () => inFirst(put(record(INPUT.witnessScript, new Uint8Array(1 << 22)))),
  ],
  [
    'a final scriptWitness',
    'block input-final, input 0',
    () => inFirst(put(record(INPUT.finalScriptWitness, [Uint8Array.of(1)]))),
  ],
  [
    'a final scriptSig',
    'block input-final, input 0',
    () => inFirst(put(record(INPUT.finalScriptSig, Uint8Array.of(0)))),
  ],
  [
    'all derivations are of another network',
    'block network-other, input 0',
    () => paths({ [COIN_STEP]: hardened(0) }),
  ],
  [
    'one derivation is of another network',
    'block network-other, input 0',
    () => paths({ [COIN_STEP]: hardened(0) }, 2),
  ],
  [
    'one coin is worth less than it costs to spend',
    'note input-uneconomic, input 1',
    () =>
      createPsbt({
        scripts: own.wsh,
        coins: [coinOf(own.wsh, 'receive', 0), coinOf(own.wsh, 'change', 3, 100n)],
        outputs: [
          { kind: 'payment', scriptPubKey: strangerScript, amount: 10n * BTC + 100n - 2000n },
        ],
      }),
  ],
  ...(
    [
      [
        'all derivations but one',
        editRecords(INPUT.derivation, (one, at) => (at === 2 ? one : undefined)),
      ],
      ['one derivation', editRecords(INPUT.derivation, (one, at) => (at === 2 ? undefined : one))],
      ['the sighash type', without(INPUT.sighashType)],
      ['the witness script', without(INPUT.witnessScript)],
      ['witness_utxo', without(INPUT.witnessUtxo)],
    ] as const
  ).map(
    ([what, edit]): Breach => [
      `${what} is left out`,
      'note field-missing, input 0',
      () => inFirst(edit),
    ],
  ),
]);

describe('each input', () => {
  it.each(breaches)('$breach: $found', ({ found, psbt, judgedBy }) => {
    expect(findingsIn(psbt(), judgedBy)).toEqual([found]);
  });

  it('passes over the derivations in another order', () => {
    expect(findingsIn(inFirst((map) => [...map].reverse()))).toEqual([]);
  });

  it('names what is left out', () => {
    const psbt = inFirst(
      editRecords(INPUT.derivation, (one, at) => (at < 3 ? one : undefined)),
      inFirst(without(INPUT.witnessScript)),
    );
    expect(reviewPsbt(psbt, own.wsh).findings.map(({ facts }) => facts['missing'])).toEqual([
      [
        'PSBT_IN_WITNESS_SCRIPT',
        expect.stringMatching(/^the key path of /) as string,
        expect.stringMatching(/^the key path of /) as string,
      ],
    ]);
  });

  it('judges a hundred thousand derivations without deriving for each', () => {
    const { origin } = cosigners[0] as typeof stranger;
    const many = Array.from({ length: 100_000 }, (_, i) => {
      const key = new Uint8Array(33).fill(2, 0, 1);
      new DataView(key.buffer).setUint32(1, i);
      return record(INPUT.derivation, { ...origin, path: [...origin.path, 0, i] }, key);
    });
    const psbt = inFirst((map) => [...map, ...many]);
    let derived = 0;
    const counting = {
      ...own.wsh,
      at: (...place: Parameters<typeof own.wsh.at>) => {
        derived++;
        return own.wsh.at(...place);
      },
    };
    const rules = reviewPsbt(psbt, counting).findings.map(({ rule }) => rule);
    expect(rules).toEqual(['input-not-ours']);
    expect(derived).toBe(2);
  });

  it('keeps a finding short, however long the script that it tells', () => {
    const long = inFirst(put(record(INPUT.witnessScript, new Uint8Array(1 << 22))));
    const [finding] = reviewPsbt(long, own.wsh).findings;
    expect(JSON.stringify(finding).length).toBeLessThan(2_000);
  });
});
