import type { UnsignedInput, UnsignedTransaction } from '@qoima/psbt';
import { type Dialogue, orElse, orRefuse } from '../dialogue.ts';
import { fixedValue, type MerkleMap, mapAt } from '../merkle-map.ts';
import { type OutputRead, readOutputAt } from './outputs.ts';
import { fromPreviousTransaction, fromWitnessUtxo } from './previous-output.ts';
import { INPUT } from './psbt-field.ts';
import { type Spend, uint32 } from './request.ts';

/** Without a field for it, an input is final. */
const FINAL_SEQUENCE = Uint8Array.of(0xff, 0xff, 0xff, 0xff);

/**
 * Reads all that the transaction's hashes cover, each map anew, as the app does. Amounts and scripts of
 * the inputs are read for taproot's sake and not used here.
 * @throws `Refusal`
 */
export function* readTransaction(spend: Spend): Dialogue<UnsignedTransaction> {
  const { inputs: inputMaps, outputs: outputMaps, version, lockTime } = spend;
  const inputs: UnsignedInput[] = [];
  for (let i = 0; i < inputMaps.size; i++) {
    inputs.push(yield* readInput(yield* orRefuse(mapAt(inputMaps, i))));
  }
  const outputs: OutputRead[] = [];
  for (let i = 0; i < outputMaps.size; i++) outputs.push(yield* orRefuse(readOutputAt(spend, i)));
  for (let i = 0; i < inputMaps.size; i++) {
    const map = yield* orRefuse(mapAt(inputMaps, i));
    const witness = yield* orElse(fromWitnessUtxo(map), undefined);
    if (witness === undefined) yield* orRefuse(fromPreviousTransaction(map));
  }
  return { version, lockTime, inputs, outputs };
}

/** The parts of an input that signatures cover. @throws `Refusal` */
export function* readInput(map: MerkleMap): Dialogue<UnsignedInput> {
  const outpoint = yield* readOutpoint(map);
  return { ...outpoint, sequence: yield* readSequence(map) };
}

/** @throws `Refusal` */
export function* readOutpoint(map: MerkleMap): Dialogue<{ txid: Uint8Array; vout: number }> {
  const txid = yield* orRefuse(fixedValue(map, INPUT.previousTxid, 32));
  return { txid, vout: uint32(yield* orRefuse(fixedValue(map, INPUT.outputIndex, 4))) };
}

export function* readSequence(map: MerkleMap): Dialogue<number> {
  return uint32(yield* orElse(fixedValue(map, INPUT.sequence, 4), FINAL_SEQUENCE));
}
