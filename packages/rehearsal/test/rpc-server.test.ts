import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatDescriptor } from '@qoima/policy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RegtestNode, startRegtestNode } from '../src/regtest/regtest-node.ts';
import { formatRpcValue } from '../src/regtest/rpc-value.ts';
import { TEST_TIME, testWallet } from './multisig-wallet.ts';

let node: RegtestNode;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'qoima-rpc-'));
  node = await startRegtestNode({ dir: folder, seedTime: TEST_TIME });
  await call('createwallet', { wallet_name: 'vault', disable_private_keys: true });
});

afterAll(async () => {
  await node.stop();
  rmSync(folder, { recursive: true });
});

interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

const post = async (
  body: string,
  path = '/',
  cookie = readFileSync(node.cookiePath, 'utf8'),
): Promise<HttpAnswer> => {
  const headers = { authorization: `Basic ${btoa(cookie)}` };
  const response = await fetch(node.url + path, { method: 'POST', headers, body });
  return { status: response.status, body: await response.text() };
};

/** The reply to a call in JSON-RPC 2.0, or 1.x. */
const call = async (
  method: unknown,
  params?: unknown,
  { path = '/', version = '2.0' }: { path?: string; version?: string } = {},
): Promise<{ status: number; reply: unknown }> => {
  const { status, body } = await post(
    JSON.stringify({ ...(version === '2.0' && { jsonrpc: version }), id: 'a', method, params }),
    path,
  );
  return { status, reply: JSON.parse(body) };
};

const errorOf = (code: number, message: string | RegExp = '') => ({
  status: 200,
  reply: {
    jsonrpc: '2.0',
    id: 'a',
    error: { code, message: expect.stringMatching(message) as unknown },
  },
});

describe('HTTP', () => {
  it('is for POST with the cookie only', async () => {
    const get = await fetch(node.url);
    expect(get.status).toBe(405);
    for (const cookie of ['__cookie__:wrong', '', 'a:b']) {
      await expect(post('{}', '/', cookie)).resolves.toEqual({ status: 401, body: '' });
    }
  });

  it('knows two kinds of path', async () => {
    await expect(post('{}', '/nowhere')).resolves.toMatchObject({ status: 404 });
    const named = await call('getwalletinfo', {}, { path: '/wallet/vault' });
    expect(named).toMatchObject({ reply: { result: { walletname: 'vault' } } });
    await expect(call('getwalletinfo', {}, { path: '/wallet/no' })).resolves.toEqual(
      errorOf(-18, 'Requested wallet does not exist or is not loaded'),
    );
  });

  it.each([
    ['{"id":', 500, -32700, 'Parse error'],
    ['5', 400, -32600, 'Invalid Request object'],
    ['[]', 400, -32600, 'Invalid Request object'],
  ])('answers %s as Core does', async (body, status, code, message) => {
    const answer = await post(body);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toEqual({ result: null, error: { code, message }, id: null });
  });
});

