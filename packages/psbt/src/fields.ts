import type { KeyOrigin } from '@qoima/policy';
import type { Sats } from '@qoima/primitives';
import {
  amountValue,
  anyBytes,
  bytesOf,
  type Codec,
  compactSizeValue,
  ecdsaKey,
  extendedKey,
  heightValue,
  int32Value,
  keyOrigin,
  nothing,
  output,
  proprietaryKey,
  someBytes,
  timeValue,
  transactionBytes,
  uint8Value,
  uint32Value,
  unsignedTransaction,
  witness,
} from './codec.ts';
import { psbtError } from './errors.ts';
import type { PsbtMap, PsbtRecord, PsbtVersion } from './record.ts';
import {
  compressedKey,
  compressedKeys,
  controlBlock,
  leafScript,
  musigSigner,
  taprootOrigin,
  taprootTree,
} from './taproot-codec.ts';
import type { TransactionOutput, UnsignedTransaction } from './transaction.ts';

/** One row of a BIP's table of fields. */
export interface Field<Key, Value> {
  /** The BIP's name for it. */
  readonly name: string;
  readonly type: number;
  readonly key: Codec<Key>;
  readonly value: Codec<Value>;
  /** "Versions requiring inclusion". */
  readonly required: readonly PsbtVersion[];
  /** "Versions allowing inclusion"; all others exclude it. */
  readonly allowed: readonly PsbtVersion[];
  /** What is wrong between a key and a value that fit one by one, if anything. */
  readonly doubt?: (keyData: Uint8Array, value: Uint8Array) => string | undefined;
}

type Bytes = Uint8Array;
type Versions = readonly PsbtVersion[];

const row = <Key, Value>(
  name: string,
  type: number,
  key: Codec<Key>,
  value: Codec<Value>,
  required: Versions = [],
  allowed: Versions = [0, 2],
): Field<Key, Value> => ({ name, type, key, value, required, allowed });

/** Versions columns that the BIPs use: [requiring inclusion, allowing inclusion]. */
const only0: [Versions, Versions] = [[0], [0]];
const needed2: [Versions, Versions] = [[2], [2]];
const only2: [Versions, Versions] = [[], [2]];

/** Per-global types: BIP-174, and from 0x02 to 0x06 BIP-370. */
export const GLOBAL: {
  readonly unsignedTransaction: Field<undefined, UnsignedTransaction>;
  readonly extendedKey: Field<Bytes, KeyOrigin>;
  readonly transactionVersion: Field<undefined, number>;
  readonly fallbackLockTime: Field<undefined, number>;
  readonly inputCount: Field<undefined, number>;
  readonly outputCount: Field<undefined, number>;
  readonly modifiable: Field<undefined, number>;
  readonly version: Field<undefined, number>;
  readonly proprietary: Field<Bytes, Bytes>;
} = {
  unsignedTransaction: row('PSBT_GLOBAL_UNSIGNED_TX', 0x00, nothing, unsignedTransaction, ...only0),
  extendedKey: {
    ...row('PSBT_GLOBAL_XPUB', 0x01, extendedKey, keyOrigin),
    doubt: (key, origin) =>
      (key[4] as number) * 4 + 4 === origin.length
        ? undefined
        : `the key is of depth ${key[4]} and its path has ${origin.length / 4 - 1} steps`,
  },
  transactionVersion: row('PSBT_GLOBAL_TX_VERSION', 0x02, nothing, int32Value, ...needed2),
  fallbackLockTime: row('PSBT_GLOBAL_FALLBACK_LOCKTIME', 0x03, nothing, uint32Value, ...only2),
  inputCount: row('PSBT_GLOBAL_INPUT_COUNT', 0x04, nothing, compactSizeValue, ...needed2),
  outputCount: row('PSBT_GLOBAL_OUTPUT_COUNT', 0x05, nothing, compactSizeValue, ...needed2),
  modifiable: row('PSBT_GLOBAL_TX_MODIFIABLE', 0x06, nothing, uint8Value, ...only2),
  version: row('PSBT_GLOBAL_VERSION', 0xfb, nothing, uint32Value, [2]),
  proprietary: row('PSBT_GLOBAL_PROPRIETARY', 0xfc, proprietaryKey, anyBytes),
};

/**
 * Per-input types: BIP-174; from 0x0e to 0x12 BIP-370, to 0x18 BIP-371, to 0x1c BIP-373. Not checked:
 * that a preimage hashes to its key, what a script says, how a signature is encoded.
 */
