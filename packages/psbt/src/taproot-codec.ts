import { readBytes, readCompactSize, readUint8 } from '@qoima/primitives';
import { bytesThat, type Codec, keyOrigin, readsWhole } from './codec.ts';

/**
 * Shapes of the fields of BIP-371 and BIP-373. Qoima signs nothing with taproot; it checks these as
 * their test vectors demand and hands their bytes on.
 */

/** BIP-371: a count, so many leaf hashes of 32 bytes, and then a key origin. */
export const taprootOrigin: Codec<Uint8Array> = bytesThat(
  'a counted list of leaf hashes of 32 bytes and a key origin',
  (bytes) =>
    readsWhole(bytes, (reader) => {
      readBytes(reader, readCompactSize(reader) * 32);
      return keyOrigin.fits(readBytes(reader, bytes.length - reader.offset));
    }),
);

/** BIP-341: 33 bytes, and 32 for each step of the Merkle path, at most 128 of them. */
export const controlBlock: Codec<Uint8Array> = bytesThat(
  '33 bytes and 32 for each step of the Merkle path',
  (bytes) => bytes.length >= 33 && bytes.length <= 33 + 128 * 32 && (bytes.length - 33) % 32 === 0,
);

/** BIP-371: the script and then its leaf version. */
export const leafScript: Codec<Uint8Array> = bytesThat(
  'a script and a leaf version with an even number',
  (bytes) => bytes.length > 0 && ((bytes.at(-1) as number) & 1) === 0,
);

/**
 * BIP-371: depth, leaf version and script of each leaf, depth first. The depths must close to one
 * tree: a leaf at depth d fills 2^-d of it, and the whole must be filled from the left.
 */
export const taprootTree: Codec<Uint8Array> = bytesThat(
  'leaves of one whole tree, depth first',
  (bytes) =>
    bytes.length > 0 &&
    readsWhole(bytes, (reader) => {
      /** Depths of finished left branches that wait for their right one, the deepest last. */
      const waiting: number[] = [];
      let closed = false;
      while (!closed && reader.offset < bytes.length) {
        let depth = readUint8(reader);
        const version = readUint8(reader);
        readBytes(reader, readCompactSize(reader));
        if (depth > 128 || (version & 1) !== 0 || depth < (waiting.at(-1) ?? 0)) return false;
        while (waiting.length > 0 && waiting.at(-1) === depth) {
          waiting.pop();
          depth--;
        }
        if (depth === 0) closed = true;
        else waiting.push(depth);
      }
      return closed;
    }),
);

const isCompressed = (bytes: Uint8Array, at: number): boolean => bytes[at] === 2 || bytes[at] === 3;

/**
 * A compressed key by its shape, like `ecdsaKey`: nobody here uses it, and a file may hold a million of
 * them, which would take the curve several seconds.
 */
export const compressedKey: Codec<Uint8Array> = bytesThat(
  'a compressed key of 33 bytes from 02 or 03',
  (bytes) => bytes.length === 33 && isCompressed(bytes, 0),
);

/** Participants of BIP-373: compressed keys, one after the other. */
export const compressedKeys: Codec<Uint8Array> = bytesThat(
  'compressed keys of 33 bytes from 02 or 03 each',
  (bytes) => {
    if (bytes.length % 33 !== 0) return false;
    for (let at = 0; at < bytes.length; at += 33) if (!isCompressed(bytes, at)) return false;
    return true;
  },
);

/** BIP-373: participant key, aggregate key and, for a script path, the leaf hash. */
export const musigSigner: Codec<Uint8Array> = bytesThat(
  'two compressed keys of 33 bytes each, and a leaf hash of 32 bytes or none',
  (bytes) =>
    (bytes.length === 66 || bytes.length === 98) &&
    isCompressed(bytes, 0) &&
    isCompressed(bytes, 33),
);
