import { request } from 'node:http';
import { connect } from 'node:net';
import { concatBytes, formatHex, parseHex } from '@qoima/primitives';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type LedgerEmulator,
  type Misbehaviour,
  openEmulator,
  type ServedEmulator,
  serveEmulator,
} from '../src/index.ts';
import { apduOf, pathData } from './host.ts';

const mnemonic =
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about';

const FINGERPRINT = 'e105000100';

let served: ServedEmulator | undefined;
afterEach(async () => {
  await served?.close();
  served = undefined;
});

const serve = async (misbehaviour?: Misbehaviour) => {
  const emulator: LedgerEmulator = openEmulator({ mnemonic, app: 'Bitcoin Test', misbehaviour });
  const started = await serveEmulator(emulator, { port: 0, apduPort: 0 });
  served = started;
  return { emulator, url: started.url ?? '', apduPort: started.apduPort ?? 0 };
};

/** One request, and what comes back. */
const http = (
  url: string,
  method: string,
  body = '',
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    request(url, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: text });
      });
    })
      .on('error', reject)
      .end(body);
  });

/** Writes bytes in one piece or several, and reads until so many came back or the other side closed. */
const tcp = (port: number, pieces: readonly Uint8Array[], length: number): Promise<string> =>
  new Promise((resolve, reject) => {
    let received: Uint8Array = new Uint8Array();
    const socket = connect(port, '127.0.0.1', () => {
      for (const piece of pieces) socket.write(piece);
    });
    socket.on('data', (chunk: Buffer) => {
      received = concatBytes(received, chunk);
      if (received.length >= length) socket.end();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      resolve(formatHex(received));
    });
  });

const framed = (apdu: Uint8Array): Uint8Array =>
  concatBytes(Uint8Array.of(0, 0, 0, apdu.length), apdu);

describe('the HTTP form', () => {
  it('takes an APDU and gives its answer', async () => {
    const { url } = await serve();
    expect(await http(`${url}/apdu`, 'POST', JSON.stringify({ data: FINGERPRINT }))).toEqual({
      status: 200,
      body: '{"data":"73c5da0a9000"}',
    });
  });

  it('tells the screens', async () => {
    const { url } = await serve();
    const display = apduOf(0xe1, 0, 0, 1, concatBytes(Uint8Array.of(1), pathData([0x8000002d])));
    await http(`${url}/apdu`, 'POST', JSON.stringify({ data: formatHex(display) }));
    const { body } = await http(`${url}/events`, 'GET');
    const { events } = JSON.parse(body) as { events: { text: string }[] };
    expect(events.slice(0, 2)).toEqual([{ text: 'Confirm public key' }, { text: "Path | 45'" }]);
  });

  it('streams the screens until the device is gone', async () => {
    const { url } = await serve({ unplugAtExchange: 2 });
    let [text, ended] = ['', false];
    const streaming = new Promise<void>((resolve, reject) => {
      request(`${url}/events?stream=true`, (response) => {
        expect(response.headers['content-type']).toBe('text/event-stream');
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => {
          ended = true;
          resolve();
        });
        const display = apduOf(
          0xe1,
          0,
          0,
          1,
          concatBytes(Uint8Array.of(1), pathData([0x8000002d])),
        );
        const post = (): Promise<unknown> =>
          http(`${url}/apdu`, 'POST', JSON.stringify({ data: formatHex(display) }));
        post()
          .then(() => {
            expect(ended).toBe(false);
            return post();
          })
          .catch(reject);
      })
        .on('error', reject)
        .end();
    });
    await streaming;
    expect(text).toMatch(/^data: \{"text":"Confirm public key"\}\n\ndata: \{"text":"Path/);
  });

  it.each([
    ['no JSON', 'POST', '/apdu', 'hello', 400],
    ['no hex', 'POST', '/apdu', '{"data":"zz"}', 400],
    ['no data', 'POST', '/apdu', '{}', 400],
    ['a body too long', 'POST', '/apdu', JSON.stringify({ data: '00'.repeat(5000) }), 400],
    ['another place', 'POST', '/button/left', '{}', 404],
    ['another method', 'GET', '/apdu', '', 404],
  ])('refuses %s', async (_, method, path, body, status) => {
    const { url, emulator } = await serve();
    expect(await http(url + path, method, body)).toMatchObject({ status });
    expect(emulator.exchanges).toBe(0);
  });

  it('refuses web pages', async () => {
    const { url } = await serve();
    const body = JSON.stringify({ data: FINGERPRINT });
    const headers = { origin: 'https://example.org' };
    expect(await http(`${url}/apdu`, 'POST', body, headers)).toMatchObject({ status: 403 });
  });

  it('says when the device is gone', async () => {
    const { url } = await serve({ unplugAtExchange: 1 });
    const answer = await http(`${url}/apdu`, 'POST', JSON.stringify({ data: FINGERPRINT }));
    expect(answer).toMatchObject({ status: 503, body: expect.stringMatching(/unplugged/) });
  });
});

describe('the raw form', () => {
  it('counts the data of an answer and not its status word', async () => {
    const { apduPort } = await serve();
    const apdu = framed(parseHex(FINGERPRINT));
    expect(await tcp(apduPort, [apdu], 10)).toBe('0000000473c5da0a9000');
  });

  it('takes APDUs in pieces, and several in one', async () => {
    const { apduPort } = await serve();
    const apdu = framed(parseHex(FINGERPRINT));
    const pieces = [apdu.subarray(0, 3), apdu.subarray(3, 6), concatBytes(apdu.subarray(6), apdu)];
    expect(await tcp(apduPort, pieces, 20)).toBe('0000000473c5da0a9000'.repeat(2));
  });

  it('hangs up on a frame that is no APDU, and goes on serving', async () => {
    const { apduPort } = await serve();
    expect(await tcp(apduPort, [parseHex('ffffffff00')], 1)).toBe('');
    expect(await tcp(apduPort, [framed(parseHex('e1050001'))], 10)).toBe('0000000473c5da0a9000');
  });

  it('hangs up when the device is gone', async () => {
    const { apduPort } = await serve({ unplugAtExchange: 1 });
    expect(await tcp(apduPort, [framed(parseHex(FINGERPRINT))], 1)).toBe('');
  });
});

describe('a port that is taken', () => {
  it('is refused by name, and nothing is left listening', async () => {
    const { emulator, apduPort } = await serve();
    await expect(serveEmulator(emulator, { port: 0, apduPort })).rejects.toMatchObject({
      code: 'EMULATOR_PORT_UNAVAILABLE',
    });
  });
});
