import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { formatHex, formatUtf8, isQoimaError, parseHex } from '@qoima/primitives';
import type { LedgerEmulator } from './emulator.ts';

/** An APDU has at most 260 bytes, twice that in hex, and some JSON around it. */
const MAX_BODY = 4096;

/**
 * The HTTP form of Ledger's own emulator: `POST /apdu` with `{"data":"<hex>"}` answers the same with the
 * answer and its status word, and `GET /events` tells the screens shown so far. `GET /events?stream=true`
 * stays open, and tells screens after each exchange of this form; it ends when the device is gone, which
 * Ledger's own transport takes for a disconnection. Any web page could post to a port of its reader's
 * machine, so requests that a browser marks with an origin are refused.
 */
export const httpServer = (emulator: LedgerEmulator): Server => {
  const streams = eventStreams(emulator);
  return createServer((request, response) => {
    respond(emulator, streams, request, response)
      .catch((error: unknown) => {
        const isGone = isQoimaError(error, 'EMULATOR_UNPLUGGED');
        const message = isQoimaError(error) ? error.message : 'failed';
        send(response, isGone ? 503 : 500, { error: message });
        if (isGone) streams.end();
      })
      .finally(() => streams.tell());
  });
};

interface EventStreams {
  add(response: ServerResponse): void;
  /** Writes the screens that have come since the last time. */
  tell(): void;
  end(): void;
}

const eventStreams = (emulator: LedgerEmulator): EventStreams => {
  const open = new Map<ServerResponse, number>();
  return {
    add: (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
      response.flushHeaders();
      open.set(response, 0);
      response.once('close', () => open.delete(response));
    },
    tell: () => {
      for (const [response, told] of open) {
        for (const text of emulator.screens.slice(told)) {
          response.write(`data: ${JSON.stringify({ text })}\n\n`);
        }
        open.set(response, emulator.screens.length);
      }
    },
    end: () => {
      for (const response of open.keys()) response.end();
      open.clear();
    },
  };
};

const respond = async (
  emulator: LedgerEmulator,
  streams: EventStreams,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  const route = `${request.method ?? ''} ${path}`;
  if (request.headers.origin !== undefined) {
    send(response, 403, { error: 'not for web pages' });
  } else if (route === 'GET /events' && query === 'stream=true') {
    streams.add(response);
  } else if (route === 'GET /events') {
    send(response, 200, { events: emulator.screens.map((text) => ({ text })) });
  } else if (route === 'POST /apdu') {
    const apdu = readApdu(await readBody(request));
    if (apdu === undefined) send(response, 400, { error: 'not {"data": "<hex of an APDU>"}' });
    else send(response, 200, { data: formatHex(await emulator.exchange(apdu)) });
  } else {
    send(response, 404, { error: 'there are POST /apdu and GET /events' });
  }
};

const send = (
  response: ServerResponse,
  status: number,
  body: Readonly<Record<string, unknown>>,
): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

/** Undefined for a body that is too long. */
const readBody = async (request: IncomingMessage): Promise<string | undefined> => {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes = chunk as Uint8Array;
    length += bytes.length;
    if (length > MAX_BODY) return undefined;
    chunks.push(bytes);
  }
  return formatUtf8(Buffer.concat(chunks));
};

const readApdu = (body: string | undefined): Uint8Array | undefined => {
  try {
    const { data } = JSON.parse(body ?? '') as { readonly data?: unknown };
    return typeof data === 'string' && data !== '' ? parseHex(data) : undefined;
  } catch {
    return undefined;
  }
};
