import { equalBytes, readBytes, readUint8, readUint32 } from '@qoima/primitives';
import { HostFault } from '../app-error.ts';
import { readData } from '../data-reader.ts';
import type { Dialogue } from '../dialogue.ts';
import { type MerkleMap, streamedElement } from '../merkle-map.ts';
import type { Place } from '../policy-script.ts';
import type { OwnKey } from './own-keys.ts';

/** What a derivation field of a PSBT says of a key. */
export interface Derivation {
  /** 33 bytes, or 32 in a taproot field. */
  readonly publicKey: Uint8Array;
  readonly fingerprint: Uint8Array;
  readonly path: readonly number[];
}

/** Reads field `index` of a map, whose key is the type and a public key. @throws `HostFault` */
export function* readDerivation(
  map: MerkleMap,
  key: Uint8Array,
  index: number,
  { taproot, maxSteps }: { readonly taproot: boolean; readonly maxSteps: number },
): Dialogue<Derivation> {
  const publicKey = key.subarray(1);
  if (publicKey.length !== (taproot ? 32 : 33)) throw new HostFault('a key of another length');
  const value = yield* streamedElement(map.values, index);
  const origin = taproot ? afterLeafHashes(value) : value;
  const steps = origin.length / 4 - 1;
  if (!Number.isInteger(steps) || steps < 0 || steps > maxSteps) {
    throw new HostFault('a path that cannot be');
  }
  return readData(origin, truncated, (reader) => ({
    publicKey,
    fingerprint: readBytes(reader, 4),
    path: Array.from({ length: steps }, () => readUint32(reader)),
  }));
}

/**
 * The place that a derivation gives a key of ours: its origin's path, one of the two branches, an index.
 * The app compares no public key here: the script decides.
 */
export const placeBelow = (
  { expression, origin }: OwnKey,
  { fingerprint, path }: Derivation,
): Place | undefined => {
  const [branch, index] = path.slice(-2);
  const fits =
    path.length === origin.path.length + 2 &&
    equalBytes(fingerprint, origin.fingerprint) &&
    origin.path.every((step, i) => step === path[i]);
  if (!fits || branch === undefined || index === undefined) return undefined;
  if (branch !== expression.first && branch !== expression.second) return undefined;
  return { change: branch === expression.second, index };
};

/** Of a taproot field, the hashes of leaves come first: their number, which never needs two bytes, and they. */
const afterLeafHashes = (value: Uint8Array): Uint8Array => {
  const count = readData(value, truncated, readUint8);
  if (count > 128) throw new HostFault('more leaves than can be');
  return readData(value, truncated, (reader) => {
    readBytes(reader, 1 + 32 * count);
    return value.subarray(reader.offset);
  });
};

const truncated = (): Error => new HostFault('a derivation that ends too soon');
