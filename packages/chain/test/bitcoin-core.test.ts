import { formatHex, parseHex, QoimaError } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import { type BitcoinCoreOptions, bitcoinCore } from '../src/bitcoin-core.ts';
import type { ChainSource } from '../src/chain-source.ts';
import {
  type Answer,
  type Answers,
  type ArrivedCall,
  CALL_TIMEOUT_MS,
  instantSleep,
  scriptedNode,
} from './scripted-node.ts';

const txid = 'ab'.repeat(32);
const blockHash = 'cd'.repeat(32);
const otherHash = 'ef'.repeat(32);
const raw = parseHex('0200');

const blockchain = (chain = 'regtest', isSyncing = false): string =>
  JSON.stringify({
    chain,
    blocks: 210,
    headers: 999,
    bestblockhash: blockHash,
    time: 1_700_000_000,
    initialblockdownload: isSyncing,
    difficulty: 4.656542373906925e-10,
  });

const wallet = (members: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    walletname: 'vault',
    private_keys_enabled: false,
    descriptors: true,
    scanning: false,
    lastprocessedblock: { hash: blockHash, height: 210 },
    ...members,
  });

const notFound: Answer = { code: -5, message: 'No such mempool or blockchain transaction.' };

/** What every answer set needs: a node on regtest whose wallet is loaded. */
const ready: Answers = {
  getblockchaininfo: blockchain(),
  listwallets: '["other","vault"]',
  getwalletinfo: wallet(),
};

const open = (
  answers: Answers,
  options: Partial<BitcoinCoreOptions> = {},
): { source: ChainSource; calls: ArrivedCall[] } => {
  const { post, calls } = scriptedNode({ ...ready, ...answers });
  const { sleep } = instantSleep();
  const source = bitcoinCore({
    url: 'http://127.0.0.1:18443',
    auth: { user: 'u', password: 'p' },
    network: 'regtest',
    wallet: 'vault',
    timeoutMs: CALL_TIMEOUT_MS,
    post,
    sleep,
    ...options,
  });
  return { source, calls };
};

const methods = (calls: readonly ArrivedCall[]): string[] => calls.map(({ method }) => method);

const failure = async (call: Promise<unknown>): Promise<QoimaError> => {
  const error: unknown = await call.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof QoimaError)) throw new Error('expected a QoimaError', { cause: error });
  return error;
};

describe('tip', () => {
  it.each([
    ['main', 'mainnet', false],
    ['test', 'testnet', true],
    ['signet', 'signet', false],
    ['regtest', 'regtest', true],
  ] as const)('of %s is of %s; syncing %s', async (chain, network, syncing) => {
    const { source } = open({ getblockchaininfo: blockchain(chain, syncing) }, { network });
    await expect(source.tip()).resolves.toEqual({
      network,
      height: 210,
      hash: blockHash,
      time: 1_700_000_000,
      syncing,
    });
  });

  it.each(['main', 'test', 'testnet4', 'signet', 'liquidv1'])(
    'of a node on %s is refused when regtest is meant',
    async (chain) => {
      const { source } = open({ getblockchaininfo: blockchain(chain) });
      const error = await failure(source.tip());
      expect(error).toMatchObject({
        code: 'CHAIN_WRONG_NETWORK',
        details: { expected: 'regtest' },
      });
    },
  );

  it('of a node on a network with a long name is refused in few words', async () => {
    const { source } = open({ getblockchaininfo: blockchain('x'.repeat(100_000)) });
    const { message, details } = await failure(source.tip());
    expect(message).toMatch(/^.{0,200}$/);
    expect(JSON.stringify(details)).toMatch(/^.{0,200}$/);
  });

  it('is checked before anything else is asked', async () => {
    const { source, calls } = open({ getblockchaininfo: blockchain('main') });
    const ways = [
      source.coins(),
      source.watch([], 0),
      source.transaction(txid),
      source.estimateFeeRate(6),
      source.testAccept(raw),
      source.broadcast(raw),
      source.confirmations(txid),
    ];
    for (const way of ways) {
      await expect(way).rejects.toMatchObject({ code: 'CHAIN_WRONG_NETWORK' });
    }
    expect(new Set(methods(calls))).toEqual(new Set(['getblockchaininfo']));
  });
});

