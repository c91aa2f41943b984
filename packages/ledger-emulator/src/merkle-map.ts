import { compareBytes, readBytes } from '@qoima/primitives';
import { HostFault } from './app-error.ts';
import { readData, readVarint } from './data-reader.ts';
import { atOnce, type Dialogue } from './dialogue.ts';
import { leafPreimage, streamedPreimage } from './host-client.ts';
import { leafHash, leafHashOf, leafIndex, type MerkleTree } from './merkle-proof.ts';

/** A PSBT map that the host committed to: the trees of its sorted keys and of their values. */
export interface MerkleMap {
  readonly size: number;
  readonly keys: MerkleTree;
  readonly values: MerkleTree;
}

export const merkleMap = (
  size: number,
  keysRoot: Uint8Array,
  valuesRoot: Uint8Array,
): MerkleMap => ({
  size,
  keys: { root: keysRoot, size },
  values: { root: valuesRoot, size },
});

/** The longest key that the app reads: a control block of the deepest taproot tree that it knows. */
const MAX_KEY = 290;

/** A commitment to a map: its size, of up to nine bytes, and two roots. */
const MAX_COMMITMENT = 9 + 64;

/** @throws `HostFault` */
export function* element(tree: MerkleTree, index: number, limit: number): Dialogue<Uint8Array> {
  return yield* leafPreimage(yield* leafHash(tree, index), limit);
}

/** As `element`, for what may be long. @throws `HostFault` */
export function* streamedElement(tree: MerkleTree, index: number): Dialogue<Uint8Array> {
  return yield* streamedPreimage(yield* leafHash(tree, index));
}

/**
 * Reads every key of a map, which must be sorted and differ; `visit` is called with each in turn and may
 * ask the host itself.
 * @throws `HostFault`
 */
export function* walkKeys(map: MerkleMap, visit: KeyVisitor = passOver): Dialogue<void> {
  let previous: Uint8Array | undefined;
  for (let index = 0; index < map.size; index++) {
    const key = yield* element(map.keys, index, MAX_KEY);
    if (previous !== undefined && compareBytes(previous, key) >= 0) {
      throw new HostFault('keys that are not sorted');
    }
    previous = key;
    yield* visit(key, index);
  }
}

export type KeyVisitor = (key: Uint8Array, index: number) => Dialogue<void>;

/** The map that stands at `index` of a vector of maps, all its keys walked. @throws `HostFault` */
export function* mapAt(maps: MerkleTree, index: number, visit?: MapVisitor): Dialogue<MerkleMap> {
  const commitment = yield* element(maps, index, MAX_COMMITMENT);
  const map = readData(commitment, truncated, (reader) =>
    merkleMap(readVarint(reader), readBytes(reader, 32), readBytes(reader, 32)),
  );
  yield* walkKeys(map, visit === undefined ? passOver : (key, at) => visit(map, key, at));
  return map;
}

export type MapVisitor = (map: MerkleMap, key: Uint8Array, index: number) => Dialogue<void>;

/**
 * The value under a key of one byte, a PSBT field without key data.
 * @throws `HostFault`, also when there is none
 */
export function* value(map: MerkleMap, keyType: number, limit: number): Dialogue<Uint8Array> {
  return yield* element(map.values, yield* indexOf(map, keyType), limit);
}

/** As `value`, of exactly `length` bytes. @throws `HostFault` */
export function* fixedValue(map: MerkleMap, keyType: number, length: number): Dialogue<Uint8Array> {
  const bytes = yield* value(map, keyType, length);
  if (bytes.length !== length) throw new HostFault('a value of another length');
  return bytes;
}

/** As `value`, for what may be long. @throws `HostFault` */
export function* streamedValue(map: MerkleMap, keyType: number): Dialogue<Uint8Array> {
  return yield* streamedElement(map.values, yield* indexOf(map, keyType));
}

const indexOf = (map: MerkleMap, keyType: number): Dialogue<number> =>
  leafIndex(map.keys, leafHashOf(Uint8Array.of(keyType)));

const passOver: KeyVisitor = () => atOnce(undefined);

const truncated = (): Error => new HostFault('a commitment that ends too soon');
