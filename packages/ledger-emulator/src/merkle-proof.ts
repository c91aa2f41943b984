import { concatBytes, equalBytes, readBytes, readUint8, sha256 } from '@qoima/primitives';
import { HostFault } from './app-error.ts';
import { readData, readVarint } from './data-reader.ts';
import { ask, type Dialogue } from './dialogue.ts';
import { CLIENT_COMMAND, moreElements, varint } from './host-client.ts';

/** A vector that the host committed to: the root of its Merkle tree and how many leaves it has. */
export interface MerkleTree {
  readonly root: Uint8Array;
  readonly size: number;
}

/** The hash of a leaf: SHA-256 of 0x00 and the element. */
export const leafHashOf = (element: Uint8Array): Uint8Array =>
  sha256(concatBytes(LEAF_PREFIX, element));

/**
 * Asks for the hash of a leaf with its proof, and checks the proof.
 * @throws `HostFault`
 */
export function* leafHash(tree: MerkleTree, index: number): Dialogue<Uint8Array> {
  const request = concatBytes(
    Uint8Array.of(CLIENT_COMMAND.leafProof),
    tree.root,
    varint(tree.size),
    varint(index),
  );
  const answer = readData(yield* ask(request), truncated, (reader) => {
    const leaf = readBytes(reader, 32);
    const length = readUint8(reader);
    const count = readUint8(reader);
    if (count > length) throw new HostFault('more of a proof than it has');
    return { leaf, length, siblings: siblingsIn(readBytes(reader, 32 * count)) };
  });
  const { leaf, length, siblings } = answer;
  while (siblings.length < length) {
    const { elements, elementLength } = yield* moreElements();
    if (elementLength !== 32) throw new HostFault('an element of a proof has 32 bytes');
    siblings.push(...siblingsIn(elements));
    if (siblings.length > length) throw new HostFault('more of a proof than it has');
  }
  if (!equalBytes(rootOf(leaf, siblings, directions(tree.size, index)), tree.root)) {
    throw new HostFault('a proof for another root');
  }
  return leaf;
}

/**
 * Asks where a leaf of this hash stands, and has it proven. The host may deny a leaf that is there.
 * @throws `HostFault`, also if the host says that there is none
 */
export function* leafIndex(tree: MerkleTree, hash: Uint8Array): Dialogue<number> {
  const request = concatBytes(Uint8Array.of(CLIENT_COMMAND.leafIndex), tree.root, hash);
  const [found, index] = readData(yield* ask(request), truncated, (reader) => [
    readUint8(reader),
    readVarint(reader),
  ]);
  if (found !== 1 || index >= tree.size) throw new HostFault('no such leaf');
  if (!equalBytes(yield* leafHash(tree, index), hash)) throw new HostFault('another leaf');
  return index;
}

const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);

const truncated = (): Error => new HostFault('an answer that ends too soon');

const siblingsIn = (bytes: Uint8Array): Uint8Array[] =>
  Array.from({ length: bytes.length / 32 }, (_, i) => bytes.subarray(32 * i, 32 * i + 32));

/** From the root down, whether the way to a leaf turns right. A left subtree is the largest full one. */
const directions = (size: number, index: number): readonly boolean[] => {
  const turns: boolean[] = [];
  let [rest, at] = [size, index];
  while (rest > 1) {
    const left = 2 ** Math.ceil(Math.log2(rest) - 1);
    const right = at >= left;
    turns.push(right);
    rest = right ? rest - left : left;
    at -= right ? left : 0;
  }
  return turns;
};

const rootOf = (
  leaf: Uint8Array,
  siblings: readonly Uint8Array[],
  turns: readonly boolean[],
): Uint8Array => {
  if (siblings.length > turns.length) throw new HostFault('a proof that is too long');
  let hash = leaf;
  for (const [i, sibling] of siblings.entries()) {
    // A proof goes up from the leaf. One that is too short ends below the root and does not match it.
    const right = turns[siblings.length - 1 - i];
    hash = sha256(
      right === true
        ? concatBytes(NODE_PREFIX, sibling, hash)
        : concatBytes(NODE_PREFIX, hash, sibling),
    );
  }
  return hash;
};