describe('the wallet', () => {
  const none = { listunspent: '[]' };

  it('that is loaded is used as it is, and asked for once', async () => {
    const { source, calls } = open(none);
    await source.coins();
    await source.coins();
    expect(methods(calls).filter((method) => method === 'listwallets')).toHaveLength(1);
  });

  it('that is not loaded is loaded, also at the next start', async () => {
    const { source, calls } = open({
      ...none,
      listwallets: '[]',
      loadwallet: '{"name":"vault"}',
    });
    await source.coins();
    expect(calls.find(({ method }) => method === 'loadwallet')?.params).toEqual({
      filename: 'vault',
      load_on_startup: true,
    });
  });

  it('that another program loads meanwhile will do', async () => {
    const loaded = { code: -35, message: 'Wallet "vault" is already loaded.' };
    const { source } = open({ ...none, listwallets: '[]', loadwallet: loaded });
    await expect(source.coins()).resolves.toEqual([]);
  });

  it('that is not there is made: blank, watch-only, of descriptors', async () => {
    const { source, calls } = open({
      ...none,
      listwallets: '[]',
      loadwallet: { code: -18, message: 'Path does not exist.' },
      createwallet: '{"name":"vault","warnings":[]}',
    });
    await source.coins();
    expect(calls.find(({ method }) => method === 'createwallet')?.params).toEqual({
      wallet_name: 'vault',
      disable_private_keys: true,
      blank: true,
      descriptors: true,
      load_on_startup: true,
    });
  });

  it('that cannot be loaded is an error, and is tried again by the next call', async () => {
    let answer: Answer = { code: -4, message: 'Wallet already loading.' };
    const { source } = open({ ...none, listwallets: '[]', loadwallet: () => answer });
    await expect(source.coins()).rejects.toMatchObject({ code: 'CHAIN_RPC_ERROR' });
    answer = '{"name":"vault"}';
    await expect(source.coins()).resolves.toEqual([]);
  });

  it.each([
    ['can hold private keys', { private_keys_enabled: true }],
    ['knows no descriptors', { descriptors: false }],
  ])('that %s is refused', async (lack, members) => {
    const { source } = open({ ...none, getwalletinfo: wallet(members) });
    const error = await failure(source.coins());
    expect(error).toMatchObject({ code: 'CHAIN_WALLET_UNFIT', kind: 'refused' });
    expect(error.message).toContain(lack);
  });

  it.each(['', '../other', '/etc/x', 'a/b', '.hidden', 'a b', 'x'.repeat(101)])(
    'is never named %j',
    (name) => {
      expect(() => open(none, { wallet: name })).toThrow(
        expect.objectContaining({ code: 'CHAIN_WALLET_UNFIT' }),
      );
    },
  );
});

