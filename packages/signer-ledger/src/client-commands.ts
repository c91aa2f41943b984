import {
  type ByteWriter,
  byteReader,
  byteWriter,
  compactSizeLength,
  formatHex,
  isQoimaError,
  readBytes,
  readCompactSize,
  sha256,
  writeBytes,
  writeCompactSize,
  writeUint8,
  writtenBytes,
} from '@qoima/primitives';
import { ledgerError } from './errors.ts';
import { LEAF, type MerkleTree, merkleTree } from './merkle.ts';

/**
 * What the host is willing to tell the device during one command: preimages and Merkle trees that
 * the command's own data commit to, and nothing else.
 */
export interface ClientCommands {
  /** Makes known the preimage of a SHA-256. */
  addPreimage(bytes: Uint8Array): void;
  /** Makes known a list: its Merkle tree, and each element as the preimage of its leaf. */
  addList(elements: readonly Uint8Array[]): MerkleTree;
  /**
   * Writes the answer to what the device asks, up to 255 bytes. What it yields goes to `onYield`, which may throw.
   * @throws `DEVICE_PROTOCOL` for a question that an honest app never asks
   */
  answer(request: Uint8Array, writer: ByteWriter): void;
}

/** Client commands of the app's documentation ("Client commands"), by their first byte. */
const COMMAND = {
  yield: 0x10,
  preimage: 0x40,
  leafProof: 0x41,
  leafIndex: 0x42,
  more: 0xa0,
} as const;

/** Most data bytes of an APDU. */
const ROOM = 255;
const HASH = 32;

export const clientCommands = (onYield: (yielded: Uint8Array) => void): ClientCommands => {
  const preimages = new Map<string, Uint8Array>();
  const leaves = new Map<string, Uint8Array>();
  const trees = new Map<string, KnownTree>();
  let rest: Rest | undefined;

  const treeOf = (root: Uint8Array): KnownTree => {
    const tree = trees.get(formatHex(root));
    if (tree === undefined) throw strange('asks for a Merkle tree that the host has not got');
    return tree;
  };

  const preimage = (request: Uint8Array, writer: ByteWriter): void => {
    if (request.length !== 1 + HASH || request[0] !== 0) {
      throw strange('asks wrongly for a preimage');
    }
    const hash = formatHex(request.subarray(1));
    const leaf = leaves.get(hash);
    const bytes = leaf ?? preimages.get(hash);
    if (bytes === undefined) throw strange('asks for a preimage that the host has not got');
    // A leaf's preimage has one byte before the element, written here and not copied together with it.
    const before = leaf === undefined ? 0 : 1;
    const length = before + bytes.length;
    const sent = Math.min(ROOM - 1 - compactSizeLength(length), length);
    writeCompactSize(writer, length);
    writeUint8(writer, sent);
    if (leaf !== undefined) writeUint8(writer, LEAF);
    writeBytes(writer, bytes.subarray(0, sent - before));
    if (sent < length) rest = { element: 1, bytes: bytes.subarray(sent - before) };
  };

  const leafProof = (request: Uint8Array, writer: ByteWriter): void => {
    const reader = byteReader(request);
    const { tree } = treeOf(readBytes(reader, HASH));
    const size = readCompactSize(reader);
    const place = readCompactSize(reader);
    if (size !== tree.size || place >= size || reader.offset !== request.length) {
      throw strange('asks for a leaf that its Merkle tree has not got');
    }
    const length = tree.proofLength(place);
    const sent = Math.min(Math.floor((ROOM - HASH - 2) / HASH), length);
    writeBytes(writer, tree.leaf(place));
    writeUint8(writer, length);
    writeUint8(writer, sent);
    tree.writeProof(writer, place, 0, sent);
    if (sent === length) return;
    const further = byteWriter((length - sent) * HASH);
    tree.writeProof(further, place, sent, length);
    rest = { element: HASH, bytes: writtenBytes(further) };
  };

  const leafIndex = (request: Uint8Array, writer: ByteWriter): void => {
    if (request.length !== 2 * HASH) throw strange('asks wrongly for the place of a leaf');
    const known = treeOf(request.subarray(0, HASH));
    known.places ??= placesOf(known.tree);
    const place = known.places.get(formatHex(request.subarray(HASH)));
    writeUint8(writer, place === undefined ? 0 : 1);
    writeCompactSize(writer, place ?? 0);
  };

  const more = (request: Uint8Array, writer: ByteWriter): void => {
    if (request.length !== 0 || rest === undefined) {
      throw strange('asks for more where there is none');
    }
    const { element, bytes } = rest;
    const sent = Math.min(Math.floor((ROOM - 2) / element) * element, bytes.length);
    rest = sent < bytes.length ? { element, bytes: bytes.subarray(sent) } : undefined;
    writeUint8(writer, sent / element);
    writeUint8(writer, element);
    writeBytes(writer, bytes.subarray(0, sent));
  };

  return {
    addPreimage: (bytes) => {
      preimages.set(formatHex(sha256(bytes)), bytes);
    },
    addList: (elements) => {
      const tree = merkleTree(elements);
      trees.set(formatHex(tree.root), { tree });
      for (const [place, element] of elements.entries()) {
        leaves.set(formatHex(tree.leaf(place)), element);
      }
      return tree;
    },
    answer: (request, writer) => {
      const body = request.subarray(1);
      // What does not fit into one answer is for the very next question only.
      if (request[0] !== COMMAND.more) rest = undefined;
      try {
        switch (request[0]) {
          case COMMAND.yield:
            return onYield(body);
          case COMMAND.preimage:
            return preimage(body, writer);
          case COMMAND.leafProof:
            return leafProof(body, writer);
          case COMMAND.leafIndex:
            return leafIndex(body, writer);
          case COMMAND.more:
            return more(body, writer);
          default:
            throw strange('asks something that no app asks');
        }
      } catch (error) {
        const isUnreadable =
          isQoimaError(error, 'BYTES_TRUNCATED') || isQoimaError(error, 'BYTES_NON_CANONICAL');
        throw isUnreadable ? strange('asks something that cannot be read', error) : error;
      }
    },
  };
};

interface KnownTree {
  readonly tree: MerkleTree;
  /** The places of leaf hashes, made when the device first asks for one. */
  places?: ReadonlyMap<string, number>;
}

/** The first place of each leaf hash. */
const placesOf = (tree: MerkleTree): ReadonlyMap<string, number> => {
  const places = new Map<string, number>();
  for (let place = tree.size - 1; place >= 0; place--)
    places.set(formatHex(tree.leaf(place)), place);
  return places;
};

/** What did not fit into the last answer: whole elements of one length. */
interface Rest {
  readonly element: number;
  readonly bytes: Uint8Array;
}

const strange = (what: string, cause?: unknown): Error =>
  ledgerError('DEVICE_PROTOCOL', `The device ${what}.`, {}, cause);
