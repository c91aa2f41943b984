import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { bitcoinCore, type ChainSource, type WatchProgress } from '@qoima/chain';
import { encodeAddress, type PolicyScripts } from '@qoima/policy';
import { formatHex } from '@qoima/primitives';
import type { Transaction } from 'bitcoinjs-lib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { askNode } from '../src/node-rpc.ts';
import { type RegtestNode, startRegtestNode } from '../src/regtest/regtest-node.ts';
import { KEYPOOL_SIZE } from '../src/regtest/watch-wallet.ts';
import {
  faucetScript,
  signFaucetInput,
  signPolicyInput,
  TEST_TIME,
  type TestInput,
  testWallet,
  unsignedTransaction,
  watchedDescriptors,
} from './multisig-wallet.ts';

const REWARD = 5_000_000_000n;
const faucetAddress = encodeAddress(faucetScript, 'regtest');

const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'qoima-regtest-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

const startNode = async (dir: string = temporaryFolder()): Promise<RegtestNode> => {
  const node = await startRegtestNode({ dir, seedTime: TEST_TIME });
  onTestFinished(() => node.stop());
  return node;
};

/** The adapter, over real HTTP on loopback. Its pauses last one turn of the event loop. */
const connect = ({ url, cookiePath }: RegtestNode, wallet = 'vault'): ChainSource =>
  bitcoinCore({
    url,
    auth: { cookiePath },
    network: 'regtest',
    wallet,
    sleep: (milliseconds) => (milliseconds >= 30_000 ? new Promise(() => {}) : setImmediate()),
  });

const mine = (node: RegtestNode, blocks: number): Promise<unknown> =>
  askNode(node, 'generatetoaddress', [blocks, faucetAddress]);

const rewardOf = async (node: RegtestNode, height: number): Promise<TestInput> => {
  const hash = await askNode(node, 'getblockhash', [height]);
  const block = (await askNode(node, 'getblock', [String(hash)])) as { tx: string[] };
  return { txid: String(block.tx[0]), vout: 0, amount: REWARD };
};

/** Spends a reward to addresses of the policy, receive 0 and 3. */
const deposit = async (
  node: RegtestNode,
  wallet: PolicyScripts,
  height = 1,
): Promise<Transaction> => {
  const transaction = unsignedTransaction(
    [await rewardOf(node, height)],
    [
      { script: wallet.at('receive', 0).scriptPubKey, amount: 3_000_000_001n },
      { script: wallet.at('receive', 3).scriptPubKey, amount: 1_999_000_000n },
    ],
  );
  signFaucetInput(transaction, 0, REWARD);
  return transaction;
};

/** Spends both outputs of a deposit: a payment to the faucet, and change. */
const spendOf = (
  paid: Transaction,
  wallet: PolicyScripts,
  change = 1_000_000_000n,
): Transaction => {
  const amounts = [3_000_000_001n, 1_999_000_000n];
  const transaction = unsignedTransaction(
    amounts.map((amount, vout) => ({ txid: paid.getId(), vout, amount })),
    [
      { script: faucetScript, amount: 3_998_000_000n },
      { script: wallet.at('change', 0).scriptPubKey, amount: change },
    ],
  );
  for (const [i, index] of [0, 3].entries()) {
    signPolicyInput(transaction, i, wallet, { branch: 'receive', index, amount: amounts[i] ?? 0n });
  }
  return transaction;
};

