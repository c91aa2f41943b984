import { equalBytes, formatHex } from '@qoima/primitives';
import { transactionOf } from './assemble.ts';
import { psbtError } from './errors.ts';
import { fieldOf, GLOBAL, record } from './fields.ts';
import { nameOf, type Place } from './map-place.ts';
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
  const merge = merger(psbts.length);
  const combined: Psbt = {
    version,
    global: merge(psbts.map(withFlags(psbts)), 'global', 0),
    inputs: mergeEach(
      psbts.map(({ inputs }) => inputs),
      merge,
      'input',
    ),
    outputs: mergeEach(
      psbts.map(({ outputs }) => outputs),
      merge,
      'output',
    ),
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

/** Merges one map of every PSBT. @throws `PSBT_FIELD_CONFLICT` */
type Merge = (maps: readonly PsbtMap[], kind: Place['kind'], index: number) => PsbtMap;

const mergeEach = (
  columns: readonly (readonly PsbtMap[])[],
  merge: Merge,
  kind: 'input' | 'output',
): PsbtMap[] => {
  const maps: PsbtMap[] = [];
  const merged: PsbtMap[] = [];
  for (let index = 0; index < (columns[0]?.length ?? 0); index++) {
    for (let i = 0; i < columns.length; i++) maps[i] = columns[i]?.[index] ?? [];
    merged.push(merge(maps, kind, index));
  }
  return merged;
};

/**
 * Merges so many maps at a time: of every key the first record that has it. All maps at once, in memory
 * that serves them all, because what a thousand inputs leave to the collector costs more than the merging.
 */
const merger = (count: number): Merge => {
  /** For each map the place of its first record that is not merged yet. */
  const next = new Array<number>(count).fill(0);
  /** How that record's key compares with the least of all. */
  const orders = new Array<number>(count).fill(0);
  return (maps, kind, index) => {
    const sorted = maps.every(isInOrder) ? maps : maps.map(sortedMap);
    const merged: PsbtRecord[] = [];
    next.fill(0);
    for (;;) {
      let least: PsbtRecord | undefined;
      for (let i = 0; i < count; i++) {
        const head = sorted[i]?.[next[i] as number];
        const order = head && (least === undefined ? -1 : compareKeys(head, least));
        orders[i] = order ?? 1;
        if (order === undefined || order >= 0) continue;
        least = head;
        orders.fill(1, 0, i);
      }
      if (least === undefined) return merged;
      merged.push(least);
      for (let i = 0; i < count; i++) {
        if ((orders[i] as number) > 0) continue;
        const at = next[i] as number;
        const head = sorted[i]?.[at] as PsbtRecord;
        next[i] = at + 1;
        if (head !== least && !equalBytes(head.value, least.value)) {
          throw conflict(least, head, nameOf({ kind, index }));
        }
      }
    }
  };
};

const isInOrder = (map: PsbtMap): boolean => {
  for (let i = 1; i < map.length; i++) {
    if (compareKeys(map[i - 1] as PsbtRecord, map[i] as PsbtRecord) > 0) return false;
  }
  return true;
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
