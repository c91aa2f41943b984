import type { AddressInfo, Server } from 'node:net';
import type { LedgerEmulator } from './emulator.ts';
import { ledgerEmulatorError } from './errors.ts';
import { httpServer } from './http-server.ts';
import { tcpServer } from './tcp-server.ts';

/** Ports on 127.0.0.1, and on nothing else; 0 is any free one. A form that is left out is not served. */
export interface ServeOptions {
  /** The HTTP form. */
  readonly port?: number | undefined;
  /** The raw form. */
  readonly apduPort?: number | undefined;
}

/** An emulator that listens on loopback. */
export interface ServedEmulator {
  /** Of the HTTP form, as `http://127.0.0.1:5000`. */
  readonly url: string | undefined;
  /** Of the raw form. */
  readonly apduPort: number | undefined;
  /** Stops listening and cuts every connection. The emulator stays open. */
  close(): Promise<void>;
}

/**
 * Serves an emulator to programs on this machine that speak to Ledger's own. Whoever can open a port of
 * this machine can talk to it, as whoever holds a cable can to a device.
 * @throws `EMULATOR_PORT_UNAVAILABLE`
 */
export const serveEmulator = async (
  emulator: LedgerEmulator,
  { port, apduPort }: ServeOptions,
): Promise<ServedEmulator> => {
  const open: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(open.map((end) => end()));
  };
  const start = async (server: Server, wanted: number): Promise<number> => {
    const connections = new Set<{ destroy(): unknown }>();
    server.on('connection', (socket: { destroy(): unknown; once: Once }) => {
      connections.add(socket);
      socket.once('close', () => connections.delete(socket));
    });
    const bound = await listen(server, wanted);
    open.push(async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      for (const socket of connections) socket.destroy();
      await closed;
    });
    return bound;
  };
  try {
    const http = port === undefined ? undefined : await start(httpServer(emulator), port);
    const raw = apduPort === undefined ? undefined : await start(tcpServer(emulator), apduPort);
    return {
      url: http === undefined ? undefined : `http://127.0.0.1:${http}`,
      apduPort: raw,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

type Once = (event: 'close', listener: () => void) => unknown;

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const what = `Port ${port} of 127.0.0.1 cannot be listened on.`;
      reject(ledgerEmulatorError('EMULATOR_PORT_UNAVAILABLE', what, { port }, cause));
    });
    server.listen(port, '127.0.0.1', () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
