import { psbtError } from './errors.ts';
import { fieldOf, GLOBAL, INPUT, OUTPUT, record } from './fields.ts';
import { type Psbt, type PsbtMap, type PsbtVersion, sortedMap, withoutTypes } from './record.ts';
import type { UnsignedTransaction } from './transaction.ts';

/** Sequence of an input that says nothing about it (BIP-370). */
const finalSequence = 0xffffffff;

/**
 * A PSBT of either version from its transaction and the records that go with it. Records that carry
 * the transaction itself, or the version, are put in here and may be missing or stale in the maps.
 * The maps come out in Qoima's order. Version 2 gets no PSBT_GLOBAL_TX_MODIFIABLE: nothing is modifiable.
 */
export const assemblePsbt = (
  version: PsbtVersion,
  transaction: UnsignedTransaction,
  maps: {
    readonly global: PsbtMap;
    readonly inputs: readonly PsbtMap[];
    readonly outputs: readonly PsbtMap[];
  },
): Psbt => {
  if (
    maps.inputs.length !== transaction.inputs.length ||
    maps.outputs.length !== transaction.outputs.length
  ) {
    throw new Error('a PSBT has one map for each input and output of its transaction');
  }
  const global = withoutTypes(maps.global, transactionTypes.global);
  const inputs = maps.inputs.map((map) => withoutTypes(map, transactionTypes.input));
  const outputs = maps.outputs.map((map) => withoutTypes(map, transactionTypes.output));
  if (version === 0) {
    return {
      version,
      global: sortedMap([record(GLOBAL.unsignedTransaction, transaction), ...global]),
      inputs: inputs.map(sortedMap),
      outputs: outputs.map(sortedMap),
      transaction,
    };
  }
  return {
    version,
    global: sortedMap([
      record(GLOBAL.transactionVersion, transaction.version),
      record(GLOBAL.fallbackLockTime, transaction.lockTime),
      record(GLOBAL.inputCount, inputs.length),
      record(GLOBAL.outputCount, outputs.length),
      record(GLOBAL.version, 2),
      ...global,
    ]),
    inputs: transaction.inputs.map(({ txid, vout, sequence }, index) =>
      sortedMap([
        record(INPUT.previousTxid, txid),
        record(INPUT.outputIndex, vout),
        record(INPUT.sequence, sequence),
        ...(inputs[index] as PsbtMap),
      ]),
    ),
    outputs: transaction.outputs.map(({ amount, script }, index) =>
      sortedMap([
        record(OUTPUT.amount, amount),
        record(OUTPUT.script, script),
        ...(outputs[index] as PsbtMap),
      ]),
    ),
    transaction,
  };
};

/** Types that say what the transaction is, or of which version the PSBT. */
const transactionTypes = {
  global: new Set([
    GLOBAL.unsignedTransaction.type,
    GLOBAL.transactionVersion.type,
    GLOBAL.fallbackLockTime.type,
    GLOBAL.inputCount.type,
    GLOBAL.outputCount.type,
    GLOBAL.modifiable.type,
    GLOBAL.version.type,
  ]),
  input: new Set([
    INPUT.previousTxid.type,
    INPUT.outputIndex.type,
    INPUT.sequence.type,
    INPUT.requiredTime.type,
    INPUT.requiredHeight.type,
  ]),
  output: new Set([OUTPUT.amount.type, OUTPUT.script.type]),
};

/**
 * The transaction that the checked maps of a version 2 describe.
 * @throws `PSBT_LOCK_TIME_CONFLICT`
 */
export const transactionOf = (
  global: PsbtMap,
  inputs: readonly PsbtMap[],
  outputs: readonly PsbtMap[],
): UnsignedTransaction => ({
  version: fieldOf(global, GLOBAL.transactionVersion) as number,
  lockTime: lockTimeOf(global, inputs),
  inputs: inputs.map((map) => ({
    txid: fieldOf(map, INPUT.previousTxid) as Uint8Array,
    vout: fieldOf(map, INPUT.outputIndex) as number,
    sequence: fieldOf(map, INPUT.sequence) ?? finalSequence,
  })),
  outputs: outputs.map((map) => ({
    amount: fieldOf(map, OUTPUT.amount) as bigint,
    script: fieldOf(map, OUTPUT.script) as Uint8Array,
  })),
});

/**
 * BIP-370, "Determining Lock Time": the greatest lock time of the kind that every input which asks for
 * one can take, height before time; the fallback if none asks, and 0 without a fallback.
 */
const lockTimeOf = (global: PsbtMap, inputs: readonly PsbtMap[]): number => {
  let height = 0;
  let time = 0;
  let onlyHeight: number | undefined;
  let onlyTime: number | undefined;
  inputs.forEach((map, index) => {
    const wantedHeight = fieldOf(map, INPUT.requiredHeight);
    const wantedTime = fieldOf(map, INPUT.requiredTime);
    height = Math.max(height, wantedHeight ?? 0);
    time = Math.max(time, wantedTime ?? 0);
    if (wantedHeight !== undefined && wantedTime === undefined) onlyHeight = index;
    if (wantedHeight === undefined && wantedTime !== undefined) onlyTime = index;
  });
  if (onlyHeight !== undefined && onlyTime !== undefined) {
    throw psbtError(
      'PSBT_LOCK_TIME_CONFLICT',
      `Input ${onlyHeight} wants a block height as lock time and input ${onlyTime} a time.`,
      { map: `input ${Math.max(onlyHeight, onlyTime)}`, height: onlyHeight, time: onlyTime },
    );
  }
  if (height > 0 && onlyTime === undefined) return height;
  if (time > 0) return time;
  return fieldOf(global, GLOBAL.fallbackLockTime) ?? 0;
};
