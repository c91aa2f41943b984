import { formatHex } from '@qoima/primitives';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  convertPsbt,
  createPsbt,
  decodePsbt,
  decodeTransaction,
  encodePsbt,
  estimateVsize,
  extractTransaction,
  fieldOf,
  finalizePsbt,
  INPUT,
  inputWeight,
  isFinal,
  matchPolicy,
  type Psbt,
  type PsbtVersion,
  partialSignaturesOf,
  signPsbt,
  transactionVsize,
  transactionWeight,
  verifySignatures,
  withRecords,
} from '../src/index.ts';
import { strangerScript, type TestWallet, testCoins, testWallet } from './wallet.ts';

const create = ({ scripts }: TestWallet, coins = 2, version: PsbtVersion = 0): Psbt =>
  createPsbt({
    scripts,
    version,
    coins: testCoins(scripts, coins),
    outputs: [
      { kind: 'payment', scriptPubKey: strangerScript(), amount: 1_000n },
      { kind: 'change', index: 0, amount: 1_000n },
    ],
  });

const signedBy = async (wallet: TestWallet, psbt: Psbt, who: readonly number[]): Promise<Psbt> => {
  let signed = psbt;
  for (const i of who) signed = (await signPsbt(signed, wallet.scripts, wallet.signers[i]!)).psbt;
  return signed;
};
const verified = (wallet: TestWallet, psbt: Psbt) =>
  verifySignatures(psbt, matchPolicy(psbt, wallet.scripts));

