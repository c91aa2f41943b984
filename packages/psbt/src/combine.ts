import { equalBytes, formatHex } from '@qoima/primitives';
import { transactionOf } from './assemble.ts';
import { psbtError } from './errors.ts';
import { fieldOf, GLOBAL, record } from './fields.ts';
import { compareKeys, type Psbt, type PsbtMap, type PsbtRecord, sortedMap } from './record.ts';
import { checkSameTransaction } from './same-transaction.ts';

/**
 * Combiner (BIP-174): one PSBT with every record that any of them has, each map in the order of its
 * keys. All must be of the same unsigned transaction and the same version. The order in which they are
 * given, and in which they are combined, does not matter.
 *
 * The BIP lets a Combiner choose when two have different values for one key; here that is an error that
 * names the key. The one exception is PSBT_GLOBAL_TX_MODIFIABLE, where the stricter flags hold.
 * Signatures are not judged: that is `takeSignatures` and `verifySignatures`.
 *
 * @throws `PSBT_EMPTY` without any PSBT; `PSBT_TRANSACTION_DIFFERS`, `PSBT_VERSION_DIFFERS`,
 *   `PSBT_FIELD_CONFLICT`
 */
export const combinePsbts = (psbts: readonly Psbt[]): Psbt => {
  const [first] = psbts;
  if (first === undefined) throw psbtError('PSBT_EMPTY', 'There is no PSBT to combine.');
  for (const [i, psbt] of psbts.entries()) checkAlike(first, psbt, `PSBT ${i + 1}`);
  const { version, transaction } = first;
  const mapsAt = (index: number, kind: 'inputs' | 'outputs'): PsbtMap[] =>
    psbts.map((psbt) => psbt[kind][index] ?? []);
  const combined: Psbt = {
    version,
    global: mergeMaps(psbts.map(withFlags(psbts)), 'global'),
    inputs: first.inputs.map((_, i) => mergeMaps(mapsAt(i, 'inputs'), `input ${i}`)),
    outputs: first.outputs.map((_, i) => mergeMaps(mapsAt(i, 'outputs'), `output ${i}`)),
    transaction,
  };
  if (version === 2) {
    // Lock times that agree one by one need not agree together.
    const { global, inputs, outputs } = combined;
    checkSameTransaction(transaction, transactionOf(global, inputs, outputs), 'The result');
  }
  return combined;
};

const checkAlike = (first: Psbt, psbt: Psbt, name: string): void => {
  checkSameTransaction(first.transaction, psbt.transaction, name);
  if (psbt.version === first.version) return;
  throw psbtError(
    'PSBT_VERSION_DIFFERS',
    `${name} is of version ${psbt.version}, and PSBT 1 of version ${first.version}.`,
    { expected: first.version, actual: psbt.version },
  );
};

const mergeMaps = (maps: readonly PsbtMap[], where: string): PsbtMap =>
  maps.map(inOrder).reduce((merged, map) => mergeTwo(merged, map, where));

/** Both in order, and so is the result. */
const mergeTwo = (a: PsbtMap, b: PsbtMap, where: string): PsbtMap => {
  const merged: PsbtRecord[] = [];
  let i = 0;
  let j = 0;
  for (;;) {
    const left = a[i];
    const right = b[j];
    if (left === undefined || right === undefined) break;
    const order = compareKeys(left, right);
    if (order === 0 && !equalBytes(left.value, right.value)) throw conflict(left, right, where);
    merged.push(order <= 0 ? left : right);
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  for (; i < a.length; i++) merged.push(a[i] as PsbtRecord);
  for (; j < b.length; j++) merged.push(b[j] as PsbtRecord);
  return merged;
};

const inOrder = (map: PsbtMap): PsbtMap => {
  for (let i = 1; i < map.length; i++) {
    if (compareKeys(map[i - 1] as PsbtRecord, map[i] as PsbtRecord) > 0) return sortedMap(map);
  }
  return map;
};

const conflict = (left: PsbtRecord, right: PsbtRecord, where: string): Error => {
  const type = `0x${left.type.toString(16).padStart(2, '0')}`;
  const keyData = formatHex(left.keyData.subarray(0, 100));
  return psbtError(
    'PSBT_FIELD_CONFLICT',
    `In ${where} the key of type ${type}${keyData === '' ? '' : ` for ${keyData}`} has two values.`,
    {
      map: where,
      type,
      keyData,
      values: [left, right].map(({ value }) => formatHex(value.subarray(0, 100))).sort(),
    },
  );
};

/** Bit 2 of PSBT_GLOBAL_TX_MODIFIABLE (BIP-370): a signature with SINGLE binds input to output. */
const HAS_SINGLE = 0b100;

/**
 * The global maps with the flags that hold for all: modifiable is what everybody leaves modifiable,
 * and what one has seen signed with SINGLE stays so.
 */
const withFlags = (psbts: readonly Psbt[]): ((psbt: Psbt) => PsbtMap) => {
  const all = psbts.map(({ global }) => fieldOf(global, GLOBAL.modifiable));
  if (all.every((flags) => flags === all[0])) return ({ global }) => global;
  const modifiable = all.reduce<number>((kept, flags) => kept & (flags ?? 0), ~HAS_SINGLE);
  const single = all.reduce<number>((seen, flags) => seen | (flags ?? 0), 0) & HAS_SINGLE;
  const flags = record(GLOBAL.modifiable, modifiable | single);
  return ({ global }) => global.map((each) => (each.type === flags.type ? flags : each));
};