export const INPUT: {
  readonly nonWitnessUtxo: Field<undefined, Bytes>;
  readonly witnessUtxo: Field<undefined, TransactionOutput>;
  readonly partialSignature: Field<Bytes, Bytes>;
  readonly sighashType: Field<undefined, number>;
  readonly redeemScript: Field<undefined, Bytes>;
  readonly witnessScript: Field<undefined, Bytes>;
  readonly derivation: Field<Bytes, KeyOrigin>;
  readonly finalScriptSig: Field<undefined, Bytes>;
  readonly finalScriptWitness: Field<undefined, readonly Bytes[]>;
  readonly ripemd160: Field<Bytes, Bytes>;
  readonly sha256: Field<Bytes, Bytes>;
  readonly hash160: Field<Bytes, Bytes>;
  readonly hash256: Field<Bytes, Bytes>;
  readonly previousTxid: Field<undefined, Bytes>;
  readonly outputIndex: Field<undefined, number>;
  readonly sequence: Field<undefined, number>;
  readonly requiredTime: Field<undefined, number>;
  readonly requiredHeight: Field<undefined, number>;
  readonly taprootKeySignature: Field<undefined, Bytes>;
  readonly taprootScriptSignature: Field<Bytes, Bytes>;
  readonly taprootLeafScript: Field<Bytes, Bytes>;
  readonly taprootDerivation: Field<Bytes, Bytes>;
  readonly taprootInternalKey: Field<undefined, Bytes>;
  readonly taprootMerkleRoot: Field<undefined, Bytes>;
  readonly musigParticipants: Field<Bytes, Bytes>;
  readonly musigPublicNonce: Field<Bytes, Bytes>;
  readonly musigPartialSignature: Field<Bytes, Bytes>;
  readonly proprietary: Field<Bytes, Bytes>;
} = {
  nonWitnessUtxo: row('PSBT_IN_NON_WITNESS_UTXO', 0x00, nothing, transactionBytes),
  witnessUtxo: row('PSBT_IN_WITNESS_UTXO', 0x01, nothing, output),
  partialSignature: row('PSBT_IN_PARTIAL_SIG', 0x02, ecdsaKey, someBytes),
  sighashType: row('PSBT_IN_SIGHASH_TYPE', 0x03, nothing, uint32Value),
  redeemScript: row('PSBT_IN_REDEEM_SCRIPT', 0x04, nothing, anyBytes),
  witnessScript: row('PSBT_IN_WITNESS_SCRIPT', 0x05, nothing, anyBytes),
  derivation: row('PSBT_IN_BIP32_DERIVATION', 0x06, ecdsaKey, keyOrigin),
  finalScriptSig: row('PSBT_IN_FINAL_SCRIPTSIG', 0x07, nothing, anyBytes),
  finalScriptWitness: row('PSBT_IN_FINAL_SCRIPTWITNESS', 0x08, nothing, witness),
  ripemd160: row('PSBT_IN_RIPEMD160', 0x0a, bytesOf(20), anyBytes),
  sha256: row('PSBT_IN_SHA256', 0x0b, bytesOf(32), anyBytes),
  hash160: row('PSBT_IN_HASH160', 0x0c, bytesOf(20), anyBytes),
  hash256: row('PSBT_IN_HASH256', 0x0d, bytesOf(32), anyBytes),
  previousTxid: row('PSBT_IN_PREVIOUS_TXID', 0x0e, nothing, bytesOf(32), ...needed2),
  outputIndex: row('PSBT_IN_OUTPUT_INDEX', 0x0f, nothing, uint32Value, ...needed2),
  sequence: row('PSBT_IN_SEQUENCE', 0x10, nothing, uint32Value, ...only2),
  requiredTime: row('PSBT_IN_REQUIRED_TIME_LOCKTIME', 0x11, nothing, timeValue, ...only2),
  requiredHeight: row('PSBT_IN_REQUIRED_HEIGHT_LOCKTIME', 0x12, nothing, heightValue, ...only2),
  taprootKeySignature: row('PSBT_IN_TAP_KEY_SIG', 0x13, nothing, bytesOf(64, 65)),
  taprootScriptSignature: row('PSBT_IN_TAP_SCRIPT_SIG', 0x14, bytesOf(64), bytesOf(64, 65)),
  taprootLeafScript: row('PSBT_IN_TAP_LEAF_SCRIPT', 0x15, controlBlock, leafScript),
  taprootDerivation: row('PSBT_IN_TAP_BIP32_DERIVATION', 0x16, bytesOf(32), taprootOrigin),
  taprootInternalKey: row('PSBT_IN_TAP_INTERNAL_KEY', 0x17, nothing, bytesOf(32)),
  taprootMerkleRoot: row('PSBT_IN_TAP_MERKLE_ROOT', 0x18, nothing, bytesOf(32)),
  musigParticipants: row('PSBT_IN_MUSIG2_PARTICIPANT_PUBKEYS', 0x1a, compressedKey, compressedKeys),
  musigPublicNonce: row('PSBT_IN_MUSIG2_PUB_NONCE', 0x1b, musigSigner, bytesOf(66)),
  musigPartialSignature: row('PSBT_IN_MUSIG2_PARTIAL_SIG', 0x1c, musigSigner, bytesOf(32)),
  proprietary: row('PSBT_IN_PROPRIETARY', 0xfc, proprietaryKey, anyBytes),
};