describe('the adapter on the embedded node', () => {
  it('sees the tip grow', async () => {
    const node = await startNode();
    const chain = connect(node);
    await expect(chain.tip()).resolves.toEqual({
      network: 'regtest',
      height: 0,
      hash: '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
      time: 1_296_688_602,
      syncing: false,
    });
    await mine(node, 2);
    await expect(chain.tip()).resolves.toMatchObject({ height: 2, time: TEST_TIME + 1 });
  });

  it.each(['wsh', 'sh-wsh', 'sh'] as const)(
    'takes a spend of %s from deposit to depth',
    async (kind) => {
      const wallet = testWallet(kind);
      const node = await startNode();
      await mine(node, 101);
      const chain = connect(node);
      await chain.watch(watchedDescriptors(wallet), TEST_TIME);
      const paid = await deposit(node, wallet);
      await expect(chain.testAccept(paid.toBuffer())).resolves.toEqual({
        allowed: true,
        vsize: paid.virtualSize(),
        fee: 999_999n,
      });
      await expect(chain.broadcast(paid.toBuffer())).resolves.toBe(paid.getId());
      await expect(chain.confirmations(paid.getId())).resolves.toEqual({
        confirmations: 0,
        inMempool: true,
      });
      await expect(chain.coins(0)).resolves.toEqual([]);
      await mine(node, 1);
      const coin = { confirmations: 1, height: 102 };
      await expect(chain.coins()).resolves.toEqual([
        {
          ...coin,
          outpoint: { txid: paid.getId(), vout: 0 },
          amount: 3_000_000_001n,
          scriptPubKey: wallet.at('receive', 0).scriptPubKey,
        },
        {
          ...coin,
          outpoint: { txid: paid.getId(), vout: 1 },
          amount: 1_999_000_000n,
          scriptPubKey: wallet.at('receive', 3).scriptPubKey,
        },
      ]);
      await expect(chain.coins(2)).resolves.toEqual([]);
      expect(formatHex(await chain.transaction(paid.getId()))).toBe(paid.toHex());

      const spend = spendOf(paid, wallet);
      await expect(chain.testAccept(spend.toBuffer())).resolves.toMatchObject({ allowed: true });
      await chain.broadcast(spend.toBuffer());
      await expect(chain.broadcast(spend.toBuffer())).resolves.toBe(spend.getId());
      await expect(chain.testAccept(spend.toBuffer())).resolves.toEqual({
        allowed: false,
        reason: 'txn-already-in-mempool',
      });
      // Our own change is safe before it is confirmed.
      await expect(chain.coins(0)).resolves.toMatchObject([
        { outpoint: { txid: spend.getId(), vout: 1 }, confirmations: 0 },
      ]);
      await mine(node, 3);
      const { hash } = await chain.tip();
      await expect(chain.confirmations(spend.getId())).resolves.toMatchObject({
        confirmations: 3,
        height: 103,
        inMempool: false,
      });
      await mine(node, 3);
      await expect(chain.confirmations(spend.getId())).resolves.toMatchObject({ confirmations: 6 });
      expect((await chain.tip()).hash).not.toBe(hash);
      await expect(chain.broadcast(spend.toBuffer())).resolves.toBe(spend.getId());
    },
  );

  it('is told the reason of a refusal', async () => {
    const wallet = testWallet();
    const node = await startNode();
    await mine(node, 101);
    const chain = connect(node);
    const paid = await deposit(node, wallet);
    const [input] = paid.ins;
    input?.witness[0]?.set([0x31], 0);
    const reason = expect.stringContaining('SCRIPT_ERR_SIG_DER_INVALID_FORMAT') as unknown;
    await expect(chain.testAccept(paid.toBuffer())).resolves.toEqual({ allowed: false, reason });
    await expect(chain.broadcast(paid.toBuffer())).rejects.toMatchObject({
      code: 'CHAIN_REJECTED',
      details: { reason },
    });
    await expect(chain.broadcast(Uint8Array.of(1, 2, 3))).rejects.toMatchObject({
      code: 'CHAIN_REJECTED',
    });
    await expect(chain.confirmations(paid.getId())).rejects.toMatchObject({
      code: 'CHAIN_TRANSACTION_UNKNOWN',
    });
  });

  it('counts a lost rival below zero', async () => {
    const wallet = testWallet();
    const node = await startNode();
    await mine(node, 101);
    const chain = connect(node);
    await chain.watch(watchedDescriptors(wallet), TEST_TIME);
    const paid = await deposit(node, wallet);
    await chain.broadcast(paid.toBuffer());
    await mine(node, 1);
    const loser = spendOf(paid, wallet);
    const winner = spendOf(paid, wallet, 900_000_000n);
    await chain.broadcast(loser.toBuffer());
    await askNode(node, 'generateblock', [faucetAddress, [winner.toHex()]]);
    await mine(node, 2);
    await expect(chain.confirmations(loser.getId())).resolves.toEqual({
      confirmations: -3,
      inMempool: false,
    });
    await expect(chain.confirmations(winner.getId())).resolves.toMatchObject({ confirmations: 3 });
    await expect(chain.broadcast(loser.toBuffer())).rejects.toMatchObject({
      code: 'CHAIN_REJECTED',
      details: { reason: 'bad-txns-inputs-missingorspent.' },
    });
    await expect(chain.coins()).resolves.toMatchObject([
      { outpoint: { txid: winner.getId() }, amount: 900_000_000n },
    ]);
  });

  it('finds the past since the birthday, tells the progress, and searches once', async () => {
    const wallet = testWallet();
    const node = await startNode();
    await mine(node, 101);
    const paid = await deposit(node, wallet);
    await askNode(node, 'sendrawtransaction', [paid.toHex()]);
    await mine(node, 100);
    const chain = connect(node);
    const told: WatchProgress[] = [];
    await chain.watch(watchedDescriptors(wallet, 99), TEST_TIME, (each) => told.push(each));
    await expect(chain.coins()).resolves.toHaveLength(2);
    expect(told.length).toBeGreaterThan(0);
    expect(told.every(({ fraction }) => fraction >= 0 && fraction <= 1)).toBe(true);
    const again: WatchProgress[] = [];
    await connect(node).watch(watchedDescriptors(wallet, 99), TEST_TIME, (each) =>
      again.push(each),
    );
    expect(again).toEqual([]);
  });

  it('misses what lies before a birthday that is too late, and finds it with an earlier one', async () => {
    const wallet = testWallet();
    const node = await startNode();
    await mine(node, 101);
    const paid = await deposit(node, wallet);
    await askNode(node, 'sendrawtransaction', [paid.toHex()]);
    await mine(node, 1);
    await askNode(node, 'setmocktime', [TEST_TIME + 100_000]);
    await mine(node, 12);
    const chain = connect(node);
    await chain.watch(watchedDescriptors(wallet), TEST_TIME + 50_000);
    await expect(chain.coins()).resolves.toEqual([]);
    await chain.watch(watchedDescriptors(wallet), TEST_TIME);
    await expect(chain.coins()).resolves.toHaveLength(2);
  });

  it('sees further addresses as earlier ones are used', async () => {
    const wallet = testWallet();
    const node = await startNode();
    await mine(node, 103);
    const chain = connect(node);
    await chain.watch(watchedDescriptors(wallet, 5), TEST_TIME);
    const pay = async (height: number, index: number): Promise<void> => {
      const transaction = unsignedTransaction(
        [await rewardOf(node, height)],
        [{ script: wallet.at('receive', index).scriptPubKey, amount: 1_000_000n }],
      );
      signFaucetInput(transaction, 0, REWARD);
      await askNode(node, 'sendrawtransaction', [transaction.toHex(), 0]);
    };
    await pay(1, KEYPOOL_SIZE + 1);
    await mine(node, 1);
    await expect(chain.coins()).resolves.toEqual([]);
    await pay(2, KEYPOOL_SIZE - 1);
    await pay(3, 2 * KEYPOOL_SIZE - 1);
    await mine(node, 1);
    await expect(chain.coins()).resolves.toHaveLength(2);
  });

  it('has no fee estimate', async () => {
    const chain = connect(await startNode());
    await expect(chain.estimateFeeRate(6)).resolves.toBeUndefined();
    await expect(chain.estimateFeeRate(2000)).rejects.toMatchObject({
      code: 'CHAIN_RPC_ERROR',
      details: { rpcCode: -8 },
    });
  });

  it('knows transactions that no wallet watches', async () => {
    const wallet = testWallet();
    const node = await startNode();
    await mine(node, 101);
    const chain = connect(node);
    const paid = await deposit(node, wallet);
    await chain.broadcast(paid.toBuffer());
    await expect(chain.confirmations(paid.getId())).resolves.toEqual({
      confirmations: 0,
      inMempool: true,
    });
    await mine(node, 2);
    await expect(chain.confirmations(paid.getId())).resolves.toMatchObject({
      confirmations: 2,
      height: 102,
    });
    expect(formatHex(await chain.transaction(paid.getId()))).toBe(paid.toHex());
  });
});