describe('coins', () => {
  const coin = (members: Readonly<Record<string, unknown>>, amount = '0.00000001'): string =>
    JSON.stringify({
      txid,
      vout: 0,
      scriptPubKey: '0020ff',
      amount: 'AMOUNT',
      confirmations: 1,
      spendable: true,
      solvable: true,
      safe: true,
      ...members,
    }).replace('"AMOUNT"', amount);

  it('are exact to the satoshi, with the height of their block, in a fixed order', async () => {
    const { source, calls } = open({
      listunspent: `[${coin({ txid: otherHash, vout: 2 }, '20999999.99999999')},${coin({
        vout: 1,
        confirmations: 7,
      })},${coin({ vout: 0, confirmations: 0 }, '0.29000000')}]`,
    });
    const scriptPubKey = parseHex('0020ff');
    await expect(source.coins(0)).resolves.toEqual([
      {
        outpoint: { txid, vout: 0 },
        amount: 29_000_000n,
        scriptPubKey,
        confirmations: 0,
      },
      { outpoint: { txid, vout: 1 }, amount: 1n, scriptPubKey, confirmations: 7, height: 204 },
      {
        outpoint: { txid: otherHash, vout: 2 },
        amount: 2_099_999_999_999_999n,
        scriptPubKey,
        confirmations: 1,
        height: 210,
      },
    ]);
    expect(calls.find(({ method }) => method === 'listunspent')).toEqual({
      method: 'listunspent',
      params: { minconf: 0, include_unsafe: false },
      wallet: 'vault',
    });
  });

  it('are confirmed ones unless told otherwise', async () => {
    const { source, calls } = open({ listunspent: '[]' });
    await source.coins();
    expect(calls.find(({ method }) => method === 'listunspent')?.params['minconf']).toBe(1);
  });

  it('that are unsafe or not understood by the wallet are left out', async () => {
    const { source } = open({
      listunspent: `[${coin({ safe: false })},${coin({ solvable: false, vout: 1 })}]`,
    });
    await expect(source.coins()).resolves.toEqual([]);
  });

  it('are listed again when a block comes in between', async () => {
    // To open the wallet, before and after the first list, before and after the second.
    const heights = [208, 208, 209, 210, 210];
    let lists = 0;
    const { source } = open({
      getwalletinfo: () => {
        const height = heights.shift() ?? 0;
        return wallet({ lastprocessedblock: { hash: `${height}`.padStart(64, '0'), height } });
      },
      listunspent: () => {
        lists += 1;
        return `[${coin({ confirmations: lists })}]`;
      },
    });
    const [listed] = await source.coins();
    expect(listed).toMatchObject({ confirmations: 2, height: 209 });
  });

  it('have no height while blocks come in quickly', async () => {
    let height = 0;
    const { source } = open({
      getwalletinfo: () => {
        height += 1;
        return wallet({ lastprocessedblock: { hash: String(height).padStart(64, '0'), height } });
      },
      listunspent: `[${coin({})}]`,
    });
    const [listed] = await source.coins();
    expect(listed).not.toHaveProperty('height');
  });

  it.each([
    ['a negative amount', coin({}, '-0.00000001')],
    ['more than there is', coin({}, '21000000.00000001')],
    ['a ninth decimal', coin({}, '0.000000001')],
    ['an exponent', coin({}, '1e-8')],
    ['a short txid', coin({ txid: 'ab' })],
    ['a script that is no hex', coin({ scriptPubKey: 'xyz' })],
    ['an odd script', coin({ scriptPubKey: '002' })],
    ['a negative output', coin({ vout: -1 })],
    ['half an output', coin({ vout: 0.5 })],
    ['negative confirmations', coin({ confirmations: -1 })],
    ['no word about safety', coin({ safe: undefined })],
  ])('with %s make the reply malformed', async (_, entry) => {
    const { source } = open({ listunspent: `[${entry}]` });
    const error = await failure(source.coins());
    expect(error).toMatchObject({
      code: 'CHAIN_REPLY_MALFORMED',
      details: { method: 'listunspent' },
    });
  });
});

describe('fee estimate', () => {
  it('is per 1000 vbytes, exactly', async () => {
    const { source, calls } = open({ estimatesmartfee: '{"feerate":0.00012345,"blocks":6}' });
    await expect(source.estimateFeeRate(6)).resolves.toBe(12_345n);
    expect(calls.at(-1)).toMatchObject({ params: { conf_target: 6 }, wallet: undefined });
    expect(methods(calls)).not.toContain('listwallets');
  });

  it('is undefined when the node has none', async () => {
    const { source } = open({
      estimatesmartfee: '{"errors":["Insufficient data or no feerate found"],"blocks":0}',
    });
    await expect(source.estimateFeeRate(6)).resolves.toBeUndefined();
  });
});

