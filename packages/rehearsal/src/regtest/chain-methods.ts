import { formatHex, type Txid } from '@qoima/primitives';
import { type Block, encodeBlock, REGTEST_BITS, REGTEST_TARGET } from './block.ts';
import type { BlockChain } from './block-chain.ts';
import { RPC, RpcError } from './rpc-error.ts';
import type { RpcMethods } from './rpc-method.ts';
import type { RpcValue } from './rpc-value.ts';
import type { ChainTransaction } from './transaction.ts';
import { outputJson, transactionJson } from './transaction-json.ts';

/** Calls about blocks and what is in them. */
export const chainMethods: RpcMethods = {
  getblockchaininfo: {
    parameters: [],
    run: (_, { state: { chain } }) => {
      const { height, hash, time } = chain.tip();
      return {
        chain: 'regtest',
        blocks: height,
        headers: height,
        bestblockhash: hash,
        bits: BITS,
        target: REGTEST_TARGET,
        difficulty: DIFFICULTY,
        time,
        mediantime: chain.medianTime(height),
        verificationprogress: 1,
        initialblockdownload: false,
        chainwork: chainwork(height),
        size_on_disk: 0,
        pruned: false,
        warnings: [],
      };
    },
  },
  getblockcount: { parameters: [], run: (_, { state }) => state.chain.tip().height },
  getbestblockhash: { parameters: [], run: (_, { state }) => state.chain.tip().hash },
  getblockhash: {
    parameters: ['height'],
    run: (parameters, { state }) => {
      const block = state.chain.blockAt(parameters.integer('height'));
      if (block === undefined)
        throw new RpcError(RPC.INVALID_PARAMETER, 'Block height out of range');
      return block.hash;
    },
  },
  getblockheader: {
    parameters: ['blockhash', 'verbose'],
    run: (parameters, { state: { chain } }) => {
      const block = findBlock(chain, parameters.hash('blockhash'));
      return parameters.flag('verbose', true) ? headerJson(block, chain) : formatHex(block.header);
    },
  },
  getblock: {
    parameters: ['blockhash', 'verbosity'],
    run: (parameters, { state: { chain } }) => {
      const block = findBlock(chain, parameters.hash('blockhash'));
      const verbosity = parameters.integer('verbosity', 1);
      if (verbosity === 0) return formatHex(encodeBlock(block));
      return {
        ...headerJson(block, chain),
        ...sizesJson(block),
        tx: block.transactions.map((transaction) =>
          verbosity === 1 ? transaction.txid : fullJson(transaction),
        ),
      };
    },
  },
  gettxout: {
    parameters: ['txid', 'n', 'include_mempool'],
    run: (parameters, { state: { chain, mempool } }) => {
      const outpoint = { txid: parameters.hash('txid'), vout: parameters.integer('n') };
      const { height, hash: bestblock } = chain.tip();
      const withMempool = parameters.flag('include_mempool', true);
      if (withMempool && mempool.spender(outpoint) !== undefined) return null;
      const waiting = mempool.entry(outpoint.txid)?.transaction.outputs[outpoint.vout];
      if (withMempool && waiting !== undefined) {
        return { bestblock, confirmations: 0, ...outputJson(waiting), coinbase: false };
      }
      const coin = chain.coin(outpoint);
      if (coin === undefined) return null;
      const confirmations = height - coin.height + 1;
      return { bestblock, confirmations, ...outputJson(coin), coinbase: coin.isCoinbase };
    },
  },
  getrawtransaction: {
    parameters: ['txid', 'verbosity', 'blockhash'],
    run: (parameters, { state: { chain, mempool } }) => {
      const txid = parameters.hash('txid');
      const block = parameters.has('blockhash')
        ? findBlock(chain, parameters.hash('blockhash'))
        : undefined;
      const isVerbose = parameters.integer('verbosity', 0) > 0;
      const waiting = block === undefined ? mempool.entry(txid)?.transaction : undefined;
      if (waiting !== undefined) return isVerbose ? fullJson(waiting) : formatHex(waiting.bytes);
      const confirmed = findTransaction(chain, txid, block);
      if (!isVerbose) return formatHex(confirmed.transaction.bytes);
      return {
        ...(block !== undefined && { in_active_chain: true }),
        ...fullJson(confirmed.transaction),
        blockhash: confirmed.block.hash,
        confirmations: chain.tip().height - confirmed.block.height + 1,
        time: confirmed.block.time,
        blocktime: confirmed.block.time,
      };
    },
  },
  getindexinfo: {
    parameters: ['index_name'],
    run: (_, { state }) => ({
      txindex: { synced: true, best_block_height: state.chain.tip().height },
    }),
  },
};

const BITS = REGTEST_BITS.toString(16);

/** As Core prints it for regtest's bits. */
const DIFFICULTY = 4.656542373906925e-10;

/** Each block of regtest is worth two hashes. */
const chainwork = (height: number): string => (2 * (height + 1)).toString(16).padStart(64, '0');

const findBlock = (chain: BlockChain, hash: string): Block => {
  const block = chain.blockByHash(hash);
  if (block === undefined) throw new RpcError(RPC.INVALID_ADDRESS_OR_KEY, 'Block not found');
  return block;
};

const findTransaction = (chain: BlockChain, txid: Txid, block: Block | undefined) => {
  const confirmed = chain.transaction(txid);
  if (confirmed !== undefined && (block === undefined || confirmed.block === block)) {
    return confirmed;
  }
  const place =
    block === undefined
      ? 'mempool or blockchain transaction'
      : 'transaction found in the provided block';
  const what = `No such ${place}. Use gettransaction for wallet transactions.`;
  throw new RpcError(RPC.INVALID_ADDRESS_OR_KEY, what);
};

const fullJson = (transaction: ChainTransaction): { readonly [key: string]: RpcValue } => ({
  ...transactionJson(transaction),
  hex: formatHex(transaction.bytes),
});

const headerJson = (
  block: Block,
  chain: BlockChain,
): { readonly [key: string]: RpcValue | undefined } => ({
  hash: block.hash,
  confirmations: chain.tip().height - block.height + 1,
  height: block.height,
  version: block.version,
  versionHex: block.version.toString(16).padStart(8, '0'),
  merkleroot: block.merkleRoot,
  time: block.time,
  mediantime: chain.medianTime(block.height),
  nonce: block.nonce,
  bits: BITS,
  target: REGTEST_TARGET,
  difficulty: DIFFICULTY,
  chainwork: chainwork(block.height),
  nTx: block.transactions.length,
  previousblockhash: block.height > 0 ? block.previous : undefined,
  nextblockhash: chain.blockAt(block.height + 1)?.hash,
});

const sizesJson = (block: Block): { readonly [key: string]: RpcValue } => {
  const { length: size } = encodeBlock(block);
  const witnesses = block.transactions.reduce(
    (sum, { bytes, strippedSize }) => sum + bytes.length - strippedSize,
    0,
  );
  const strippedsize = size - witnesses;
  return { strippedsize, size, weight: 3 * strippedsize + size };
};
