import { parseHex } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import {
  convertPsbt,
  createPsbt,
  fieldOf,
  fieldsOf,
  GLOBAL,
  INPUT,
  OUTPUT,
  type Psbt,
  type PsbtMap,
  record,
  takeSignatures,
  withoutTypes,
  withRecords,
} from '../src/index.ts';
import { fundingTransaction, strangerScript, testCoins, testWallet } from './wallet.ts';

const { scripts } = testWallet();
const sent = createPsbt({
  scripts,
  coins: testCoins(scripts, 2),
  outputs: [
    { kind: 'payment', scriptPubKey: strangerScript(), amount: 1_000n },
    { kind: 'change', index: 0, amount: 190_000n },
  ],
});

type Edit = (psbt: Psbt) => Psbt;
const inGlobal =
  (edit: (map: PsbtMap) => PsbtMap): Edit =>
  (psbt) => ({ ...psbt, global: edit(psbt.global) });
const inInput =
  (edit: (map: PsbtMap) => PsbtMap): Edit =>
  (psbt) => ({ ...psbt, inputs: psbt.inputs.map((map, i) => (i === 1 ? edit(map) : map)) });
const inOutput =
  (index: number, edit: (map: PsbtMap) => PsbtMap): Edit =>
  (psbt) => ({ ...psbt, outputs: psbt.outputs.map((map, i) => (i === index ? edit(map) : map)) });
const put =
  (...records: Parameters<typeof withRecords>[1]) =>
  (map: PsbtMap): PsbtMap =>
    withRecords(map, records);

const key = parseHex('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');
const [derivation] = fieldsOf(sent.inputs[1]!, INPUT.derivation);
const [ownExtendedKey] = fieldsOf(sent.global, GLOBAL.extendedKey);
const elsewhere = { fingerprint: new Uint8Array(4), path: derivation!.value.path };
const other = testWallet({ seed: 3 });
const theirs = createPsbt({
  scripts: other.scripts,
  coins: testCoins(other.scripts, 1),
  outputs: [{ kind: 'change', index: 0, amount: 90_000n }],
});
const unknown = { type: 0xf1, keyData: new Uint8Array(), value: Uint8Array.of(1) };

