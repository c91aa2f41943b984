import { describe, expect, it } from 'vitest';
import {
  createPsbt,
  decodeTransaction,
  INPUT,
  matchPolicy,
  OUTPUT,
  type Psbt,
  type PsbtMap,
  record,
  updatePsbt,
  withoutTypes,
  withRecords,
} from '../src/index.ts';
import { fundingTransaction, strangerScript, testCoins, testWallet } from './wallet.ts';

const { scripts } = testWallet();
const coins = testCoins(scripts, 2);
const complete = createPsbt({
  scripts,
  coins,
  outputs: [
    { kind: 'payment', scriptPubKey: strangerScript(), amount: 100_000n },
    { kind: 'change', index: 3, amount: 90_000n },
  ],
});
const previous = new Map(
  coins.map(({ outpoint, previousTransaction }) => [outpoint.txid, previousTransaction]),
);
const keepOnly =
  (type: number, count = 1) =>
  (map: PsbtMap): PsbtMap =>
    map.filter((each) => each.type === type).slice(0, count);

/** What another program may have left us with. */
const foreign: Psbt = {
  ...complete,
  global: complete.global.slice(0, 1),
  inputs: complete.inputs.map(keepOnly(INPUT.derivation.type)),
  outputs: complete.outputs.map(keepOnly(OUTPUT.derivation.type)),
};

describe('updatePsbt', () => {
  it('fills in whatever createPsbt would have put there', () => {
    expect(updatePsbt(foreign, scripts, previous)).toStrictEqual(complete);
    expect(updatePsbt(complete, scripts, new Map())).toStrictEqual(complete);
  });

  it('finds what has no derivation by asking where a script stands', () => {
    const bare = { ...foreign, inputs: [[], []], outputs: [[], []] };
    const places = [0, 1].map((index) => ({ branch: 'receive', index }) as const);
    const all = [...places, { branch: 'change', index: 3 } as const];
    const locate = (script: Uint8Array) =>
      all.find(
        ({ branch, index }) => scripts.at(branch, index).scriptPubKey.join() === script.join(),
      );
    expect(updatePsbt(bare, scripts, previous, locate)).toStrictEqual(complete);
    const unknown = updatePsbt(bare, scripts, previous);
    expect(unknown.inputs.map((map) => map.map(({ type }) => type))).toStrictEqual([[0], [0]]);
    expect(() => matchPolicy(unknown, scripts)).toThrow(
      expect.objectContaining({ code: 'PSBT_NOT_THIS_POLICY' }),
    );
  });

  it('leaves an input alone whose previous transaction nobody has', () => {
    const updated = updatePsbt(foreign, scripts, new Map([...previous].slice(1)));
    expect(updated.inputs[0]).toStrictEqual(foreign.inputs[0]);
    expect(updated.inputs[1]).toStrictEqual(complete.inputs[1]);
  });

  it('leaves a final input and an output of somebody else alone', () => {
    const final = [record(INPUT.finalScriptWitness, [Uint8Array.of(1)])];
    const updated = updatePsbt(
      { ...foreign, inputs: [final, foreign.inputs[1]!] },
      scripts,
      previous,
    );
    expect(updated.inputs[0]).toBe(final);
    expect(updated.outputs[0]).toStrictEqual([]);
  });

  it('keeps a previous transaction that is there, with its witness or without', () => {
    const updated = updatePsbt(
      { ...complete, inputs: complete.inputs.map((map) => withoutTypes(map, new Set([1, 3]))) },
      scripts,
      new Map(),
    );
    expect(updated).toStrictEqual(complete);
  });

  const derivation = complete.inputs[0]!.find(({ type }) => type === INPUT.derivation.type)!;
  const amount = { amount: 1n, script: scripts.at('receive', 0).scriptPubKey };
  it.each<[string, string, (map: PsbtMap) => PsbtMap]>([
    [
      'another sighash type',
      'PSBT_FIELD_CONFLICT',
      (map) => withRecords(map, [record(INPUT.sighashType, 3)]),
    ],
    [
      'a derivation with another fingerprint',
      'PSBT_FIELD_CONFLICT',
      (map) => [...map.slice(1), { ...derivation, value: derivation.value.with(0, 0xff) }],
    ],
    [
      'a lying witness UTXO',
      'PSBT_UTXO_MISMATCH',
      (map) => [record(INPUT.witnessUtxo, amount), ...map],
    ],
    [
      'another witness script',
      'PSBT_SCRIPT_MISMATCH',
      (map) => [record(INPUT.witnessScript, Uint8Array.of(1)), ...map],
    ],
    [
      'another previous transaction',
      'PSBT_PREVIOUS_TX_WRONG',
      (map) => [record(INPUT.nonWitnessUtxo, fundingTransaction([amount])), ...map],
    ],
  ])('never overwrites %s', (_name, code, change) => {
    const psbt = {
      ...foreign,
      inputs: [change(complete.inputs[0]!.filter(({ type }) => type === 6)), foreign.inputs[1]!],
    };
    expect(() => updatePsbt(psbt, scripts, previous)).toThrow(expect.objectContaining({ code }));
  });

  it('refuses to complete an input that could not be signed then', () => {
    const bare = testWallet({ scriptKind: 'sh' }).scripts;
    const [coin] = testCoins(bare, 1);
    const made = createPsbt({
      scripts: bare,
      coins: [coin!],
      outputs: [{ kind: 'change', index: 0, amount: 90_000n }],
    });
    const spent = decodeTransaction(coin!.previousTransaction).outputs[coin!.outpoint.vout]!;
    const claimed = { ...made, inputs: [[record(INPUT.witnessUtxo, spent)]] };
    const known = new Map([[coin!.outpoint.txid, coin!.previousTransaction]]);
    const locate = () => ({ branch: 'receive', index: 0 }) as const;
    expect(() => updatePsbt(claimed, bare, known, locate)).toThrow(
      expect.objectContaining({ code: 'PSBT_UTXO_MISMATCH' }),
    );
  });

  it('does not believe a wrong previous transaction from the caller either', () => {
    const lying = new Map([...previous.keys()].map((txid) => [txid, fundingTransaction([amount])]));
    expect(() => updatePsbt(foreign, scripts, lying)).toThrow(
      expect.objectContaining({ code: 'PSBT_PREVIOUS_TX_WRONG' }),
    );
  });
});
