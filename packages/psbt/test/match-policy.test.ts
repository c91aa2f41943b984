import { policyScripts, walletPolicy } from '@qoima/policy';
import { concatBytes, formatHex } from '@qoima/primitives';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assemblePsbt,
  createPsbt,
  encodePsbt,
  fieldOf,
  fieldsOf,
  GLOBAL,
  INPUT,
  matchPolicy,
  OUTPUT,
  type Psbt,
  type PsbtMap,
  type PsbtRecord,
  record,
  withoutTypes,
  withRecords,
} from '../src/index.ts';
import {
  cosignerOf,
  fundingTransaction,
  masterNode,
  strangerScript,
  testCoins,
  testWallet,
} from './wallet.ts';

const { scripts, policy } = testWallet();
const coins = testCoins(scripts, 2);
const psbt = createPsbt({
  scripts,
  coins,
  outputs: [
    { kind: 'payment', scriptPubKey: strangerScript(), amount: 100_000n },
    { kind: 'change', index: 3, amount: 90_000n },
  ],
});

const withInput = (index: number, change: (map: PsbtMap) => PsbtMap, of = psbt): Psbt => ({
  ...of,
  inputs: of.inputs.map((map, i) => (i === index ? change(map) : map)),
});
const withOutput = (index: number, change: (map: PsbtMap) => PsbtMap, of = psbt): Psbt => ({
  ...of,
  outputs: of.outputs.map((map, i) => (i === index ? change(map) : map)),
});
const put =
  (...records: readonly PsbtRecord[]) =>
  (map: PsbtMap): PsbtMap =>
    withRecords(map, records);
const drop =
  (...fields: readonly { type: number }[]) =>
  (map: PsbtMap): PsbtMap =>
    withoutTypes(map, new Set(fields.map(({ type }) => type)));
/** The same maps around another transaction. */
const withTransaction = (change: Partial<Psbt['transaction']>): Psbt =>
  assemblePsbt(0, { ...psbt.transaction, ...change }, psbt);

const own = policy.cosigners[0]!;
const { publicKeys, witnessScript } = scripts.at('receive', 0);
const fingerprint = own.origin.fingerprint;
const path = (...steps: readonly number[]) => ({
  fingerprint,
  path: [...own.origin.path, ...steps],
});
const foreignKey = testWallet({ seed: 2 }).scripts.at('receive', 0).publicKeys[0]!;
const foreign = testWallet({ seed: 2 });

