import { formatHex } from '@qoima/primitives';
import fc from 'fast-check';
import {
  assemblePsbt,
  encodeTransaction,
  INPUT,
  OUTPUT,
  type Psbt,
  type PsbtRecord,
  type PsbtVersion,
  record,
  type Transaction,
  transactionHash,
} from '../src/index.ts';

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });

const uint32 = fc.nat(0xffffffff);
const amount = fc.bigInt(0n, 2_100_000_000_000_000n);
const script = fc.uint8Array({ maxLength: 300 });

const output = fc.record({ amount, script });

/** A transaction that both serialisations can carry. */
export const anyTransaction: fc.Arbitrary<Transaction> = fc.record({
  version: fc.integer({ min: -2, max: 3 }),
  lockTime: uint32,
  inputs: fc.array(
    fc.record({
      txid: bytes(32),
      vout: uint32,
      sequence: uint32,
      scriptSig: fc.uint8Array({ maxLength: 40 }),
      witness: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  outputs: fc.array(output, { maxLength: 5 }),
});

const publicKey = fc
  .tuple(fc.constantFrom(2, 3), bytes(32))
  .map(([sign, x]) => Uint8Array.of(sign, ...x));

const keyOrigin = fc.record({ fingerprint: bytes(4), path: fc.array(uint32, { maxLength: 7 }) });

/** Types that no BIP has given a meaning, long ones too. */
const unknownRecord = fc.record({
  type: fc.constantFrom(0x30, 0xf0, 0xfd, 0x1234, 0x12345678),
  keyData: fc.uint8Array({ maxLength: 5 }),
  value: fc.uint8Array({ maxLength: 300 }),
});

const proprietaryRecord = fc
  .tuple(fc.uint8Array({ maxLength: 4 }), fc.uint8Array({ maxLength: 4 }))
  .map(([key, value]) => record(INPUT.proprietary, value, Uint8Array.of(2, 0x61, 0x62, 7, ...key)));

const inputRecord: fc.Arbitrary<PsbtRecord> = fc.oneof(
  output.map((utxo) => record(INPUT.witnessUtxo, utxo)),
  fc
    .tuple(script, publicKey)
    .map(([s, key]) => record(INPUT.partialSignature, Uint8Array.of(1, ...s), key)),
  uint32.map((type) => record(INPUT.sighashType, type)),
  script.map((value) => record(INPUT.redeemScript, value)),
  script.map((value) => record(INPUT.witnessScript, value)),
  fc.tuple(keyOrigin, publicKey).map(([origin, key]) => record(INPUT.derivation, origin, key)),
  fc.array(script, { maxLength: 4 }).map((witness) => record(INPUT.finalScriptWitness, witness)),
  bytes(64).map((signature) => record(INPUT.taprootKeySignature, signature)),
  unknownRecord,
  proprietaryRecord,
);

const outputRecord: fc.Arbitrary<PsbtRecord> = fc.oneof(
  script.map((value) => record(OUTPUT.redeemScript, value)),
  script.map((value) => record(OUTPUT.witnessScript, value)),
  fc.tuple(keyOrigin, publicKey).map(([origin, key]) => record(OUTPUT.derivation, origin, key)),
  unknownRecord,
);

const mapOf = (records: fc.Arbitrary<PsbtRecord>): fc.Arbitrary<readonly PsbtRecord[]> =>
  fc.uniqueArray(records, {
    maxLength: 6,
    selector: ({ type, keyData }) => `${type}:${formatHex(keyData)}`,
  });

/** A well-formed PSBT, its records in any order; some inputs carry their previous transaction. */
export const anyPsbt = (...versions: readonly PsbtVersion[]): fc.Arbitrary<Psbt> =>
  fc
    .record({
      version: fc.constantFrom(...versions),
      transaction: anyTransaction,
      previous: fc.option(anyTransaction.filter(({ outputs }) => outputs.length > 0)),
      global: mapOf(unknownRecord),
      inputs: fc.array(mapOf(inputRecord), { minLength: 5, maxLength: 5 }),
      outputs: fc.array(mapOf(outputRecord), { minLength: 5, maxLength: 5 }),
      reversed: fc.boolean(),
    })
    .map(({ version, transaction, previous, global, inputs, outputs, reversed }) => {
      const coins = transaction.inputs.map(({ txid, vout, sequence }) => ({
        txid,
        vout,
        sequence,
      }));
      const maps = inputs.slice(0, coins.length);
      const [first] = coins;
      if (previous !== null && first !== undefined) {
        const before = encodeTransaction(previous);
        coins[0] = { ...first, txid: transactionHash(before), vout: 0 };
        maps[0] = [...(maps[0] ?? []), record(INPUT.nonWitnessUtxo, before)];
      }
      const psbt = assemblePsbt(
        version,
        { ...transaction, inputs: coins },
        { global, inputs: maps, outputs: outputs.slice(0, transaction.outputs.length) },
      );
      return reversed ? { ...psbt, inputs: psbt.inputs.map((map) => [...map].reverse()) } : psbt;
    });
