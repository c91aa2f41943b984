import { formatHex, parseTxid, type Sats } from '@qoima/primitives';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  analyzePsbt,
  type Coin,
  type CreateRequest,
  compareKeys,
  createPsbt,
  decodePsbt,
  encodePsbt,
  fieldOf,
  fieldsOf,
  GLOBAL,
  INPUT,
  matchPolicy,
  OUTPUT,
  type Psbt,
  type PsbtMap,
  parsePsbt,
  transactionId,
} from '../src/index.ts';
import { codeOf } from './psbt-vectors.ts';
import { fundingTransaction, strangerScript, testCoins, testWallet } from './wallet.ts';

const { scripts, policy } = testWallet();
const coins = testCoins(scripts, 3);
const payment = (amount: Sats) =>
  ({ kind: 'payment', scriptPubKey: strangerScript(), amount }) as const;
const request: CreateRequest = {
  scripts,
  coins,
  outputs: [payment(150_000n), { kind: 'change', index: 7, amount: 149_000n }],
};
const create = (change: Partial<CreateRequest>): Psbt => createPsbt({ ...request, ...change });
const withCoin = (change: Partial<Coin>) => ({ coins: [{ ...coins[0]!, ...change }] });

const isAscending = (map: PsbtMap): boolean =>
  map.every((record, i) => i === 0 || compareKeys(map[i - 1]!, record) < 0);

