import { createServer, type Server, type Socket } from 'node:net';
import { concatBytes } from '@qoima/primitives';
import type { LedgerEmulator } from './emulator.ts';

/** Longer frames are no APDUs: the connection is then cut. */
const MAX_APDU = 65_535;

/**
 * The raw form of Ledger's own emulator: four bytes of length (big-endian) and an APDU; the answer is the
 * length of its data, the data, and the status word, which the length does not count. An exchange that
 * fails, as one after the unplugging does, cuts the connection.
 */
export const tcpServer = (emulator: LedgerEmulator): Server =>
  createServer((socket) => {
    serve(emulator, socket).catch(() => {
      socket.destroy();
    });
  });

const serve = async (emulator: LedgerEmulator, socket: Socket): Promise<void> => {
  socket.setNoDelay(true);
  // One that hangs up ends the loop below; the error event must have somebody who hears it.
  socket.on('error', () => {
    socket.destroy();
  });
  let received: Uint8Array = new Uint8Array();
  for await (const chunk of socket) {
    received = concatBytes(received, chunk as Uint8Array);
    for (;;) {
      const length = received.length < 4 ? undefined : uint32(received);
      if (length !== undefined && length > MAX_APDU) throw new Error('a frame that is no APDU');
      if (length === undefined || received.length < 4 + length) break;
      const apdu = received.slice(4, 4 + length);
      received = received.subarray(4 + length);
      socket.write(frame(await emulator.exchange(apdu)));
    }
  }
};

const uint32 = (bytes: Uint8Array): number =>
  new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);

const frame = (answer: Uint8Array): Uint8Array => {
  const framed = new Uint8Array(4 + answer.length);
  new DataView(framed.buffer).setUint32(0, Math.max(0, answer.length - 2));
  framed.set(answer, 4);
  return framed;
};
