import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { formatBtc, formatHex } from '@qoima/primitives';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { proposeSpend } from '../src/index.ts';
import {
  chainCoin,
  coordinatorIn,
  fakeChain,
  folderOfEachTest,
  qoima,
  sampleSpend,
  scripts,
} from './sample.ts';

const folder = folderOfEachTest();

const PAY = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
const coin = chainCoin(0, 2_000_000n);
const hash = 'ab'.repeat(32);

/** What a node answers that has one coin of the sample policy. */
const answers = (isSyncing: boolean, listed: boolean): Readonly<Record<string, unknown>> => ({
  getblockchaininfo: {
    chain: 'regtest',
    blocks: 210,
    bestblockhash: hash,
    time: 1_700_000_000,
    initialblockdownload: isSyncing,
  },
  loadwallet: { name: 'qoima' },
  listwallets: [],
  getwalletinfo: {
    private_keys_enabled: false,
    descriptors: true,
    scanning: false,
    lastprocessedblock: { hash, height: 210 },
  },
  listdescriptors: { descriptors: [] },
  listlabels: [],
  importdescriptors: [{ success: true }, { success: true }],
  deriveaddresses: [PAY],
  setlabel: null,
  listunspent: listed
    ? [
        {
          ...coin.outpoint,
          scriptPubKey: formatHex(coin.scriptPubKey),
          amount: Number(formatBtc(coin.amount)),
          confirmations: 6,
          solvable: true,
          safe: true,
        },
      ]
    : [],
  gettransaction: {
    confirmations: 3,
    blockhash: hash,
    blockheight: 208,
    hex: formatHex(coin.transaction),
  },
});

/** To every other call. */
const NOT_FOUND = { code: -5, message: 'Transaction not in mempool' };

/** `qoima …` with such a node on loopback. */
const qoimaWith = async (
  isSyncing: boolean,
  argv: readonly string[],
  listed = true,
  more: ReturnType<typeof answers> = {},
) => {
  const known = { ...answers(isSyncing, listed), ...more };
  const server = createServer((request, response) => {
    const chunks: Uint8Array[] = [];
    request.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    request.on('end', () => {
      const call = new TextDecoder().decode(chunks.length === 1 ? chunks[0] : new Uint8Array());
      const { id, method } = JSON.parse(call) as { id: number; method: string };
      const answer = method in known ? { result: known[method] } : { error: NOT_FOUND };
      response.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return qoima(['--home', folder.path, ...argv], {
    QOIMA_NODE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    QOIMA_NODE_USER: 'reserve',
    QOIMA_NODE_PASSWORD: 'test',
  });
};

/** A proposal that was sent. */
const sent = async (): Promise<string> => {
  const coordinator = coordinatorIn(join(folder.path, 'regtest'), fakeChain([coin]));
  const { proposal } = await proposeSpend(coordinator, scripts, sampleSpend(`${PAY}=0.01`));
  coordinator.proposals.update({ ...proposal, state: 'broadcast', txid: proposal.id });
  return proposal.id;
};

const LINE =
  /^The node is still catching up, at block 210: coins and confirmations may be missing\.$/m;

const propose = ['propose', '--pay', `${PAY}=0.01`, '--fee-rate', '5'];

describe('a node that is still catching up', () => {
  const commands = [
    ['coins', async () => ['coins']],
    ['propose', async () => propose],
    ['status', async () => ['status', await sent()]],
  ] as const;
  beforeEach(() => {
    coordinatorIn(join(folder.path, 'regtest'));
  });

  it.each(commands)('is told by %s', async (_command, argv) => {
    const late = await qoimaWith(true, await argv());
    expect(late).toMatchObject({ code: 0, stderr: '' });
    expect(late.stdout).toMatch(LINE);
  });

  it.each(commands)('is told by %s with --json', async (_command, argv) => {
    const late = await qoimaWith(true, ['--json', ...(await argv())]);
    expect(late).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(late.stdout)).toMatchObject({ nodeSyncing: true });
  });

  it.each(commands)('and is no more is not told by %s', async (_command, argv) => {
    const ready = await qoimaWith(false, await argv());
    expect(ready).toMatchObject({ code: 0, stderr: '' });
    expect(ready.stdout).not.toMatch(/catching up/);
  });

  it('is told before the coins do not suffice', async () => {
    const { code, stdout, stderr } = await qoimaWith(true, propose, false);
    expect(code).toBe(3);
    expect(stdout).toMatch(LINE);
    expect(stderr).toContain('COORDINATOR_FUNDS_SHORT');
  });

  it('is not asked about a proposal that was not sent', async () => {
    await qoimaWith(false, propose);
    const { proposals } = coordinatorIn(join(folder.path, 'regtest'));
    const id = proposals.list()[0]?.id ?? '';
    const argv = ['--home', folder.path, '--node', 'http://127.0.0.1:1', '--json', 'status', id];
    const { code, stdout } = await qoima(argv);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ confirmations: null, nodeSyncing: null });
  });
});

describe('status of a spend that was sent', () => {
  const unconfirmed = {
    gettransaction: { confirmations: 0, hex: formatHex(coin.transaction) },
  };

  it('tells that the memory pool has dropped it', async () => {
    const id = await sent();
    const { stdout } = await qoimaWith(false, ['status', id], true, unconfirmed);
    expect(stdout).toMatch(
      /^Confirmations +0, and not in the node’s memory pool.*"qoima broadcast"/m,
    );
    const json = await qoimaWith(false, ['--json', 'status', id], true, unconfirmed);
    expect(JSON.parse(json.stdout)).toMatchObject({ confirmations: 0, inMempool: false });
  });

  it('tells no more than that while it waits there', async () => {
    const id = await sent();
    const waiting = { ...unconfirmed, getmempoolentry: { vsize: 190 } };
    const { stdout } = await qoimaWith(false, ['status', id], true, waiting);
    expect(stdout).toMatch(/^Confirmations +0$/m);
    const json = await qoimaWith(false, ['--json', 'status', id], true, waiting);
    expect(JSON.parse(json.stdout)).toMatchObject({ confirmations: 0, inMempool: true });
  });
});