describe('matchPolicy', () => {
  it('proves inputs and change', () => {
    const match = matchPolicy(psbt, scripts);
    expect(match.inputs).toStrictEqual(
      [0, 1].map((i) => ({ script: scripts.at('receive', i), amount: 100_000n })),
    );
    expect(match.outputs).toStrictEqual([undefined, scripts.at('change', 3)]);
    expect(match.ownReceive).toStrictEqual([undefined, undefined]);
    expect(match.fee).toBe(10_000n);
  });

  it('calls an own output of the receive branch a payment', () => {
    const { scriptPubKey, publicKeys: keys } = scripts.at('receive', 9);
    const outputs = [{ amount: 100_000n, script: scriptPubKey }, psbt.transaction.outputs[1]!];
    const claimed = withOutput(
      0,
      put(record(OUTPUT.derivation, path(0, 9), keys[0]!)),
      withTransaction({ outputs }),
    );
    const match = matchPolicy(claimed, scripts);
    expect(match.outputs[0]).toBeUndefined();
    expect(match.ownReceive).toStrictEqual([scripts.at('receive', 9), undefined]);
    // Without a derivation nobody can know.
    expect(matchPolicy(withTransaction({ outputs }), scripts).ownReceive[0]).toBeUndefined();
  });

  it.each<[string, Psbt]>([
    ['no extended keys', { ...psbt, global: psbt.global.filter(({ type }) => type !== 1) }],
    ['no witness UTXO', withInput(0, drop(INPUT.witnessUtxo))],
    ['no witness script', withInput(0, drop(INPUT.witnessScript))],
    [
      'one derivation only',
      withInput(0, (map) => [...drop(INPUT.derivation)(map), ...map.slice(-1)]),
    ],
    [
      'an unknown record',
      withInput(0, put({ type: 0xee, keyData: publicKeys[0]!, value: fingerprint })),
    ],
    [
      'a derivation of a stranger',
      withInput(
        0,
        put(
          record(
            INPUT.derivation,
            { fingerprint: Uint8Array.of(1, 2, 3, 4), path: [] },
            foreignKey,
          ),
        ),
      ),
    ],
    [
      'a derivation of a stranger with a fingerprint like ours and another path',
      withInput(
        0,
        put(record(INPUT.derivation, { fingerprint, path: [44 + 2 ** 31, 0, 0] }, foreignKey)),
      ),
    ],
    [
      'the same in a payment',
      withOutput(
        0,
        put(record(OUTPUT.derivation, { fingerprint, path: [44 + 2 ** 31, 0, 0] }, foreignKey)),
      ),
    ],
  ])('does not mind %s', (_name, changed) => {
    expect(matchPolicy(changed, scripts)).toStrictEqual({
      ...matchPolicy(psbt, scripts),
      transaction: changed.transaction,
    });
  });

  it('does not look at the order of derivations', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(psbt.inputs[0]!.slice(), { minLength: psbt.inputs[0]!.length }),
        (map) => {
          expect(
            matchPolicy(
              withInput(0, () => map),
              scripts,
            ).inputs[0]?.script.index,
          ).toBe(0);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('tells cosigners with the same fingerprint apart', () => {
    const master = masterNode(new Uint8Array(32).fill(99));
    const paths = ["1'", "2'", "3'"].map((_, i) => [
      48 + 2 ** 31,
      1 + 2 ** 31,
      i + 2 ** 31,
      2 + 2 ** 31,
    ]);
    const colliding = policyScripts(
      walletPolicy({
        name: 'One device, three accounts',
        network: 'regtest',
        scriptKind: 'wsh',
        sorted: true,
        quorum: { required: 2, total: 3 },
        cosigners: paths.map((steps, i) => cosignerOf(master, `account ${i}`, steps)),
      }),
    );
    const spend = createPsbt({
      scripts: colliding,
      coins: testCoins(colliding, 2),
      outputs: [{ kind: 'change', index: 0, amount: 1n }],
    });
    expect(matchPolicy(spend, colliding).outputs).toStrictEqual([colliding.at('change', 0)]);
    // Two keys of one fingerprint with their paths exchanged.
    const [a, b] = colliding.at('receive', 0).publicKeys;
    const origin = (steps: readonly number[]) => ({
      fingerprint: colliding.policy.cosigners[0]!.origin.fingerprint,
      path: [...steps, 0, 0],
    });
    const swapped = withInput(
      0,
      put(
        record(INPUT.derivation, origin(paths[1]!), a!),
        record(INPUT.derivation, origin(paths[0]!), b!),
      ),
      spend,
    );
    expect(() => matchPolicy(swapped, colliding)).toThrow(
      expect.objectContaining({ code: 'PSBT_DERIVATION_WRONG' }),
    );
  });

  const elsewhere = fundingTransaction([{ amount: 5n, script: strangerScript() }]);
  const twoOfFive = testWallet({ quorum: { required: 2, total: 5 } });
  const shScript = testWallet({ scriptKind: 'sh' });
  const shPsbt = createPsbt({
    scripts: shScript.scripts,
    coins: testCoins(shScript.scripts, 1),
    outputs: [{ kind: 'change', index: 0, amount: 1n }],
  });
  const { amount, script } = fieldOf(psbt.inputs[0]!, INPUT.witnessUtxo)!;

  it.each<[string, string, Psbt]>([
    [
      'an input without its previous transaction',
      'PSBT_PREVIOUS_TX_MISSING',
      withInput(1, drop(INPUT.nonWitnessUtxo)),
    ],
    [
      'an input with neither UTXO',
      'PSBT_PREVIOUS_TX_MISSING',
      withInput(1, drop(INPUT.nonWitnessUtxo, INPUT.witnessUtxo)),
    ],
    [
      'another previous transaction',
      'PSBT_PREVIOUS_TX_WRONG',
      withInput(0, put(record(INPUT.nonWitnessUtxo, elsewhere))),
    ],
    [
      'an output that the previous transaction does not have',
      'PSBT_PREVIOUS_TX_WRONG',
      withTransaction({
        inputs: psbt.transaction.inputs.map((input, i) =>
          i === 0 ? { ...input, vout: 2 } : input,
        ),
      }),
    ],
    [
      'another output of the previous transaction',
      'PSBT_UTXO_MISMATCH',
      withTransaction({
        inputs: psbt.transaction.inputs.map((input, i) =>
          i === 0 ? { ...input, vout: 0 } : input,
        ),
      }),
    ],
    [
      'a lying amount',
      'PSBT_UTXO_MISMATCH',
      withInput(0, put(record(INPUT.witnessUtxo, { amount: amount - 1n, script }))),
    ],
    [
      'a lying script',
      'PSBT_UTXO_MISMATCH',
      withInput(0, put(record(INPUT.witnessUtxo, { amount, script: strangerScript() }))),
    ],
    [
      'another witness script',
      'PSBT_SCRIPT_MISMATCH',
      withInput(0, put(record(INPUT.witnessScript, strangerScript()))),
    ],
    [
      'a redeem script',
      'PSBT_SCRIPT_MISMATCH',
      withInput(0, put(record(INPUT.redeemScript, witnessScript!))),
    ],
    ['no derivation', 'PSBT_NOT_THIS_POLICY', withInput(0, drop(INPUT.derivation))],
    [
      'derivations of strangers only',
      'PSBT_NOT_THIS_POLICY',
      withInput(0, (map) => [
        ...drop(INPUT.derivation)(map),
        record(INPUT.derivation, { fingerprint: Uint8Array.of(1, 2, 3, 4), path: [0] }, foreignKey),
      ]),
    ],
    [
      'derivations of another address',
      'PSBT_NOT_THIS_POLICY',
      withInput(0, (map) => [
        ...drop(INPUT.derivation)(map),
        ...psbt.inputs[1]!.filter(({ type }) => type === INPUT.derivation.type),
      ]),
    ],
    [
      'a derivation that points at two places',
      'PSBT_DERIVATION_WRONG',
      withInput(0, put(record(INPUT.derivation, path(0, 1), publicKeys[0]!))),
    ],
    [
      'a key of ours with another path',
      'PSBT_DERIVATION_WRONG',
      withInput(0, put(record(INPUT.derivation, { fingerprint, path: [0, 0] }, publicKeys[0]!))),
    ],
    [
      'a key of ours with another fingerprint',
      'PSBT_DERIVATION_WRONG',
      withInput(
        0,
        put(
          record(
            INPUT.derivation,
            { ...path(0, 0), fingerprint: Uint8Array.of(0, 0, 0, 0) },
            publicKeys[0]!,
          ),
        ),
      ),
    ],
    [
      'a key of ours under the name of another',
      'PSBT_DERIVATION_WRONG',
      withInput(0, put(record(INPUT.derivation, path(0, 0), publicKeys[1]!))),
    ],
    [
      'a foreign key under our origin',
      'PSBT_DERIVATION_WRONG',
      withInput(0, put(record(INPUT.derivation, path(0, 0), foreignKey))),
    ],
    [
      'a hardened index',
      'PSBT_NOT_THIS_POLICY',
      withInput(0, (map) => [
        ...drop(INPUT.derivation)(map),
        record(INPUT.derivation, path(0, 2 ** 31), publicKeys[0]!),
      ]),
    ],
    [
      'a branch of its own',
      'PSBT_NOT_THIS_POLICY',
      withInput(0, (map) => [
        ...drop(INPUT.derivation)(map),
        record(INPUT.derivation, path(2, 0), publicKeys[0]!),
      ]),
    ],
    [
      'a swapped change output',
      'PSBT_CHANGE_MISMATCH',
      withTransaction({
        outputs: psbt.transaction.outputs.map((output, i) =>
          i === 1 ? { ...output, script: strangerScript(9) } : output,
        ),
      }),
    ],
    [
      'change to the same keys with a smaller quorum',
      'PSBT_CHANGE_MISMATCH',
      withTransaction({
        outputs: psbt.transaction.outputs.map((output, i) =>
          i === 1 ? { ...output, script: twoOfFive.scripts.at('change', 3).scriptPubKey } : output,
        ),
      }),
    ],
    [
      'change to the same keys in another wrapping',
      'PSBT_CHANGE_MISMATCH',
      withTransaction({
        outputs: psbt.transaction.outputs.map((output, i) =>
          i === 1 ? { ...output, script: shScript.scripts.at('change', 3).scriptPubKey } : output,
        ),
      }),
    ],
    [
      'a payment that claims one key of ours',
      'PSBT_CHANGE_MISMATCH',
      withOutput(
        0,
        put(record(OUTPUT.derivation, path(1, 5), scripts.at('change', 5).publicKeys[0]!)),
      ),
    ],
    [
      'change with another witness script',
      'PSBT_SCRIPT_MISMATCH',
      withOutput(1, put(record(OUTPUT.witnessScript, witnessScript!))),
    ],
    [
      'change with a foreign key under our origin',
      'PSBT_DERIVATION_WRONG',
      withOutput(1, put(record(OUTPUT.derivation, path(1, 3), foreignKey))),
    ],
    [
      'an extended key of a stranger',
      'PSBT_NOT_THIS_POLICY',
      {
        ...psbt,
        global: withRecords(psbt.global, [
          createPsbt({
            scripts: foreign.scripts,
            coins: testCoins(foreign.scripts, 1),
            outputs: [{ kind: 'change', index: 0, amount: 1n }],
          }).global.find(({ type }) => type === GLOBAL.extendedKey.type)!,
        ]),
      },
    ],
    [
      'an extended key of ours with another origin',
      'PSBT_DERIVATION_WRONG',
      {
        ...psbt,
        global: psbt.global.map((each) =>
          each.type === GLOBAL.extendedKey.type
            ? { ...each, value: concatBytes(Uint8Array.of(9, 9, 9, 9), each.value.subarray(4)) }
            : each,
        ),
      },
    ],
    [
      'outputs above inputs',
      'PSBT_OVERSPENT',
      withTransaction({
        outputs: psbt.transaction.outputs.map((output, i) =>
          i === 0 ? { ...output, amount: 200_000n } : output,
        ),
      }),
    ],
    [
      'no outputs',
      'PSBT_EMPTY',
      { ...psbt, outputs: [], transaction: { ...psbt.transaction, outputs: [] } },
    ],
  ])('refuses %s', (_name, code, changed) => {
    expect(() => matchPolicy(changed, scripts)).toThrow(
      expect.objectContaining({ code, kind: 'refused' }),
    );
  });

  it('refuses a witness UTXO for a bare sh input, which has no witness', () => {
    const spent = shScript.scripts.at('receive', 0);
    const claimed = withInput(
      0,
      put(record(INPUT.witnessUtxo, { amount: 100_000n, script: spent.scriptPubKey })),
      shPsbt,
    );
    expect(() => matchPolicy(claimed, shScript.scripts)).toThrow(
      expect.objectContaining({ code: 'PSBT_UTXO_MISMATCH' }),
    );
  });

  it('refuses the PSBT of another policy', () => {
    const theirs = createPsbt({
      scripts: foreign.scripts,
      coins: testCoins(foreign.scripts, 1),
      outputs: [{ kind: 'change', index: 0, amount: 1n }],
    });
    expect(() => matchPolicy(theirs, scripts)).toThrow(
      expect.objectContaining({ code: 'PSBT_NOT_THIS_POLICY' }),
    );
    const bare = { ...theirs, global: theirs.global.slice(0, 1) };
    expect(() => matchPolicy(bare, scripts)).toThrow(
      expect.objectContaining({ code: 'PSBT_NOT_THIS_POLICY' }),
    );
    // The same cosigners with another quorum are another policy.
    expect(() => matchPolicy(psbt, twoOfFive.scripts)).toThrow(
      expect.objectContaining({ code: 'PSBT_NOT_THIS_POLICY' }),
    );
  });

  it('names the input and both sides in a refusal', () => {
    const changed = withInput(
      1,
      put(record(INPUT.witnessUtxo, { amount: 1n, script: scripts.at('receive', 1).scriptPubKey })),
    );
    expect(() => matchPolicy(changed, scripts)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('Input 1: the witness UTXO claims 1 satoshis'),
        details: { map: 'input 1', expected: '100000', actual: '1' },
      }),
    );
  });

  it('changes nothing, not even the bytes of a Buffer', () => {
    const [first] = fieldsOf(psbt.global, GLOBAL.extendedKey);
    const asBuffer = record(GLOBAL.extendedKey, first!.value, Buffer.from(first!.key));
    const given = { ...psbt, global: withRecords(psbt.global, [asBuffer]) };
    matchPolicy(given, scripts);
    expect(encodePsbt(given)).toStrictEqual(encodePsbt(psbt));
  });

  it('the parent fingerprint of an extended key is hearsay', () => {
    const changed = {
      ...psbt,
      global: psbt.global.map((each) =>
        each.type === GLOBAL.extendedKey.type
          ? { ...each, keyData: each.keyData.slice().fill(0xaa, 5, 9) }
          : each,
      ),
    };
    expect(formatHex(changed.global[1]!.keyData)).toContain('aaaaaaaa');
    expect(matchPolicy(changed, scripts).inputs).toHaveLength(2);
  });
});

describe('an error', () => {
  it('shows the beginning of a script that somebody made too long', () => {
    const long = new Uint8Array(1_000_000);
    const changed = withOutput(1, put(record(OUTPUT.witnessScript, long)));
    let thrown: unknown;
    try {
      matchPolicy(changed, scripts);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      code: 'PSBT_SCRIPT_MISMATCH',
      details: { actual: '00'.repeat(520) },
    });
  });
});
