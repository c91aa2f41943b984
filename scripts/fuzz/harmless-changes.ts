import { equalBytes } from '@qoima/primitives';
import {
  compareKeys,
  fieldOf,
  GLOBAL,
  INPUT,
  OUTPUT,
  type Psbt,
  type PsbtMap,
  type PsbtRecord,
  transactionHash,
} from '@qoima/psbt';

/** A kind of change that may pass review and verification without a word, and why. */
export interface HarmlessChange {
  readonly what: string;
  readonly because: string;
  /** What of a PSBT is left to compare once this kind of change is taken out of it. */
  readonly undo: (changed: Psbt, clean: Psbt) => Psbt;
  /** True if the report tells by its digest all the same. */
  readonly otherDigest: boolean;
}

/** What passes, all of it: a change that no row undoes has to be found or refused. */
export const harmlessChanges: readonly HarmlessChange[] = [
  {
    what: 'the records of a map in another order',
    because: 'BIP-174 gives them none; the digest is over their sorted order',
    undo: (changed) => changed,
    otherDigest: false,
  },
  {
    what: 'no fallback lock time where it was 0, or the other way round',
    because: 'BIP-370: without one it is 0',
    undo: (changed, clean) => ({
      ...changed,
      global: asIn(clean.global, changed.global, GLOBAL.fallbackLockTime, isZero),
    }),
    otherDigest: false,
  },
  {
    what: 'flags of what is modifiable, of which none is set',
    because: 'BIP-370: without them nothing is modifiable',
    undo: (changed, clean) => ({
      ...changed,
      global: asIn(clean.global, changed.global, GLOBAL.modifiable, isZero),
    }),
    otherDigest: false,
  },
  {
    what: 'a version 0 that says so',
    because: 'BIP-174: without PSBT_GLOBAL_VERSION it is 0',
    undo: (changed, clean) => ({
      ...changed,
      global: asIn(clean.global, changed.global, GLOBAL.version, isZero),
    }),
    otherDigest: false,
  },
  {
    what: 'another witness, or none, in a previous transaction',
    because: 'BIP-141: an outpoint does not commit to it, and nothing is read from it',
    undo: (changed, clean) => ({
      ...changed,
      inputs: changed.inputs.map((map, i) => withPreviousOf(map, clean.inputs[i] ?? [])),
    }),
    otherDigest: true,
  },
  {
    what: 'change without any of its fields',
    because: 'it is then shown as a payment to an address, and approved as one',
    undo: (changed, clean) => ({
      ...changed,
      outputs: changed.outputs.map((map, i) =>
        map.every(({ type }) => isPaid(type)) ? (clean.outputs[i] ?? map) : map,
      ),
    }),
    otherDigest: true,
  },
];

/** The first row that undoes the whole change; undefined if none does. */
export const harmlessChange = (changed: Psbt, clean: Psbt): HarmlessChange | undefined =>
  harmlessChanges.find(({ undo }) => isSamePsbt(undo(changed, clean), clean));

const isZero = (value: Uint8Array): boolean => value.every((byte) => byte === 0);

/** The map with the record of this type as in the other one, if what stands in either is passable. */
const asIn = (
  clean: PsbtMap,
  changed: PsbtMap,
  field: { readonly type: number },
  passable: (value: Uint8Array) => boolean,
): PsbtMap => {
  const ours = ({ type }: PsbtRecord): boolean => type === field.type;
  return [...clean, ...changed].filter(ours).every(({ value }) => passable(value))
    ? [...changed.filter((record) => !ours(record)), ...clean.filter(ours)]
    : changed;
};

const withPreviousOf = (changed: PsbtMap, clean: PsbtMap): PsbtMap => {
  const [now, then] = [changed, clean].map((map) => fieldOf(map, INPUT.nonWitnessUtxo));
  if (now === undefined || then === undefined) return changed;
  if (!equalBytes(transactionHash(now), transactionHash(then))) return changed;
  return changed.map((record) =>
    record.type === INPUT.nonWitnessUtxo.type ? { ...record, value: then } : record,
  );
};

const isPaid = (type: number): boolean =>
  type === OUTPUT.amount.type || type === OUTPUT.script.type;

const isSamePsbt = (a: Psbt, b: Psbt): boolean =>
  isSameMap(a.global, b.global) &&
  isSameMaps(a.inputs, b.inputs) &&
  isSameMaps(a.outputs, b.outputs);

const isSameMaps = (a: readonly PsbtMap[], b: readonly PsbtMap[]): boolean =>
  a.length === b.length && a.every((map, i) => isSameMap(map, b[i] ?? []));

/** In any order; no map has a key twice. */
const isSameMap = (a: PsbtMap, b: PsbtMap): boolean =>
  a.length === b.length &&
  a.every((record) =>
    b.some((other) => compareKeys(record, other) === 0 && equalBytes(record.value, other.value)),
  );
