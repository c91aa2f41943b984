import { equalBytes } from '@qoima/primitives';
import { assemblePsbt } from './assemble.ts';
import { type Field, fieldOf, GLOBAL, INPUT, OUTPUT } from './fields.ts';
import { isFinal } from './open-input.ts';
import { compareKeys, type Psbt, type PsbtMap, type PsbtRecord } from './record.ts';
import { SIGHASH } from './sighash.ts';
import { transactionId } from './transaction-layout.ts';

/** A record of a returned PSBT that we did not send, or not so. It is no signature. */
export interface InjectedRecord {
  readonly place: 'global' | 'input' | 'output';
  /** Of the input or output; 0 for `global`. */
  readonly index: number;
  /** The BIP's name of the field, or its type in hex. */
  readonly field: string;
  readonly how: InjectedHow;
}

/**
 * `added`: a key that we did not send; other programs leave such notes, and nothing is made of them.
 * The others contradict what was sent. `altered`: our key with another value. `final`: a final scriptSig
 * or witness. `sighash`: the input is to be signed with another type than ALL.
 */
export type InjectedHow = 'added' | 'altered' | 'final' | 'sighash';

/**
 * Names every record of a returned PSBT, of either version, that is not as we sent it. `sent` is ours, and
 * both are of one transaction. Passed over: signatures; what was left out; a previous transaction
 * that lost or gained its witness on the way; what a Signer has to write into PSBT_GLOBAL_TX_MODIFIABLE.
 */
export const injectedRecords = (sent: Psbt, returned: Psbt): readonly InjectedRecord[] => {
  // Version 0 says no more of the transaction than what both agree on: not what its lock time came from.
  const isSameVersion = returned.version === sent.version;
  const [ours, back] = isSameVersion ? [sent, returned] : [inVersion0(sent), inVersion0(returned)];
  if (back.inputs.length !== ours.inputs.length || back.outputs.length !== ours.outputs.length) {
    throw new Error('both are of one transaction by now');
  }
  const found: InjectedRecord[] = [];
  const compare = (own: PsbtMap, map: PsbtMap, place: InjectedRecord['place'], index = 0): void => {
    for (const record of map) {
      const how = howInjected(own, record, place);
      if (how !== undefined) found.push({ place, index, field: fieldName(place, record), how });
    }
  };
  compare(ours.global, back.global, 'global');
  for (const [i, map] of back.inputs.entries()) compare(ours.inputs[i] ?? [], map, 'input', i);
  for (const [i, map] of back.outputs.entries()) compare(ours.outputs[i] ?? [], map, 'output', i);
  return found;
};

const inVersion0 = (psbt: Psbt): Psbt => assemblePsbt(0, psbt.transaction, psbt);

const howInjected = (
  sent: PsbtMap,
  record: PsbtRecord,
  place: InjectedRecord['place'],
): InjectedHow | undefined => {
  const { type } = record;
  if (place === 'input' && type === INPUT.partialSignature.type) return undefined;
  if (place === 'global' && type === GLOBAL.modifiable.type) return undefined;
  const own = sent.find((other) => compareKeys(other, record) === 0);
  if (own !== undefined && equalBytes(own.value, record.value)) return undefined;
  if (place === 'input') {
    if (isFinal([record])) return 'final';
    if (type === INPUT.sighashType.type) {
      return fieldOf([record], INPUT.sighashType) === SIGHASH.all ? 'added' : 'sighash';
    }
    const isPrevious = own !== undefined && type === INPUT.nonWitnessUtxo.type;
    if (isPrevious && transactionId(own.value) === transactionId(record.value)) return undefined;
  }
  return own === undefined ? 'added' : 'altered';
};

const tables = { global: GLOBAL, input: INPUT, output: OUTPUT } as const;

const fieldName = (place: InjectedRecord['place'], { type }: PsbtRecord): string => {
  const rows: readonly Pick<Field<unknown, unknown>, 'name' | 'type'>[] = Object.values(
    tables[place],
  );
  return rows.find((row) => row.type === type)?.name ?? `0x${type.toString(16).padStart(2, '0')}`;
};