describe('test of acceptance', () => {
  it('passes on size and fee', async () => {
    const { source, calls } = open({
      testmempoolaccept:
        '[{"txid":"aa","wtxid":"bb","allowed":true,"vsize":364,"fees":{"base":0.00010000}}]',
    });
    await expect(source.testAccept(raw)).resolves.toEqual({
      allowed: true,
      vsize: 364,
      fee: 10_000n,
    });
    expect(calls.at(-1)?.params).toEqual({ rawtxs: ['0200'], maxfeerate: '0.10000000' });
  });

  it('passes on the reason of a refusal', async () => {
    const { source } = open({
      testmempoolaccept: '[{"txid":"aa","allowed":false,"reject-reason":"missing-inputs"}]',
    });
    await expect(source.testAccept(raw)).resolves.toEqual({
      allowed: false,
      reason: 'missing-inputs',
    });
  });

  it('bounds the reason of a refusal', async () => {
    const long = `${'x'.repeat(100_000)}\u001b[2J`;
    for (const [reason, wanted] of [
      [long, `${'x'.repeat(500)}…`],
      ['bad\u001b[2J-txns\nand more', 'bad?[2J-txns'],
    ]) {
      const { source } = open({
        testmempoolaccept: JSON.stringify([{ allowed: false, 'reject-reason': reason }]),
      });
      await expect(source.testAccept(raw)).resolves.toEqual({ allowed: false, reason: wanted });
    }
  });

  it('counts bytes that are no transaction as a refusal', async () => {
    const { source } = open({
      testmempoolaccept: { code: -22, message: 'TX decode failed: 0200' },
    });
    await expect(source.testAccept(raw)).resolves.toEqual({
      allowed: false,
      reason: 'TX decode failed: 0200.',
    });
  });

  it('goes by the highest fee rate that was given', async () => {
    const { source, calls } = open(
      { testmempoolaccept: '[{"allowed":false,"reject-reason":"max-fee-exceeded"}]' },
      { maxFeeRate: 500_000n },
    );
    await source.testAccept(raw);
    expect(calls.at(-1)?.params['maxfeerate']).toBe('0.00500000');
  });

  it.each(['[]', '[{"txid":"aa"}]', '[{"allowed":true,"vsize":1}]', '{}'])(
    'is malformed as %s',
    async (reply) => {
      const { source } = open({ testmempoolaccept: reply });
      await expect(source.testAccept(raw)).rejects.toMatchObject({ code: 'CHAIN_REPLY_MALFORMED' });
    },
  );
});

describe('broadcast', () => {
  const decoded = { decoderawtransaction: `{"txid":"${txid}"}` };
  const unknown = {
    gettransaction: notFound,
    getrawtransaction: notFound,
    gettxout: 'null',
    getmempoolentry: notFound,
  };

  it('gives the txid', async () => {
    const { source, calls } = open({ sendrawtransaction: `"${txid}"` });
    await expect(source.broadcast(raw)).resolves.toBe(txid);
    expect(calls.at(-1)?.params).toEqual({ hexstring: '0200', maxfeerate: '0.10000000' });
  });

  it('of one that is in a block is a success', async () => {
    const present = { code: -27, message: 'Transaction outputs already in utxo set' };
    const { source } = open({ ...decoded, sendrawtransaction: present });
    await expect(source.broadcast(raw)).resolves.toBe(txid);
  });

  it('of one in a block whose outputs are spent already is a success', async () => {
    const { source } = open({
      ...decoded,
      sendrawtransaction: { code: -25, message: 'bad-txns-inputs-missingorspent' },
      gettransaction: `{"confirmations":9,"blockhash":"${blockHash}","blockheight":202,"hex":"0200"}`,
    });
    await expect(source.broadcast(raw)).resolves.toBe(txid);
  });

  it.each([
    [-26, 'txn-mempool-conflict'],
    [-25, 'bad-txns-inputs-missingorspent'],
    [-25, 'Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)'],
  ])('that the node refuses with %i is rejected with its reason', async (code, message) => {
    const answers = { ...decoded, ...unknown, sendrawtransaction: { code, message } };
    const error = await failure(open(answers).source.broadcast(raw));
    expect(error).toMatchObject({ code: 'CHAIN_REJECTED', kind: 'refused' });
    expect(error.details['reason']).toBe(`${message}.`);
  });

  it('of one that lost to another is rejected, though the wallet knows it', async () => {
    const { source } = open({
      ...decoded,
      ...unknown,
      sendrawtransaction: { code: -25, message: 'bad-txns-inputs-missingorspent' },
      gettransaction: '{"confirmations":-3,"hex":"0200"}',
    });
    await expect(source.broadcast(raw)).rejects.toMatchObject({ code: 'CHAIN_REJECTED' });
  });

  it('of what is no transaction is rejected', async () => {
    const { source } = open({ sendrawtransaction: { code: -22, message: 'TX decode failed.' } });
    await expect(source.broadcast(raw)).rejects.toMatchObject({ code: 'CHAIN_REJECTED' });
  });

  it('passes on what is not about the transaction', async () => {
    const { source } = open({ sendrawtransaction: { code: -9, message: 'Not connected' } });
    await expect(source.broadcast(raw)).rejects.toMatchObject({ code: 'CHAIN_RPC_ERROR' });
  });
});