describe('what comes back beside signatures', () => {
  it.each<[string, Edit, unknown]>([
    [
      'an extended key of a stranger',
      inGlobal(put(theirs.global.find(({ type }) => type === GLOBAL.extendedKey.type)!)),
      { place: 'global', index: 0, field: 'PSBT_GLOBAL_XPUB', how: 'added' },
    ],
    [
      'another origin of our extended key',
      inGlobal(
        put(
          record(
            GLOBAL.extendedKey,
            { ...ownExtendedKey!.value, fingerprint: new Uint8Array(4) },
            ownExtendedKey!.key,
          ),
        ),
      ),
      { place: 'global', index: 0, field: 'PSBT_GLOBAL_XPUB', how: 'altered' },
    ],
    ['an unknown global', inGlobal(put(unknown)), { place: 'global', field: '0xf1', how: 'added' }],
    [
      'a proprietary global',
      inGlobal(put(record(GLOBAL.proprietary, Uint8Array.of(1), parseHex('0361626300')))),
      { place: 'global', field: 'PSBT_GLOBAL_PROPRIETARY', how: 'added' },
    ],
    [
      'a swapped witness_utxo',
      inInput(put(record(INPUT.witnessUtxo, { amount: 1n, script: strangerScript() }))),
      { place: 'input', index: 1, field: 'PSBT_IN_WITNESS_UTXO', how: 'altered' },
    ],
    [
      'a swapped non_witness_utxo',
      inInput(
        put(
          record(
            INPUT.nonWitnessUtxo,
            fundingTransaction([{ amount: 1n, script: strangerScript() }]),
          ),
        ),
      ),
      { place: 'input', index: 1, field: 'PSBT_IN_NON_WITNESS_UTXO', how: 'altered' },
    ],
    [
      'a changed derivation',
      inInput(put(record(INPUT.derivation, elsewhere, derivation!.key))),
      { place: 'input', index: 1, field: 'PSBT_IN_BIP32_DERIVATION', how: 'altered' },
    ],
    [
      'a derivation more',
      inInput(put(record(INPUT.derivation, elsewhere, key))),
      { place: 'input', index: 1, field: 'PSBT_IN_BIP32_DERIVATION', how: 'added' },
    ],
    [
      'another witness script',
      inInput(put(record(INPUT.witnessScript, Uint8Array.of(0x51)))),
      { place: 'input', index: 1, field: 'PSBT_IN_WITNESS_SCRIPT', how: 'altered' },
    ],
    [
      'a final witness',
      inInput(put(record(INPUT.finalScriptWitness, [Uint8Array.of(1)]))),
      { place: 'input', index: 1, field: 'PSBT_IN_FINAL_SCRIPTWITNESS', how: 'final' },
    ],
    [
      'a final scriptSig',
      inInput(put(record(INPUT.finalScriptSig, Uint8Array.of(0)))),
      { place: 'input', index: 1, field: 'PSBT_IN_FINAL_SCRIPTSIG', how: 'final' },
    ],
    ...[0, 2, 3, 0x81, 0x82, 0x83].map((type): [string, Edit, unknown] => [
      `the sighash type ${type}`,
      inInput(put(record(INPUT.sighashType, type))),
      { place: 'input', index: 1, field: 'PSBT_IN_SIGHASH_TYPE', how: 'sighash' },
    ]),
    [
      'a path on the payment',
      inOutput(0, put(record(OUTPUT.derivation, elsewhere, key))),
      { place: 'output', index: 0, field: 'PSBT_OUT_BIP32_DERIVATION', how: 'added' },
    ],
    [
      'another path of the change',
      inOutput(1, (map) =>
        withRecords(map, [
          record(OUTPUT.derivation, elsewhere, fieldsOf(map, OUTPUT.derivation)[0]!.key),
        ]),
      ),
      { place: 'output', index: 1, field: 'PSBT_OUT_BIP32_DERIVATION', how: 'altered' },
    ],
  ])('%s is named, and nothing is made of it', (_what, edit, expected) => {
    for (const returned of [edit(sent), edit(convertPsbt(sent, 2))]) {
      const intake = takeSignatures(sent, returned, scripts);
      expect(intake.injected).toMatchObject([expected]);
      expect(intake.psbt).toBe(sent);
    }
  });

  it.each<[string, Edit]>([
    [
      'a file stripped of all but the transaction',
      (psbt) => ({
        ...psbt,
        inputs: psbt.inputs.map(() => []),
        outputs: psbt.outputs.map(() => []),
      }),
    ],
    ['no sighash type', inInput((map) => withoutTypes(map, new Set([INPUT.sighashType.type])))],
    ['another order', inInput((map) => map.toReversed())],
    [
      'a previous transaction without its witness',
      inInput((map) => {
        const { script } = fieldOf(map, INPUT.witnessUtxo)!;
        const bare = fundingTransaction(
          [
            { amount: 1_000_000n, script: strangerScript() },
            { amount: 100_000n, script },
          ],
          { nonce: 1 },
        );
        return withRecords(map, [record(INPUT.nonWitnessUtxo, bare)]);
      }),
    ],
  ])('%s is no matter', (_what, edit) => {
    expect(edit(sent)).not.toStrictEqual(sent);
    expect(takeSignatures(sent, edit(sent), scripts).injected).toStrictEqual([]);
  });

  it('finds nothing in a version 2 that comes back as version 0, whatever its lock time came from', () => {
    const base = createPsbt({
      scripts,
      coins: testCoins(scripts, 2),
      outputs: [{ kind: 'change', index: 0, amount: 190_000n }],
      version: 2,
      lockTime: 1000,
      sequence: 0xffffffff,
    });
    const wishes: Psbt = {
      ...base,
      global: withoutTypes(base.global, new Set([GLOBAL.fallbackLockTime.type])),
      inputs: base.inputs.map((map) =>
        withRecords(withoutTypes(map, new Set([INPUT.sequence.type])), [
          record(INPUT.requiredHeight, 1000),
        ]),
      ),
    };
    const returned = convertPsbt(wishes, 0);
    expect(returned.transaction).toStrictEqual(wishes.transaction);
    expect(takeSignatures(wishes, returned, scripts).injected).toStrictEqual([]);
    const altered = inInput(put(record(INPUT.sighashType, 2), unknown))(returned);
    expect(takeSignatures(wishes, altered, scripts).injected).toStrictEqual([
      { place: 'input', index: 1, field: 'PSBT_IN_SIGHASH_TYPE', how: 'sighash' },
      { place: 'input', index: 1, field: '0xf1', how: 'added' },
    ]);
  });

  it('lets a signer close a PSBT of version 2', () => {
    const open = createPsbt({
      scripts,
      coins: testCoins(scripts, 2),
      outputs: [{ kind: 'change', index: 0, amount: 190_000n }],
      version: 2,
    });
    const modifiable = inGlobal(put(record(GLOBAL.modifiable, 3)))(open);
    const closed = inGlobal(put(record(GLOBAL.modifiable, 0)))(open);
    expect(takeSignatures(modifiable, closed, scripts).injected).toStrictEqual([]);
  });
});
