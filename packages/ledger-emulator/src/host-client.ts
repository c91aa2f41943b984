import {
  byteWriter,
  concatBytes,
  equalBytes,
  readBytes,
  readUint8,
  sha256,
  writeCompactSize,
  writtenBytes,
} from '@qoima/primitives';
import { HostFault } from './app-error.ts';
import { readData, readVarint } from './data-reader.ts';
import { ask, type Dialogue } from './dialogue.ts';

/** What the app asks of the host while it works on a command. */
export const CLIENT_COMMAND: {
  readonly yield: 0x10;
  readonly preimage: 0x40;
  readonly leafProof: 0x41;
  readonly leafIndex: 0x42;
  readonly moreElements: 0xa0;
} = { yield: 0x10, preimage: 0x40, leafProof: 0x41, leafIndex: 0x42, moreElements: 0xa0 };

/** No previous transaction, the longest thing ever asked for, is longer than a block. */
const MAX_STREAM = 4_000_000;

/** A number as the client commands write it. */
export const varint = (value: number): Uint8Array => {
  const writer = byteWriter(9);
  writeCompactSize(writer, value);
  return writtenBytes(writer);
};

/** Hands a result to the host; what it replies is not looked at. */
export function* yieldToHost(result: Uint8Array): Dialogue<void> {
  yield* ask(concatBytes(Uint8Array.of(CLIENT_COMMAND.yield), result));
}

/**
 * Asks for the bytes that have this SHA-256, at most `limit` of them.
 * @throws `HostFault`
 */
export function* preimage(hash: Uint8Array, limit: number): Dialogue<Uint8Array> {
  const { length, bytes } = yield* startPreimage(hash);
  if (length > limit) throw new HostFault('a preimage that is too long');
  return yield* restOfPreimage(hash, length, bytes);
}

/** The same for an element of a Merkle tree, whose leaf is hashed with a zero byte before it. */
export function* leafPreimage(hash: Uint8Array, limit: number): Dialogue<Uint8Array> {
  const { length, bytes } = yield* startPreimage(hash);
  if (bytes.length === 0 || length - 1 > limit) {
    throw new HostFault('no preimage, or one that is too long');
  }
  return (yield* restOfPreimage(hash, length, bytes)).subarray(1);
}

/** An element that the app reads in passing, of any length that can be meant. @throws `HostFault` */
export const streamedPreimage = (hash: Uint8Array): Dialogue<Uint8Array> =>
  leafPreimage(hash, MAX_STREAM);

/** The next elements of what did not fit. @throws `HostFault` */
export function* moreElements(): Dialogue<{ elements: Uint8Array; elementLength: number }> {
  const answer = yield* ask(Uint8Array.of(CLIENT_COMMAND.moreElements));
  return readData(answer, truncated, (reader) => {
    const count = readUint8(reader);
    const elementLength = readUint8(reader);
    return { elements: readBytes(reader, count * elementLength), elementLength };
  });
}

interface PreimageStart {
  readonly length: number;
  readonly bytes: Uint8Array;
}

function* startPreimage(hash: Uint8Array): Dialogue<PreimageStart> {
  const answer = yield* ask(concatBytes(Uint8Array.of(CLIENT_COMMAND.preimage, 0), hash));
  const start = readData(answer, truncated, (reader) => {
    const length = readVarint(reader);
    return { length, bytes: readBytes(reader, readUint8(reader)) };
  });
  if (start.length === 0 || start.bytes.length > start.length) {
    throw new HostFault('a preimage of another length');
  }
  return start;
}

function* restOfPreimage(
  hash: Uint8Array,
  length: number,
  start: Uint8Array,
): Dialogue<Uint8Array> {
  const parts = [start];
  let have = start.length;
  while (have < length) {
    const { elements, elementLength } = yield* moreElements();
    if (elementLength !== 1 || have + elements.length > length) {
      throw new HostFault('a preimage goes on in single bytes, and not beyond its length');
    }
    parts.push(elements);
    have += elements.length;
  }
  const whole = concatBytes(...parts);
  if (!equalBytes(sha256(whole), hash)) throw new HostFault('a preimage of another hash');
  return whole;
}

const truncated = (): Error => new HostFault('an answer that ends too soon');
