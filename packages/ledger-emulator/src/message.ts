import { createHash } from 'node:crypto';
import {
  concatBytes,
  formatHex,
  formatUtf8,
  parseUtf8,
  readBytes,
  readUint8,
  sha256,
} from '@qoima/primitives';
import { Refusal } from './app-error.ts';
import { readData, readPath, readVarint } from './data-reader.ts';
import { type Device, wrongLength } from './device.ts';
import { approval, type Dialogue, orRefuse, show } from './dialogue.ts';
import { pathText } from './extended-pubkey.ts';
import { varint } from './host-client.ts';
import { element } from './merkle-map.ts';
import type { MerkleTree } from './merkle-proof.ts';

/** Bytes of a leaf of the message's Merkle tree. */
const CHUNK = 64;

/** The length of a message is 32 bits. */
const MAX_LENGTH = 2 ** 32;

/** Longer messages are shown by their hash. */
const MAX_SHOWN_CHUNKS = 10;

const MAGIC = parseUtf8('\x18Bitcoin Signed Message:\n');

/** SIGN_MESSAGE: the form that Bitcoin Core verifies, 65 bytes with a header of 31 or 32. */
export function* signMessage(device: Device, data: Uint8Array): Dialogue<Uint8Array> {
  const { maxPathSteps } = device.app;
  const request = readData(data, wrongLength, (reader) => {
    const steps = readUint8(reader);
    const path = readPath(reader, steps);
    const length = readVarint(reader);
    const root = readBytes(reader, 32);
    // The reader of paths knows none that is too long, and that of 2.4 no empty one.
    if (steps > maxPathSteps || (steps === 0 && device.app.version !== '2.3.0')) {
      throw wrongLength();
    }
    if (length >= MAX_LENGTH) throw new Refusal('incorrectData');
    return { path, length, chunks: { root, size: Math.ceil(length / CHUNK) } };
  });
  const message = yield* reviewMessage(device, request);
  const signature = recoverableSignature(device, message);
  yield* show(device.screens.signed('Message', signature !== undefined));
  if (signature === undefined) throw new Refusal('badState');
  return signature;
}

interface MessageRequest {
  readonly path: readonly number[];
  readonly length: number;
  readonly chunks: MerkleTree;
}

/** A message that a person has approved. Only `reviewMessage` makes one, and nothing else is signed. */
interface ReviewedMessage {
  readonly [reviewed]: true;
  readonly path: readonly number[];
  /** SHA-256 twice, of the magic, the length and the message. */
  readonly digest: Uint8Array;
}

const reviewed: unique symbol = Symbol('reviewed');

function* reviewMessage(
  { app, screens }: Device,
  { path, length, chunks }: MessageRequest,
): Dialogue<ReviewedMessage> {
  const digest = createHash('sha256').update(MAGIC).update(varint(length));
  const plain = createHash('sha256');
  const kept: Uint8Array[] = [];
  // 2.4 breaks lines at a line feed; 2.3 knows no way to show one.
  const shown = app.version === '2.3.0' ? /^[\x20-\x7e]*$/ : /^[\x20-\x7e\n]*$/;
  let printable = chunks.size <= MAX_SHOWN_CHUNKS;
  for (let i = 0; i < chunks.size; i++) {
    const chunk = yield* readChunk(chunks, i);
    digest.update(chunk);
    plain.update(chunk);
    printable &&= shown.test(formatUtf8(chunk));
    if (printable) kept.push(chunk);
  }
  if (printable) {
    const text = formatUtf8(concatBytes(...kept));
    for (const [i, review] of screens.message(pathText(path), text).entries()) {
      // 2.3 has forgotten what it read, and reads the chunks of each piece again.
      if (app.version === '2.3.0') yield* readPieceAgain(chunks, i);
      yield* approval(review);
    }
  } else {
    const hash = formatHex(new Uint8Array(plain.digest())).toUpperCase();
    yield* approval(screens.messageHash(pathText(path), hash));
  }
  return { [reviewed]: true, path, digest: sha256(new Uint8Array(digest.digest())) };
}

function* readChunk(chunks: MerkleTree, index: number): Dialogue<Uint8Array> {
  const chunk = yield* orRefuse(element(chunks, index, CHUNK), 'badState');
  if (chunk.length !== CHUNK && index !== chunks.size - 1) throw new Refusal('badState');
  return chunk;
}

/** Two chunks a piece. */
function* readPieceAgain(chunks: MerkleTree, piece: number): Dialogue<void> {
  for (let i = 2 * piece; i < Math.min(2 * piece + 2, chunks.size); i++)
    yield* readChunk(chunks, i);
}

/** Undefined where the app may not use the path. */
const recoverableSignature = (
  { keys }: Device,
  { path, digest }: ReviewedMessage,
): Uint8Array | undefined => {
  try {
    const { compact, odd } = keys.signRecoverable(path, digest);
    return concatBytes(Uint8Array.of(odd ? 32 : 31), compact);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
};