describe('confirmations', () => {
  it('come from the wallet', async () => {
    const { source } = open({
      gettransaction: `{"confirmations":6,"blockhash":"${blockHash}","blockheight":205,"hex":"02"}`,
    });
    await expect(source.confirmations(txid)).resolves.toEqual({
      confirmations: 6,
      blockHash,
      height: 205,
      inMempool: false,
    });
  });

  it.each([
    [true, '{"vsize":100}'],
    [false, notFound],
  ] as const)('are none for one that waits: in the mempool %s', async (inMempool, entry) => {
    const { source } = open({
      gettransaction: '{"confirmations":0,"hex":"02"}',
      getmempoolentry: entry,
    });
    await expect(source.confirmations(txid)).resolves.toEqual({ confirmations: 0, inMempool });
  });

  it('are negative once a conflict is confirmed', async () => {
    const { source } = open({ gettransaction: '{"confirmations":-4,"hex":"02"}' });
    await expect(source.confirmations(txid)).resolves.toEqual({
      confirmations: -4,
      inMempool: false,
    });
  });

  it('come from the index when the wallet does not know it', async () => {
    const { source } = open({
      gettransaction: notFound,
      getrawtransaction: `{"confirmations":3,"blockhash":"${blockHash}"}`,
      getblockheader: '{"height":208}',
    });
    await expect(source.confirmations(txid)).resolves.toEqual({
      confirmations: 3,
      blockHash,
      height: 208,
      inMempool: false,
    });
  });

  it.each([
    ['in the mempool', '{"hex":"02"}', true],
    ['in a block that was left', `{"confirmations":0,"blockhash":"${blockHash}"}`, false],
  ])('are none for one that is %s and not of the wallet', async (_, reply, inMempool) => {
    const { source } = open({ gettransaction: notFound, getrawtransaction: reply });
    await expect(source.confirmations(txid)).resolves.toEqual({ confirmations: 0, inMempool });
  });

  it('come from an unspent output when there is no index', async () => {
    const { source } = open({
      gettransaction: notFound,
      getrawtransaction: notFound,
      gettxout: ({ params }) =>
        params['n'] === 1 ? `{"bestblock":"${otherHash}","confirmations":5}` : 'null',
      getblockheader: ({ params }) => {
        expect(params['blockhash']).toBe(otherHash);
        return '{"height":210}';
      },
      getblockhash: ({ params }) => {
        expect(params['height']).toBe(206);
        return `"${blockHash}"`;
      },
    });
    await expect(source.confirmations(txid)).resolves.toEqual({
      confirmations: 5,
      blockHash,
      height: 206,
      inMempool: false,
    });
  });

  it('of one that nobody knows are an error', async () => {
    const { source } = open({
      gettransaction: notFound,
      getrawtransaction: notFound,
      gettxout: 'null',
    });
    await expect(source.confirmations(txid)).rejects.toMatchObject({
      code: 'CHAIN_TRANSACTION_UNKNOWN',
      details: { txid },
    });
  });

  it('of what is no txid are not asked for', async () => {
    const { source, calls } = open({});
    await expect(source.confirmations('abc')).rejects.toMatchObject({ code: 'OUTPOINT_INVALID' });
    expect(methods(calls)).not.toContain('gettransaction');
  });
});

describe('transaction', () => {
  it('comes from the wallet', async () => {
    const { source } = open({ gettransaction: '{"confirmations":1,"hex":"0200ff"}' });
    expect(formatHex(await source.transaction(txid))).toBe('0200ff');
  });

  it('comes from mempool or index', async () => {
    const { source } = open({ gettransaction: notFound, getrawtransaction: '"0201"' });
    expect(formatHex(await source.transaction(txid))).toBe('0201');
  });

  it('comes from the block that an unspent output leads to', async () => {
    const { source } = open({
      gettransaction: notFound,
      getrawtransaction: ({ params }) => (params['blockhash'] === blockHash ? '"0202"' : notFound),
      gettxout: `{"bestblock":"${otherHash}","confirmations":5}`,
      getblockheader: '{"height":210}',
      getblockhash: `"${blockHash}"`,
    });
    expect(formatHex(await source.transaction(txid))).toBe('0202');
  });

  it('that nobody knows is an error', async () => {
    const { source } = open({
      gettransaction: notFound,
      getrawtransaction: notFound,
      gettxout: 'null',
    });
    await expect(source.transaction(txid)).rejects.toMatchObject({
      code: 'CHAIN_TRANSACTION_UNKNOWN',
    });
  });
});
