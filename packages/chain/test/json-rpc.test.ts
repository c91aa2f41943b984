import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QoimaError } from '@qoima/primitives';
import * as v from 'valibot';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type JsonRpc, type JsonRpcOptions, jsonRpc } from '../src/json-rpc.ts';
import { CALL_TIMEOUT_MS, instantSleep, loopbackServer, signalled } from './scripted-node.ts';

const password = { user: 'reserve', password: 'g3heim' };

const connect = (url: string, options: Partial<JsonRpcOptions> = {}): JsonRpc =>
  jsonRpc({ url, auth: password, timeoutMs: CALL_TIMEOUT_MS, ...instantSleep(), ...options });

const idOf = (body: string): number => (JSON.parse(body) as { id: number }).id;

const send = (response: ServerResponse, status: number, body: string): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
};

const failure = async (call: Promise<unknown>): Promise<QoimaError> => {
  const error: unknown = await call.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof QoimaError)) throw new Error('expected a QoimaError', { cause: error });
  return error;
};

const temporaryFile = (text: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'qoima-chain-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, '.cookie');
  writeFileSync(path, text);
  return path;
};

describe('a call', () => {
  it('is a POST with named parameters, and its result is checked with numbers as text', async () => {
    const seen: unknown[] = [];
    const url = await loopbackServer((request, body, response) => {
      seen.push([request.method, request.url, request.headers['content-type'], JSON.parse(body)]);
      send(response, 200, `{"jsonrpc":"2.0","result":{"fee":0.10000000},"id":${idOf(body)}}`);
    });
    const rpc = connect(url);
    const fee = v.object({ fee: v.string() });
    await expect(rpc.call('getfee', { a: [1] }, fee)).resolves.toEqual({ fee: '0.10000000' });
    await rpc.call('getfee', {}, fee, { wallet: 'a b/é' });
    const call = { jsonrpc: '2.0', method: 'getfee' };
    expect(seen).toEqual([
      ['POST', '/', 'application/json', { ...call, id: 1, params: { a: [1] } }],
      ['POST', '/wallet/a%20b%2F%C3%A9', 'application/json', { ...call, id: 2, params: {} }],
    ]);
  });

  it('carries the user and password of RFC 7617', async () => {
    const url = await loopbackServer(({ headers }, body, response) => {
      send(response, 200, `{"result":"${headers.authorization}","id":${idOf(body)}}`);
    });
    await expect(connect(url).call('x', {}, v.string())).resolves.toBe(
      'Basic cmVzZXJ2ZTpnM2hlaW0=',
    );
  });

  it.each([
    ['2.0', 200, '"jsonrpc":"2.0","error":{"code":-8,"message":"Block height out of range"}'],
    ['1.x', 500, '"result":null,"error":{"code":-8,"message":"Block height out of range"}'],
  ])('tells an error of JSON-RPC %s with code and words', async (_, status, members) => {
    const url = await loopbackServer((_request, body, response) =>
      send(response, status, `{${members},"id":${idOf(body)}}`),
    );
    const error = await failure(connect(url).call('getblockhash', {}, v.string()));
    expect(error).toMatchObject({
      code: 'CHAIN_RPC_ERROR',
      details: { method: 'getblockhash', rpcCode: -8, rpcMessage: 'Block height out of range.' },
    });
    expect(error.message).toContain('getblockhash: Block height out of range.');
  });

  it('quotes one line of what Core says, and nothing that moves a terminal', async () => {
    const message = JSON.stringify('getx "hash"\u001b[2J\n\nReturns much.\n');
    const url = await loopbackServer((_, body, response) =>
      send(response, 200, `{"error":{"code":-1,"message":${message}},"id":${idOf(body)}}`),
    );
    const error = await failure(connect(url).call('getx', {}, v.string()));
    expect(error.details['rpcMessage']).toBe('getx "hash"?[2J.');
  });
});