/** Per-output types: BIP-174; 0x03 and 0x04 BIP-370, to 0x07 BIP-371, 0x08 BIP-373. */
export const OUTPUT: {
  readonly redeemScript: Field<undefined, Bytes>;
  readonly witnessScript: Field<undefined, Bytes>;
  readonly derivation: Field<Bytes, KeyOrigin>;
  readonly amount: Field<undefined, Sats>;
  readonly script: Field<undefined, Bytes>;
  readonly taprootInternalKey: Field<undefined, Bytes>;
  readonly taprootTree: Field<undefined, Bytes>;
  readonly taprootDerivation: Field<Bytes, Bytes>;
  readonly musigParticipants: Field<Bytes, Bytes>;
  readonly proprietary: Field<Bytes, Bytes>;
} = {
  redeemScript: row('PSBT_OUT_REDEEM_SCRIPT', 0x00, nothing, anyBytes),
  witnessScript: row('PSBT_OUT_WITNESS_SCRIPT', 0x01, nothing, anyBytes),
  derivation: row('PSBT_OUT_BIP32_DERIVATION', 0x02, ecdsaKey, keyOrigin),
  amount: row('PSBT_OUT_AMOUNT', 0x03, nothing, amountValue, ...needed2),
  script: row('PSBT_OUT_SCRIPT', 0x04, nothing, anyBytes, ...needed2),
  taprootInternalKey: row('PSBT_OUT_TAP_INTERNAL_KEY', 0x05, nothing, bytesOf(32)),
  taprootTree: row('PSBT_OUT_TAP_TREE', 0x06, nothing, taprootTree),
  taprootDerivation: row('PSBT_OUT_TAP_BIP32_DERIVATION', 0x07, bytesOf(32), taprootOrigin),
  musigParticipants: row(
    'PSBT_OUT_MUSIG2_PARTICIPANT_PUBKEYS',
    0x08,
    compressedKey,
    compressedKeys,
  ),
  proprietary: row('PSBT_OUT_PROPRIETARY', 0xfc, proprietaryKey, anyBytes),
};

/** The value of a field without key data, or undefined. Linear in the map. */
export const fieldOf = <Value>(map: PsbtMap, field: Field<undefined, Value>): Value | undefined => {
  for (const record of map) {
    if (record.type === field.type) return field.value.decode(record.value);
  }
  return undefined;
};

/** The keys and values of a field with key data, in the order of the map. Linear in the map. */
export const fieldsOf = <Key, Value>(
  map: PsbtMap,
  field: Field<Key, Value>,
): readonly { readonly key: Key; readonly value: Value }[] => {
  const found: { key: Key; value: Value }[] = [];
  for (const { type, keyData, value } of map) {
    if (type === field.type) {
      found.push({ key: field.key.decode(keyData), value: field.value.decode(value) });
    }
  }
  return found;
};

/**
 * Makes a record: `record(INPUT.sighashType, 1)`, `record(INPUT.partialSignature, signature, key)`.
 * @throws `PSBT_FIELD_INVALID` for what its field cannot hold
 */
export const record = <Key, Value>(
  field: Field<Key, Value>,
  value: Value,
  ...key: Key extends undefined ? [] : [Key]
): PsbtRecord => {
  const keyData = field.key.encode(key[0] as Key);
  const bytes = field.value.encode(value);
  const fault = !field.key.fits(keyData)
    ? `the key must be ${field.key.shape}`
    : !field.value.fits(bytes) || !isHeld(value, bytes, field.value)
      ? `the value must be ${field.value.shape}`
      : field.doubt?.(keyData, bytes);
  if (fault === undefined) return { type: field.type, keyData, value: bytes };
  throw psbtError('PSBT_FIELD_INVALID', `A new ${field.name} does not fit: ${fault}.`, {
    field: field.name,
    expected: fault,
  });
};

/** Of a number that its bytes are too few for they hold another. */
const isHeld = <Value>(value: Value, bytes: Uint8Array, codec: Codec<Value>): boolean =>
  (typeof value !== 'number' && typeof value !== 'bigint') || codec.decode(bytes) === value;