describe('createPsbt', () => {
  it.each([0, 2] as const)('makes a complete PSBT of version %i', (version) => {
    const psbt = create({ version });
    expect(psbt.version).toBe(version);
    const { version: txVersion, lockTime, inputs } = psbt.transaction;
    expect({ txVersion, lockTime }).toStrictEqual({ txVersion: 2, lockTime: 0 });
    expect(inputs.map(({ sequence }) => sequence)).toStrictEqual([
      0xfffffffd, 0xfffffffd, 0xfffffffd,
    ]);
    expect(fieldsOf(psbt.global, GLOBAL.extendedKey)).toHaveLength(5);
    for (const [i, map] of psbt.inputs.entries()) {
      const script = scripts.at('receive', i);
      expect(fieldOf(map, INPUT.nonWitnessUtxo)).toStrictEqual(coins[i]!.previousTransaction);
      expect(fieldOf(map, INPUT.witnessUtxo)).toStrictEqual({
        amount: 100_000n,
        script: script.scriptPubKey,
      });
      expect(fieldOf(map, INPUT.sighashType)).toBe(1);
      expect(fieldOf(map, INPUT.witnessScript)).toStrictEqual(script.witnessScript);
      const derivations = fieldsOf(map, INPUT.derivation);
      expect(derivations.map(({ key }) => formatHex(key)).sort()).toStrictEqual(
        script.publicKeys.map(formatHex).sort(),
      );
      for (const { key, value } of derivations) {
        const owner = policy.cosigners[script.publicKeys.indexOf(findKey(script.publicKeys, key))]!;
        expect(value.fingerprint).toStrictEqual(owner.origin.fingerprint);
        expect(value.path).toStrictEqual([...owner.origin.path, 0, i]);
      }
    }
    const change = psbt.outputs[1]!;
    expect(fieldOf(change, OUTPUT.witnessScript)).toStrictEqual(
      scripts.at('change', 7).witnessScript,
    );
    expect(fieldsOf(change, OUTPUT.derivation)).toHaveLength(5);
    expect([psbt.global, ...psbt.inputs, ...psbt.outputs].every(isAscending)).toBe(true);
    expect(decodePsbt(encodePsbt(psbt))).toStrictEqual(psbt);
    expect(matchPolicy(psbt, scripts).outputs).toStrictEqual([undefined, scripts.at('change', 7)]);
    expect(analyzePsbt(psbt, scripts)).toMatchObject({ next: 'signer', feeSats: 1_000n });
  });

  it('gives a bare sh input no witness UTXO, and a nested one its redeem script', () => {
    for (const scriptKind of ['sh', 'sh-wsh'] as const) {
      const wallet = testWallet({ scriptKind });
      const psbt = create({
        scripts: wallet.scripts,
        coins: testCoins(wallet.scripts, 2),
        outputs: [payment(1n)],
      });
      const [map] = psbt.inputs;
      expect(fieldOf(map!, INPUT.witnessUtxo) === undefined).toBe(scriptKind === 'sh');
      expect(fieldOf(map!, INPUT.redeemScript)).toStrictEqual(
        wallet.scripts.at('receive', 0).redeemScript,
      );
      expect(matchPolicy(psbt, wallet.scripts).inputs).toHaveLength(2);
    }
  });

  it('does not change when the caller changes what was given', () => {
    const script = strangerScript();
    const given = { kind: 'payment', scriptPubKey: script, amount: 1_000n } as const;
    const psbt = createPsbt({ scripts, coins: testCoins(scripts, 1), outputs: [given] });
    script.fill(0);
    expect(psbt.transaction.outputs[0]!.script).toStrictEqual(strangerScript());
  });

  it('refuses a payment script that fits in no transaction', () => {
    const huge = { scriptPubKey: new Uint8Array(1_200_000), amount: 1_000n };
    const outputs = [{ kind: 'payment', ...huge } as const];
    expect(codeOf(() => createPsbt({ scripts, coins: testCoins(scripts, 1), outputs }))).toBe(
      'PSBT_FIELD_INVALID',
    );
  });

  it('takes lock time and sequence', () => {
    const psbt = create({ lockTime: 800_000, sequence: 0xfffffffe });
    expect(psbt.transaction).toMatchObject({
      lockTime: 800_000,
      inputs: [{ sequence: 0xfffffffe }, {}, {}],
    });
  });

  it('spends several outputs of one transaction', () => {
    const amounts = [5_000n, 6_000n, 7_000n];
    const previousTransaction = fundingTransaction(
      amounts.map((amount, i) => ({ amount, script: scripts.at('receive', i).scriptPubKey })),
    );
    const txid = transactionId(previousTransaction);
    const psbt = create({
      coins: amounts.map((amount, index) => ({
        outpoint: { txid, vout: index },
        amount,
        branch: 'receive',
        index,
        previousTransaction,
      })),
      outputs: [payment(18_000n)],
    });
    expect(matchPolicy(psbt, scripts).fee).toBe(0n);
  });

  const stranger = fundingTransaction([{ amount: 100_000n, script: strangerScript() }]);
  const other = testCoins(scripts, 1, 99n)[0]!;
  it.each<[string, string, Partial<CreateRequest>]>([
    ['no coins', 'PSBT_EMPTY', { coins: [] }],
    ['no outputs', 'PSBT_EMPTY', { outputs: [] }],
    ['a coin twice', 'PSBT_DUPLICATE_INPUT', { coins: [coins[0]!, coins[1]!, coins[0]!] }],
    ['outputs above inputs', 'PSBT_OVERSPENT', { outputs: [payment(300_001n)] }],
    ['an output out of range', 'AMOUNT_OUT_OF_RANGE', { outputs: [payment(-1n)] }],
    ['a coin said to be worth more', 'PSBT_COIN_MISMATCH', withCoin({ amount: 100_001n })],
    ['a coin said to be of another address', 'PSBT_COIN_MISMATCH', withCoin({ index: 1 })],
    ['a coin said to be change', 'PSBT_COIN_MISMATCH', withCoin({ branch: 'change' })],
    [
      'a coin of a stranger',
      'PSBT_COIN_MISMATCH',
      withCoin({
        outpoint: { txid: transactionId(stranger), vout: 0 },
        previousTransaction: stranger,
      }),
    ],
    [
      'another previous transaction',
      'PSBT_PREVIOUS_TX_WRONG',
      withCoin({ previousTransaction: other.previousTransaction }),
    ],
    [
      'an output that is not there',
      'PSBT_PREVIOUS_TX_WRONG',
      withCoin({ outpoint: { ...coins[0]!.outpoint, vout: 2 } }),
    ],
    [
      'garbage as previous transaction',
      'PSBT_TRANSACTION_INVALID',
      withCoin({ previousTransaction: new Uint8Array(60) }),
    ],
    ['a lock time that is none', 'PSBT_FIELD_INVALID', { lockTime: -1 }],
    ['a sequence that is none', 'PSBT_FIELD_INVALID', { sequence: 2 ** 32 }],
    [
      'a change index that is hardened',
      'POLICY_INDEX_INVALID',
      { outputs: [{ kind: 'change', index: 2 ** 31, amount: 1n }] },
    ],
  ])('refuses %s', (_name, code, change) => {
    expect(() => create(change)).toThrow(expect.objectContaining({ code }));
  });

  it('whatever it makes is matched, read back and worth what it says', () => {
    const wallets = (['wsh', 'sh-wsh', 'sh'] as const).flatMap((scriptKind) =>
      [true, false].map((sorted) =>
        testWallet({ scriptKind, sorted, quorum: { required: 2, total: 3 } }),
      ),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...wallets),
        fc.constantFrom(0 as const, 2 as const),
        fc.array(fc.tuple(fc.boolean(), fc.nat(5), fc.bigInt(1n, 10_000n)), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.array(fc.tuple(fc.boolean(), fc.nat(5), fc.bigInt(0n, 3_000n)), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.nat(0xffffffff),
        (wallet, version, spent, paid, lockTime) => {
          const made = spent.map(([change, index, amount], nonce): Coin => {
            const branch = change ? 'change' : 'receive';
            const script = wallet.scripts.at(branch, index).scriptPubKey;
            const previousTransaction = fundingTransaction([{ amount, script }], { nonce });
            const outpoint = { txid: transactionId(previousTransaction), vout: 0 };
            return { outpoint, amount, branch, index, previousTransaction };
          });
          const outputs = paid.map(([change, index, amount]) =>
            change ? ({ kind: 'change', index, amount } as const) : payment(amount),
          );
          const total = (values: readonly { amount: Sats }[]) =>
            values.reduce((sum, { amount }) => sum + amount, 0n);
          fc.pre(total(outputs) <= total(made));
          const psbt = createPsbt({
            scripts: wallet.scripts,
            coins: made,
            outputs,
            version,
            lockTime,
          });
          const read = parsePsbt(encodePsbt(psbt));
          expect(read).toStrictEqual(psbt);
          const match = matchPolicy(read, wallet.scripts);
          expect(match.fee).toBe(total(made) - total(outputs));
          expect(
            match.inputs.map(({ script: { branch, index } }) => ({ branch, index })),
          ).toStrictEqual(made.map(({ branch, index }) => ({ branch, index })));
          expect(match.outputs.map((script) => script?.index)).toStrictEqual(
            paid.map(([change, index]) => (change ? index : undefined)),
          );
          expect(read.transaction.inputs.map(({ txid }) => txid)).toStrictEqual(
            made.map(({ outpoint }) => parseTxid(outpoint.txid)),
          );
        },
      ),
      { numRuns: 40 },
    );
  });
});

const findKey = (keys: readonly Uint8Array[], key: Uint8Array): Uint8Array => {
  const found = keys.find((own) => formatHex(own) === formatHex(key));
  if (found === undefined) throw new Error('a derivation of no key');
  return found;
};
