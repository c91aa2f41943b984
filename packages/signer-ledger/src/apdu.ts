import { type ByteWriter, byteWriter, writeUint8 } from '@qoima/primitives';
import { ledgerError } from './errors.ts';

/** Commands of the Bitcoin app (its documentation, `doc/bitcoin.md`), all of class e1. */
export const INSTRUCTION = {
  extendedKey: 0x00,
  registerPolicy: 0x02,
  address: 0x03,
  signPsbt: 0x04,
  fingerprint: 0x05,
  signMessage: 0x10,
} as const;

/** Status words that a command goes on with. */
export const STATUS = { done: 0x9000, interrupted: 0xe000, badData: 0x6a80 } as const;

/** An answer of the device, taken apart. */
export interface DeviceAnswer {
  readonly status: number;
  readonly data: Uint8Array;
}

/** Protocol version 1, that of app 2.1.0 and later. */
export const commandApdu = (instruction: number, data: Uint8Array): Uint8Array =>
  apdu([0xe1, instruction, 0x00, 0x01], data);

/** What answers a client command. Its P2 is 0: the app also takes a 1, and strict replays do not. */
const CONTINUE = [0xf8, 0x01, 0x00, 0x00];

/** No answer to a client command, which ends the command. */
export const abandonApdu: Uint8Array = Uint8Array.of(...CONTINUE, 0);

/**
 * Makes the APDUs that answer client commands, each data written by `write`. A large spend takes a hundred
 * thousand of them, so they are cut from larger pieces of memory, and never written over.
 */
export const continueApdus = (): ((write: (writer: ByteWriter) => void) => Uint8Array) => {
  let writer = byteWriter(PAGE);
  return (write) => {
    if (writer.length + MAX_APDU > PAGE) writer = byteWriter(PAGE);
    const start = writer.length;
    for (const byte of CONTINUE) writeUint8(writer, byte);
    writeUint8(writer, 0);
    const from = writer.length;
    write(writer);
    const length = writer.length - from;
    if (length > MAX_DATA) throw new Error('a short APDU carries up to 255 bytes');
    writer.bytes[from - 1] = length;
    return writer.bytes.subarray(start, writer.length);
  };
};

/** CLA, INS, P1, P2, length, data. */
export const apdu = (header: readonly number[], data: Uint8Array): Uint8Array => {
  if (data.length > MAX_DATA) throw new Error('a short APDU carries up to 255 bytes');
  const bytes = new Uint8Array(header.length + 1 + data.length);
  bytes.set(header);
  bytes[header.length] = data.length;
  bytes.set(data, header.length + 1);
  return bytes;
};

/** @throws `DEVICE_PROTOCOL` for what no answer can be */
export const decodeAnswer = (answer: Uint8Array): DeviceAnswer => {
  const end = answer.length - 2;
  if (end < 0 || end > MAX_DATA + 1) {
    throw ledgerError('DEVICE_PROTOCOL', `The device answered with ${answer.length} bytes.`, {
      actual: answer.length,
    });
  }
  const status = ((answer[end] as number) << 8) | (answer[end + 1] as number);
  return { status, data: new Uint8Array(answer.buffer, answer.byteOffset, end) };
};

const MAX_DATA = 255;
const MAX_APDU = 5 + MAX_DATA;
const PAGE = 65_536;