describe('the embedded node', () => {
  it('makes the same chain from the same calls', async () => {
    const play = async (): Promise<unknown> => {
      const wallet = testWallet();
      const node = await startNode();
      await mine(node, 101);
      const paid = await deposit(node, wallet);
      await askNode(node, 'sendrawtransaction', [paid.toHex()]);
      await askNode(node, 'setmocktime', [TEST_TIME + 600]);
      await mine(node, 5);
      return askNode(node, 'getbestblockhash', []);
    };
    expect(await play()).toBe(await play());
  });

  it('keeps its cookie to its user, and takes it away at the end', async () => {
    const node = await startNode();
    expect(statSync(node.cookiePath).mode & 0o777).toBe(0o600);
    expect(readFileSync(node.cookiePath, 'utf8')).toMatch(/^__cookie__:[0-9a-f]{64}$/);
    await node.stop();
    expect(existsSync(node.cookiePath)).toBe(false);
    await expect(connect(node).tip()).rejects.toMatchObject({ code: 'CHAIN_COOKIE_UNREADABLE' });
  });

  it('stops when it is told to over RPC, and may be told twice', async () => {
    const node = await startNode();
    await expect(askNode(node, 'stop', [])).resolves.toContain('stopping');
    await node.stopped;
    await node.stop();
    expect(existsSync(node.cookiePath)).toBe(false);
  });

  it('leaves the cookie of another alone when its port is taken', async () => {
    const folder = temporaryFolder();
    const node = await startNode();
    writeFileSync(join(folder, '.cookie'), 'of another');
    const port = Number(new URL(node.url).port);
    await expect(startRegtestNode({ dir: folder, seedTime: TEST_TIME, port })).rejects.toThrow(
      'EADDRINUSE',
    );
    expect(readFileSync(join(folder, '.cookie'), 'utf8')).toBe('of another');
  });

  it('forgets everything with its process', async () => {
    const folder = temporaryFolder();
    const first = await startNode(folder);
    await mine(first, 3);
    await first.stop();
    const second = await startNode(folder);
    await expect(connect(second).tip()).resolves.toMatchObject({ height: 0 });
  });
});