describe('a reply that is none of ours', () => {
  it.each([
    ['a page', 404, '<html>Not Found</html>', 'it is not JSON (HTTP status 404)'],
    ['nothing', 200, '', 'it is not JSON (HTTP status 200)'],
    ['half a reply', 200, '{"result":"a', 'it is not JSON (HTTP status 200)'],
    ['a bare value', 200, '5', 'it is not a JSON-RPC reply (HTTP status 200)'],
    ['an error without a code', 500, '{"id":1,"error":{}}', 'it is not a JSON-RPC reply'],
    ['another id', 200, '{"result":"a","id":99}', 'its id is 99 and not 1'],
    ['no id', 200, '{"result":"a","id":null}', 'its id is none and not 1'],
    [
      'a long id',
      200,
      `{"result":"a","id":"${'9'.repeat(5000)}"}`,
      `its id is ${'9'.repeat(40)}… and`,
    ],
    ['another type', 200, '{"result":{"a":1},"id":1}', 'the result: expected string'],
    ['no result', 200, '{"id":1}', 'the result: expected string'],
  ])('is refused: %s', async (_, status, text, reason) => {
    const url = await loopbackServer((_request, _body, response) => send(response, status, text));
    const error = await failure(connect(url).call('getx', {}, v.string()));
    expect(error.code).toBe('CHAIN_REPLY_MALFORMED');
    expect(error.message).toContain(reason);
    expect(error.details).toMatchObject({ method: 'getx', url });
  });

  it('is named by the place where it differs', async () => {
    const url = await loopbackServer((_, body, response) =>
      send(response, 200, `{"result":[{"amount":1},{"amount":true}],"id":${idOf(body)}}`),
    );
    const schema = v.array(v.object({ amount: v.string() }));
    const error = await failure(connect(url).call('getx', {}, schema));
    expect(error.details['reason']).toBe('1.amount: expected string');
  });

  it('that is cut off is no reply', async () => {
    const url = await loopbackServer((_, _body, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"result":');
      response.destroy();
    });
    await expect(connect(url).call('x', {}, v.string())).rejects.toMatchObject({
      code: 'CHAIN_UNREACHABLE',
      details: { failure: 'ECONNRESET' },
    });
  });

  it('is an error of the envelope even when the id is lost', async () => {
    const url = await loopbackServer((_, _body, response) =>
      send(
        response,
        500,
        '{"result":null,"error":{"code":-32700,"message":"Parse error"},"id":null}',
      ),
    );
    const error = await failure(connect(url).call('x', {}, v.string()));
    expect(error).toMatchObject({ code: 'CHAIN_RPC_ERROR', details: { rpcCode: -32700 } });
  });
});

