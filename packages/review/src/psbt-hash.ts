import { formatHex, sha256 } from '@qoima/primitives';
import {
  encodePsbt,
  encodeUnsignedTransaction,
  fieldOf,
  GLOBAL,
  INPUT,
  OUTPUT,
  type Psbt,
  type PsbtMap,
  type PsbtRecord,
  sortedMap,
} from '@qoima/psbt';

/**
 * SHA-256, 64 hex digits, over every byte of a PSBT but its partial signatures: as a file of version 0,
 * the records of each map in the order of their types and keys. Of a PSBT that Qoima has written without
 * signatures it is what `sha256sum` says of the file.
 *
 * Version 2 says in fields what version 0 says in the transaction: they are in the hash as the
 * transaction. Wishes for a lock time that did not become its own stay fields, and so do flags.
 */
export const psbtHash = ({ transaction, global, inputs, outputs }: Psbt): string => {
  const unsigned: PsbtRecord = {
    type: GLOBAL.unsignedTransaction.type,
    keyData: new Uint8Array(),
    value: encodeUnsignedTransaction(transaction),
  };
  const spent = spentWishes(global, transaction.lockTime);
  const file: Psbt = {
    version: 0,
    global: sortedMap([unsigned, ...global.filter(({ type }) => !spent.has(type))]),
    inputs: inputs.map((map) => canonical(map, inputTypes)),
    outputs: outputs.map((map) => canonical(map, outputTypes)),
    transaction,
  };
  return formatHex(sha256(encodePsbt(file)));
};

/** What the transaction says, and what changes while it is signed. */
const globalTypes: readonly number[] = [
  GLOBAL.unsignedTransaction.type,
  GLOBAL.transactionVersion.type,
  GLOBAL.inputCount.type,
  GLOBAL.outputCount.type,
  GLOBAL.version.type,
];
const inputTypes: ReadonlySet<number> = new Set([
  INPUT.partialSignature.type,
  INPUT.previousTxid.type,
  INPUT.outputIndex.type,
  INPUT.sequence.type,
]);
const outputTypes: ReadonlySet<number> = new Set([OUTPUT.amount.type, OUTPUT.script.type]);

/** A fallback that is the lock time says nothing more, and neither do flags of which none is set. */
const spentWishes = (global: PsbtMap, lockTime: number): ReadonlySet<number> => {
  const types = new Set(globalTypes);
  if (fieldOf(global, GLOBAL.fallbackLockTime) === lockTime)
    types.add(GLOBAL.fallbackLockTime.type);
  if (fieldOf(global, GLOBAL.modifiable) === 0) types.add(GLOBAL.modifiable.type);
  return types;
};

const canonical = (map: PsbtMap, left: ReadonlySet<number>): PsbtMap =>
  sortedMap(map.filter(({ type }) => !left.has(type)));
