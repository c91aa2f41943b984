import {
  branchNumbers,
  encodeExtendedKey,
  type PolicyScript,
  sortKeys,
  type WalletPolicy,
} from '@qoima/policy';
import { type ByteWriter, byteWriter, writeBytes, writeUint32 } from '@qoima/primitives';
import { type Field, GLOBAL, INPUT, OUTPUT, record } from './fields.ts';
import { type PsbtMap, type PsbtRecord, sortedMap } from './record.ts';
import { SIGHASH } from './sighash.ts';
import { type TransactionOutput, writeOutput } from './transaction.ts';

/** What a policy has to say in the maps of a PSBT, prepared once for many inputs and outputs. */
export interface PolicyFields {
  /** PSBT_GLOBAL_XPUB of every cosigner, in order: a Ledger needs them to recognise the policy. */
  readonly global: PsbtMap;
  readonly sorted: boolean;
  /** Each cosigner's key origin as PSBT_*_BIP32_DERIVATION begins; branch and index follow. */
  readonly origins: readonly Uint8Array[];
  /** One memory for all values that are made: thousands of arrays of their own cost far more. */
  readonly values: ByteWriter;
}

/** For the maps of about so many inputs and outputs. */
export const policyFields = (
  { cosigners, sorted }: WalletPolicy,
  mapCount: number,
): PolicyFields => {
  const origins = cosigners.map(({ origin }) => INPUT.derivation.value.encode(origin));
  const derivations = origins.reduce((length, origin) => length + origin.length + 8, 0);
  return {
    global: sortedMap(
      cosigners.map(({ key, origin }) =>
        record(GLOBAL.extendedKey, origin, encodeExtendedKey(key)),
      ),
    ),
    sorted,
    origins,
    values: byteWriter(mapCount * (derivations + WITNESS_UTXO)),
  };
};

/** Bytes of an output that pays to a script of 34. */
const WITNESS_UTXO = 43;

/**
 * All that a signer wants to know of a coin, in order, with sighash type ALL and every cosigner's
 * derivation. `bytes` is the transaction that made the coin, and `output` the output that it is.
 */
export const inputFields = (
  fields: PolicyFields,
  script: PolicyScript,
  bytes: Uint8Array,
  output: TransactionOutput,
): PsbtMap => {
  const map = [plain(INPUT.nonWitnessUtxo, bytes)];
  if (script.witnessScript) {
    const { values } = fields;
    const start = values.length;
    writeOutput(values, output);
    map.push(plain(INPUT.witnessUtxo, since(values, start)));
  }
  map.push(sighashAll);
  if (script.redeemScript) map.push(plain(INPUT.redeemScript, script.redeemScript));
  if (script.witnessScript) map.push(plain(INPUT.witnessScript, script.witnessScript));
  pushDerivations(map, fields, script, INPUT.derivation.type);
  return map;
};

/** The scripts of an own output and every cosigner's derivation, in order. */
export const outputFields = (fields: PolicyFields, script: PolicyScript): PsbtMap => {
  const map: PsbtRecord[] = [];
  if (script.redeemScript) map.push(plain(OUTPUT.redeemScript, script.redeemScript));
  if (script.witnessScript) map.push(plain(OUTPUT.witnessScript, script.witnessScript));
  pushDerivations(map, fields, script, OUTPUT.derivation.type);
  return map;
};

const none = new Uint8Array();

/** A record whose value is known to fit its field: made a thousand times, it is not looked at again. */
const plain = (field: Field<undefined, unknown>, value: Uint8Array): PsbtRecord => ({
  type: field.type,
  keyData: none,
  value,
});

const sighashAll = record(INPUT.sighashType, SIGHASH.all);

/** What was written from `start` on. */
const since = ({ bytes, length }: ByteWriter, start: number): Uint8Array =>
  bytes.subarray(start, length);

const pushDerivations = (
  map: PsbtRecord[],
  { sorted, origins, values }: PolicyFields,
  script: PolicyScript,
  type: number,
): void => {
  // BIP-67 puts the keys in the order that records have; they need not be sorted twice. Sorting moves
  // the keys and does not copy them.
  for (const keyData of sorted ? script.scriptKeys : sortKeys(script.publicKeys)) {
    const origin = origins[script.publicKeys.indexOf(keyData)];
    if (origin === undefined) throw new Error('a script has one key for each cosigner');
    const start = values.length;
    writeBytes(values, origin);
    writeUint32(values, branchNumbers[script.branch]);
    writeUint32(values, script.index);
    map.push({ type, keyData, value: since(values, start) });
  }
};