describe('a busy node', () => {
  const warming = (id: number): string => `{"error":{"code":-28,"message":"Loading…"},"id":${id}}`;

  it.each([
    ['its work queue is full', 503, () => 'Work queue depth exceeded'],
    ['it warms up', 500, warming],
    ['it warms up and speaks JSON-RPC 2.0', 200, warming],
  ])('is asked again when %s', async (_, status, text) => {
    let attempts = 0;
    const url = await loopbackServer((_request, body, response) => {
      attempts += 1;
      if (attempts < 4) send(response, status, text(idOf(body)));
      else send(response, 200, `{"result":"done","id":${idOf(body)}}`);
    });
    const pauses = instantSleep();
    await expect(connect(url, pauses).call('x', {}, v.string())).resolves.toBe('done');
    expect(pauses.slept).toEqual([250, 500, 1000]);
  });

  it('is given up after 45 seconds of pauses', async () => {
    const url = await loopbackServer((_, _body, response) => send(response, 503, ''));
    const pauses = instantSleep();
    const error = await failure(connect(url, pauses).call('x', {}, v.string()));
    expect(error.code).toBe('CHAIN_BUSY');
    expect(pauses.slept).toEqual([250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
  });
});

describe('a slow node', () => {
  it('is given up when the timeout has passed', async () => {
    const arrived = signalled();
    const hungUp = signalled();
    const url = await loopbackServer((_, _body, response) => {
      response.on('close', hungUp.signal);
      arrived.signal();
    });
    const sleep = (milliseconds: number): Promise<void> => {
      expect(milliseconds).toBe(30_000);
      return arrived.promise;
    };
    const error = await failure(
      connect(url, { sleep, timeoutMs: 30_000 }).call('getx', {}, v.string()),
    );
    expect(error).toMatchObject({ code: 'CHAIN_TIMEOUT', details: { method: 'getx' } });
    expect(error.message).toContain('was not answered within 30 seconds');
    await hungUp.promise;
  });

  it('may take its time when the caller decides, until the caller gives up', async () => {
    const url = await loopbackServer(() => undefined);
    const sleep = (): Promise<void> => {
      throw new Error('there is no timeout to wait for');
    };
    const abort = new AbortController();
    const call = connect(url, { sleep }).call('x', {}, v.string(), { untilAborted: abort.signal });
    abort.abort();
    await expect(call).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' });
  });
});

describe('credentials', () => {
  it('are read again when the node has started anew', async () => {
    const cookiePath = temporaryFile('__cookie__:old');
    const seen: (string | undefined)[] = [];
    const url = await loopbackServer(({ headers }, body, response) => {
      seen.push(headers.authorization);
      const isNew = headers.authorization === `Basic ${btoa('__cookie__:new')}`;
      if (isNew) send(response, 200, `{"result":"in","id":${idOf(body)}}`);
      else {
        writeFileSync(cookiePath, '__cookie__:new\n');
        send(response, 401, '');
      }
    });
    const rpc = connect(url, { auth: { cookiePath } });
    await expect(rpc.call('x', {}, v.string())).resolves.toBe('in');
    await expect(rpc.call('x', {}, v.string())).resolves.toBe('in');
    expect(seen.map((header) => atob(header?.slice(6) ?? ''))).toEqual([
      '__cookie__:old',
      '__cookie__:new',
      '__cookie__:new',
    ]);
  });

  it.each([401, 403])('that the node refuses with %i are not tried twice', async (status) => {
    let attempts = 0;
    const url = await loopbackServer((_, _body, response) => {
      attempts += 1;
      send(response, status, '');
    });
    const error = await failure(connect(url).call('x', {}, v.string()));
    expect(error).toMatchObject({ code: 'CHAIN_UNAUTHORIZED', details: { status } });
    expect(attempts).toBe(1);
  });

  it.each([
    ['is empty', ''],
    ['has no colon', 'abcdef'],
    ['holds more than a cookie', 'a:b\nc:d'],
    ['is far too long', `a:${'b'.repeat(2000)}`],
  ])('are not read from a file that %s', async (_, text) => {
    const auth = { cookiePath: temporaryFile(text) };
    const error = await failure(connect('http://127.0.0.1:1', { auth }).call('x', {}, v.string()));
    expect(error.code).toBe('CHAIN_COOKIE_UNREADABLE');
    expect(error.message).not.toContain('bbb');
  });

  it('are not waited for at a named pipe', async () => {
    const cookiePath = `${temporaryFile('')}.pipe`;
    execFileSync('mkfifo', [cookiePath]);
    const auth = { cookiePath };
    const error = await failure(connect('http://127.0.0.1:1', { auth }).call('x', {}, v.string()));
    expect(error).toMatchObject({ code: 'CHAIN_COOKIE_UNREADABLE', details: { path: cookiePath } });
    expect(error.message).toContain('is not an ordinary file');
  });

  it.each(['/dev/null', '/dev/zero', '/'])('are not read from %s', async (cookiePath) => {
    const auth = { cookiePath };
    const error = await failure(connect('http://127.0.0.1:1', { auth }).call('x', {}, v.string()));
    expect(error).toMatchObject({ code: 'CHAIN_COOKIE_UNREADABLE', details: { path: cookiePath } });
    expect(error.message).toContain('is not an ordinary file');
  });

  it('without a cookie file are an error of use that names the path', async () => {
    const auth = { cookiePath: '/nowhere/at/all/.cookie' };
    const error = await failure(connect('http://127.0.0.1:1', { auth }).call('x', {}, v.string()));
    expect(error).toMatchObject({ code: 'CHAIN_COOKIE_UNREADABLE', kind: 'usage' });
    expect(error.message).toContain('/nowhere/at/all/.cookie');
  });

  it('stand in no error', async () => {
    const url = await loopbackServer((_, _body, response) => send(response, 401, ''));
    const errors = [
      await failure(connect(url).call('x', {}, v.string())),
      await failure(connect('http://127.0.0.1:1').call('x', {}, v.string())),
    ];
    for (const error of errors) {
      const text = `${error.stack} ${JSON.stringify(error.details)} ${String(error.cause)}`;
      expect(text).not.toContain('g3heim');
      expect(text).not.toContain(btoa('reserve:g3heim'));
    }
  });
});

describe('the address of the node', () => {
  it.each([
    '',
    'localhost',
    '127.0.0.1:8332',
    'ftp://127.0.0.1',
    'http://127.0.0.1/wallet/x',
    'http://',
  ])('is refused: %s', (url) => {
    expect(() => connect(url)).toThrow(expect.objectContaining({ code: 'CHAIN_URL_INVALID' }));
  });

  it.each(['http://a:s3cret@127.0.0.1:8332', 'http://s3cret@127.0.0.1:8332', 'x://a:s3cret@h'])(
    'is refused with credentials in it, and they are not told',
    (url) => {
      expect(() => connect(url)).toThrow(
        expect.objectContaining({
          code: 'CHAIN_URL_INVALID',
          kind: 'usage',
          message: expect.not.stringContaining('s3cret') as unknown,
        }),
      );
    },
  );

  it('where nobody listens is unreachable', async () => {
    const error = await failure(connect('http://127.0.0.1:1').call('x', {}, v.string()));
    expect(error).toMatchObject({
      code: 'CHAIN_UNREACHABLE',
      details: { failure: 'ECONNREFUSED' },
    });
  });
});