describe('finalizePsbt and extractTransaction', () => {
  const kinds = (['wsh', 'sh-wsh', 'sh'] as const).flatMap((scriptKind) =>
    [true, false].flatMap((sorted) =>
      ([0, 2] as const).map((version) => ({ scriptKind, sorted, version })),
    ),
  );

  it.each(kinds)('$scriptKind, sorted: $sorted, version $version', async ({ version, ...kind }) => {
    const wallet = testWallet(kind);
    const psbt = create(wallet, 2, version);
    const signed = await signedBy(wallet, psbt, [4, 0, 2]);
    const final = finalizePsbt(verified(wallet, signed));
    expect(decodePsbt(encodePsbt(final))).toStrictEqual(final);
    const transaction = decodeTransaction(extractTransaction(final));
    for (const [i, input] of transaction.inputs.entries()) {
      const script = wallet.scripts.at('receive', i);
      const chosen = script.scriptKeys.flatMap((key) =>
        partialSignaturesOf(signed.inputs[i]!, i).flatMap(({ publicKey, signature }) =>
          formatHex(publicKey) === formatHex(key) ? [signature] : [],
        ),
      );
      const stack = [new Uint8Array(), ...chosen, script.multisigScript];
      if (kind.scriptKind === 'sh') {
        expect(input.witness).toStrictEqual([]);
        expect(formatHex(input.scriptSig)).toMatch(
          new RegExp(`^00.*${formatHex(script.multisigScript)}$`),
        );
      } else {
        expect(input.witness.map(formatHex)).toStrictEqual(stack.map(formatHex));
        const push = script.redeemScript === undefined ? '' : `22${formatHex(script.redeemScript)}`;
        expect(formatHex(input.scriptSig)).toBe(push);
      }
    }
    const estimate = estimateVsize(
      wallet.policy,
      2,
      psbt.transaction.outputs.map(({ script }) => script),
    );
    const actual = transactionVsize(extractTransaction(final));
    expect(actual).toBeLessThanOrEqual(estimate);
    // Each of six signatures may be a byte shorter than assumed, and now and then two.
    expect(estimate - actual).toBeLessThanOrEqual(kind.scriptKind === 'sh' ? 12 : 3);
  });

  it('uses exactly k of more, and the same whoever came first', async () => {
    const wallet = testWallet();
    const psbt = create(wallet);
    const all = await signedBy(wallet, psbt, [0, 1, 2, 3, 4]);
    const reversed = await signedBy(wallet, psbt, [4, 3, 2, 1, 0]);
    const final = finalizePsbt(verified(wallet, all));
    expect(finalizePsbt(verified(wallet, reversed))).toStrictEqual(final);
    for (const map of final.inputs) expect(fieldOf(map, INPUT.finalScriptWitness)).toHaveLength(5);
  });

  it('clears what signers needed, and keeps UTXOs and what it does not know', async () => {
    const wallet = testWallet();
    const unknown = { type: 0xee, keyData: Uint8Array.of(1), value: Uint8Array.of(2) };
    const proprietary = { type: 0xfc, keyData: Uint8Array.of(1, 65, 0), value: Uint8Array.of(3) };
    const preimage = {
      type: INPUT.sha256.type,
      keyData: new Uint8Array(32),
      value: new Uint8Array(1),
    };
    for (const version of [0, 2] as const) {
      const psbt = create(wallet, 1, version);
      const more = {
        ...psbt,
        inputs: psbt.inputs.map((map) => withRecords(map, [unknown, proprietary, preimage])),
      };
      const final = finalizePsbt(verified(wallet, await signedBy(wallet, more, [0, 1, 2])));
      const types = final.inputs[0]!.map(({ type }) => type);
      expect(types).toStrictEqual([
        0,
        1,
        8,
        ...(version === 2 ? [0x0e, 0x0f, 0x10] : []),
        0xee,
        0xfc,
      ]);
      expect(final.inputs.every(isFinal)).toBe(true);
      expect(final.global).toStrictEqual(psbt.global);
      expect(final.outputs).toStrictEqual(psbt.outputs);
    }
  });

  it('says who is missing when there are too few, and leaves all inputs open', async () => {
    const wallet = testWallet();
    const psbt = await signedBy(wallet, create(wallet), [1, 3]);
    const lacking = { ...psbt, inputs: [psbt.inputs[0]!, create(wallet).inputs[1]!] };
    expect(() => finalizePsbt(verified(wallet, lacking))).toThrow(
      expect.objectContaining({
        code: 'PSBT_INCOMPLETE',
        kind: 'incomplete',
        details: {
          required: 3,
          fewest: 0,
          inputs: [0, 1],
          missing: ['custodian 1', 'custodian 2', 'custodian 3', 'custodian 4', 'custodian 5'],
        },
      }),
    );
    expect(() => finalizePsbt(verified(wallet, psbt))).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({
          missing: ['custodian 1', 'custodian 3', 'custodian 5'],
        }),
      }),
    );
    expect(() => extractTransaction(psbt)).toThrow(
      expect.objectContaining({ code: 'PSBT_NOT_FINAL', kind: 'incomplete' }),
    );
  });

  it('extracts the same from either version', async () => {
    const wallet = testWallet({ scriptKind: 'sh-wsh' });
    const final = finalizePsbt(verified(wallet, await signedBy(wallet, create(wallet), [0, 1, 2])));
    expect(extractTransaction(convertPsbt(final, 2))).toStrictEqual(extractTransaction(final));
  });

  it('every k of n that signs makes a transaction of the size foretold', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 15 }).chain((total) =>
          fc.record({
            total: fc.constant(total),
            required: fc.integer({ min: 1, max: total }),
            order: fc.shuffledSubarray([...Array(total).keys()], { minLength: total }),
          }),
        ),
        fc.constantFrom('wsh' as const, 'sh-wsh' as const, 'sh' as const),
        async ({ total, required, order }, scriptKind) => {
          const wallet = testWallet({ quorum: { required, total }, scriptKind });
          const psbt = create(wallet, 1);
          const signed = await signedBy(wallet, psbt, order.slice(0, required));
          const transaction = extractTransaction(finalizePsbt(verified(wallet, signed)));
          const outputs = psbt.transaction.outputs.map(({ script }) => script);
          const spare = estimateVsize(wallet.policy, 1, outputs) - transactionVsize(transaction);
          expect(spare).toBeGreaterThanOrEqual(0);
          expect(spare).toBeLessThanOrEqual(3 * required);
        },
      ),
      { numRuns: 12 },
    );
  });
});

describe('inputWeight', () => {
  it.each([
    ['wsh', 3, 5, 559],
    ['sh-wsh', 3, 5, 699],
    ['sh', 3, 5, 1752],
    ['wsh', 2, 3, 418],
    ['wsh', 15, 15, 1777],
  ] as const)('%s %i-of-%i: %i', (scriptKind, required, total, weight) => {
    expect(inputWeight({ scriptKind, quorum: { required, total } })).toBe(weight);
  });

  it('with signatures of 72 bytes it is exact', async () => {
    const wallet = testWallet({ quorum: { required: 1, total: 1 } });
    const one = create(wallet, 1);
    const signed = await signedBy(wallet, one, [0]);
    const [held] = partialSignaturesOf(signed.inputs[0]!, 0);
    const transaction = extractTransaction(finalizePsbt(verified(wallet, signed)));
    const outputs = one.transaction.outputs.map(({ script }) => script);
    const short = 72 - held!.signature.length;
    expect(Math.ceil((transactionWeight(transaction) + short) / 4)).toBe(
      estimateVsize(wallet.policy, 1, outputs),
    );
  });
});
