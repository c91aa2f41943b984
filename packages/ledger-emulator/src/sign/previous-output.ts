import { equalBytes, isQoimaError } from '@qoima/primitives';
import { transactionHash, transactionOutput } from '@qoima/psbt';
import { HostFault } from '../app-error.ts';
import type { Dialogue } from '../dialogue.ts';
import { fixedValue, type MerkleMap, streamedValue, value } from '../merkle-map.ts';
import { INPUT } from './psbt-field.ts';
import { uint32, uint64 } from './request.ts';

/** What an input spends. */
export interface PreviousOutput {
  readonly amount: bigint;
  readonly script: Uint8Array;
}

/** Longer scripts than P2WSH's are not read in inputs. */
export const MAX_SCRIPT = 34;

/**
 * From the previous transaction, whose hash must be `txid` if one is given.
 * @throws `HostFault`
 */
export function* fromPreviousTransaction(
  map: MerkleMap,
  txid?: Uint8Array,
): Dialogue<PreviousOutput> {
  const index = uint32(yield* fixedValue(map, INPUT.outputIndex, 4));
  const bytes = yield* streamedValue(map, INPUT.nonWitnessUtxo);
  const { hash, output } = parsed(bytes, index);
  if (output === undefined || output.script.length > MAX_SCRIPT) {
    throw new HostFault('no such output, or one that is none of ours');
  }
  if (txid !== undefined && !equalBytes(hash, txid)) {
    throw new HostFault('another transaction');
  }
  return output;
}

/** From the witness UTXO: amount, one byte of length, script. @throws `HostFault` */
export function* fromWitnessUtxo(map: MerkleMap): Dialogue<PreviousOutput> {
  const bytes = yield* value(map, INPUT.witnessUtxo, 9 + MAX_SCRIPT);
  if (bytes.length < 9 || bytes.length !== 9 + (bytes[8] as number)) {
    throw new HostFault('a witness UTXO of another length');
  }
  return { amount: uint64(bytes), script: bytes.subarray(9) };
}

const parsed = (
  bytes: Uint8Array,
  index: number,
): { hash: Uint8Array; output: PreviousOutput | undefined } => {
  try {
    return { hash: transactionHash(bytes), output: transactionOutput(bytes, index) };
  } catch (error) {
    if (isQoimaError(error)) throw new HostFault('no transaction');
    throw error;
  }
};