describe('JSON-RPC', () => {
  it('answers version 2.0 without null members, and 1.x with them', async () => {
    await expect(call('getblockcount')).resolves.toEqual({
      status: 200,
      reply: { jsonrpc: '2.0', result: 0, id: 'a' },
    });
    await expect(call('getblockcount', [], { version: '1.0' })).resolves.toEqual({
      status: 200,
      reply: { result: 0, error: null, id: 'a' },
    });
  });

  it.each([
    ['2.0', 200],
    ['1.0', 404],
  ])('of version %s has status %i for an unknown method', async (version, status) => {
    for (const method of ['nosuch', 'toString', '__proto__', 5, null]) {
      await expect(call(method, [], { version })).resolves.toMatchObject({
        status,
        reply: { error: { code: -32601, message: 'Method not found' } },
      });
    }
  });

  it.each([
    ['getblockhash', ['x'], -3, /Position 1 \(height\).*type string.*expected type number/],
    ['getblockhash', [1.5], -32700, ''],
    ['getblockhash', [9], -8, 'Block height out of range'],
    ['getblockhash', [], -1, 'height is missing'],
    ['getblockhash', [null], -1, 'height is missing'],
    ['getblockhash', [0, 0], -1, 'Too many parameters'],
    ['getblockhash', { height: 0, depth: 1 }, -8, 'Unknown named parameter depth'],
    ['getblockhash', 'height', -32600, 'Params must be an array or object'],
    ['getblockheader', ['aa'], -8, 'must be of length 64'],
    ['getblockheader', ['zz'.repeat(32)], -8, 'must be hexadecimal'],
    ['getblockheader', ['aa'.repeat(32)], -5, 'Block not found'],
    ['getrawtransaction', ['aa'.repeat(32)], -5, 'No such mempool or blockchain transaction'],
    ['gettransaction', ['aa'.repeat(32)], -5, 'Invalid or non-wallet transaction id'],
    ['getmempoolentry', ['aa'.repeat(32)], -5, 'Transaction not in mempool'],
    ['sendrawtransaction', ['zz'], -22, 'TX decode failed'],
    ['sendrawtransaction', ['00', 'x'], -22, 'TX decode failed'],
    ['testmempoolaccept', [['00']], -22, 'TX decode failed: 00'],
    ['testmempoolaccept', [[]], -8, 'exactly one'],
    ['estimatesmartfee', [0], -8, 'Invalid conf_target'],
    ['generatetoaddress', [1, 'nonsense'], -5, 'Invalid address'],
    ['setmocktime', [-1], -8, 'Mocktime must be in the range'],
    ['createwallet', ['hot'], -4, 'watch-only'],
    ['createwallet', ['vault', true], -4, 'Database already exists'],
    ['loadwallet', ['vault'], -35, 'already loaded'],
    ['loadwallet', ['other'], -18, 'Path does not exist'],
    ['setlabel', ['nonsense', 'x'], -5, 'Invalid address'],
  ] as const)('%s %j is refused with %i', async (method, params, code, message) => {
    await expect(call(method, params)).resolves.toEqual(errorOf(code, message));
  });
});

describe('importdescriptors', () => {
  const { policy } = testWallet();
  const receive = formatDescriptor(policy, 'receive');
  const [body = ''] = receive.split('#');

  const imported = async (...requests: readonly unknown[]): Promise<unknown> => {
    const { reply } = await call('importdescriptors', [requests]);
    return (reply as { result: unknown }).result;
  };

  it('answers each request by itself', async () => {
    const good = { desc: receive, range: [0, 1], timestamp: 5, active: true };
    await expect(imported(good, { ...good, desc: body })).resolves.toEqual([
      { success: true },
      { success: false, error: { code: -5, message: 'Missing checksum' } },
    ]);
  });

  it.each([
    [{ desc: `${body}#aaaaaaaa`, range: [0, 1], timestamp: 5 }, -5, /does not match computed/],
    [{ desc: formatDescriptor(policy, 'both'), range: [0, 1], timestamp: 5 }, -5, /one branch/],
    [{ range: [0, 1], timestamp: 5 }, -8, /Descriptor not found/],
    [{ desc: receive, range: [1, 0], timestamp: 5 }, -8, /begin after end/],
    [{ desc: receive, range: [-1, 0], timestamp: 5 }, -8, /greater or equal than 0/],
    [{ desc: receive, range: [0, 1_000_000], timestamp: 5 }, -8, /too large/],
    [{ desc: receive, timestamp: 5 }, -8, /range/],
    [{ desc: receive, range: [0, 1] }, -3, /timestamp/],
    [{ desc: receive, range: [0, 1], timestamp: 5, active: 1 }, -3, /boolean/],
    [{ desc: receive, range: [0, 1], timestamp: 5 }, -4, /new range must include current range/],
  ])('refuses %j', async (request, code, message) => {
    await expect(imported(request)).resolves.toEqual([
      { success: false, error: { code, message: expect.stringMatching(message) as unknown } },
    ]);
  });
});

describe('formatRpcValue', () => {
  it('writes amounts as Core does', () => {
    expect(
      formatRpcValue({
        a: 1n,
        b: [-10_000n, 2_100_000_000_000_000n],
        c: undefined,
        d: null,
        e: '"',
      }),
    ).toBe('{"a":0.00000001,"b":[-0.00010000,21000000.00000000],"d":null,"e":"\\""}');
  });
});
