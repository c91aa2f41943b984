import { type ByteWriter, sha256, writeBytes } from '@qoima/primitives';

/**
 * The Merkle tree of the Ledger Bitcoin app (its documentation, "Merkleized data structures"): a leaf is
 * SHA-256(00 ‖ element), a node SHA-256(01 ‖ left ‖ right), and the left half of n elements is the
 * greatest power of two below n. That is the tree that pairing neighbours, level by level and with a
 * last odd one moved up as it is, makes.
 */
export interface MerkleTree {
  readonly size: number;
  /** 32 bytes; zeros for no elements. */
  readonly root: Uint8Array;
  /** The leaf hash of the element at a place. */
  readonly leaf: (place: number) => Uint8Array;
  /** How many hashes stand beside the way from the leaf at a place to the root. */
  readonly proofLength: (place: number) => number;
  /** Writes those hashes, from below: from the number `from` on, and before `to`. */
  readonly writeProof: (writer: ByteWriter, place: number, from: number, to: number) => void;
}

export const merkleTree = (elements: readonly Uint8Array[]): MerkleTree => {
  // All hashes in one piece of memory, level by level: a spend has some fifty thousand of them.
  const levels = levelsOf(elements.length);
  const hashes = new Uint8Array(levels.reduce((nodes, { size }) => nodes + size, 0) * HASH);
  const hashAt = (node: number): Uint8Array => hashes.subarray(node * HASH, (node + 1) * HASH);
  for (const [place, element] of elements.entries()) {
    hashes.set(hashWith(LEAF, element), place * HASH);
  }
  for (const [i, { start, size }] of levels.slice(1).entries()) {
    const below = levels[i] as Level;
    for (let place = 0; place < size; place++) {
      const left = below.start + 2 * place;
      const pair = hashes.subarray(left * HASH, (left + 2) * HASH);
      const isPair = 2 * place + 1 < below.size;
      hashes.set(isPair ? hashWith(NODE, pair) : hashAt(left), (start + place) * HASH);
    }
  }
  const siblingAt = (level: number, place: number): number => {
    const { start, size } = levels[level] as Level;
    const sibling = (place >>> level) ^ 1;
    return sibling < size ? start + sibling : NONE;
  };
  return {
    size: elements.length,
    root: elements.length === 0 ? new Uint8Array(HASH) : hashes.subarray(-HASH),
    leaf: hashAt,
    proofLength: (place) => {
      let length = 0;
      for (let level = 0; level < levels.length; level++) {
        if (siblingAt(level, place) !== NONE) length++;
      }
      return length;
    },
    writeProof: (writer, place, from, to) => {
      let number = 0;
      for (let level = 0; level < levels.length; level++) {
        const sibling = siblingAt(level, place);
        if (sibling === NONE) continue;
        if (number >= from && number < to) writeBytes(writer, hashAt(sibling));
        number++;
      }
    },
  };
};

/** What stands before an element when it is hashed as a leaf. */
export const LEAF = 0x00;
const NODE = 0x01;
const HASH = 32;
/** Of a node that is moved up alone. */
const NONE = -1;

/** Where the nodes of a level begin, and how many they are. */
interface Level {
  readonly start: number;
  readonly size: number;
}

/** From the leaves to the root. */
const levelsOf = (leaves: number): readonly Level[] => {
  const levels: Level[] = [{ start: 0, size: leaves }];
  for (let last = levels[0]; last !== undefined && last.size > 1; last = levels.at(-1)) {
    levels.push({ start: last.start + last.size, size: Math.ceil(last.size / 2) });
  }
  return levels;
};

const hashWith = (first: number, bytes: Uint8Array): Uint8Array => {
  const preimage = new Uint8Array(1 + bytes.length);
  preimage[0] = first;
  preimage.set(bytes, 1);
  return sha256(preimage);
};
