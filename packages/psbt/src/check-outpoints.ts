import { formatHex } from '@qoima/primitives';
import { psbtError } from './errors.ts';
import { fieldOf, INPUT } from './fields.ts';
import type { PsbtMap } from './record.ts';
import type { UnsignedInput, UnsignedTransaction } from './transaction.ts';
import { outputCount } from './transaction-layout.ts';

/** A transaction that spends a coin twice is invalid by consensus, so no PSBT of it is read. */
export const refuseDuplicateInputs = ({ inputs }: UnsignedTransaction): void => {
  const marks = new Float64Array(inputs.length);
  for (const [index, input] of inputs.entries()) marks[index] = outpointMark(input);
  marks.sort();
  if (marks.every((mark, i) => i === 0 || mark !== marks[i - 1])) return;
  const seen = new Map<string, number>();
  inputs.forEach(({ txid, vout }, index) => {
    const outpoint = `${formatHex(txid)}:${vout}`;
    const first = seen.get(outpoint);
    if (first !== undefined) {
      throw psbtError('PSBT_DUPLICATE_INPUT', `Inputs ${first} and ${index} spend the same coin.`, {
        map: `input ${index}`,
        first,
      });
    }
    seen.set(outpoint, index);
  });
};

/** 32 bits of the txid and 20 of the index: outpoints whose marks differ, differ. */
const outpointMark = ({ txid, vout }: UnsignedInput): number =>
  (((txid[0] as number) << 24) |
    ((txid[1] as number) << 16) |
    ((txid[2] as number) << 8) |
    (txid[3] as number)) *
    0x100000 +
  (vout & 0xfffff);

/**
 * The cheapest part of what Core checks here: that a previous transaction has the output which is
 * spent. That it is the right one takes its hash, which the roles compare when they use it.
 */
export const refuseMissingOutputs = (
  { inputs }: UnsignedTransaction,
  maps: readonly PsbtMap[],
): void => {
  maps.forEach((map, index) => {
    const previous = fieldOf(map, INPUT.nonWitnessUtxo);
    if (previous === undefined) return;
    const { vout } = inputs[index] as UnsignedInput;
    const count = outputCount(previous);
    if (vout < count) return;
    const { name } = INPUT.nonWitnessUtxo;
    throw psbtError(
      'PSBT_FIELD_INVALID',
      `${name} in input ${index} has ${count} outputs, and output ${vout} is spent (from 0).`,
      { map: `input ${index}`, field: name, expected: `0…${count - 1}`, actual: vout },
    );
  });
};
