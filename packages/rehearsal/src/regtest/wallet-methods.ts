import { formatHex } from '@qoima/primitives';
import { readAddress, readRange } from './control-methods.ts';
import type { NodeState } from './node-state.ts';
import { RPC, RpcError } from './rpc-error.ts';
import { type RpcMethods, walletOf } from './rpc-method.ts';
import type { RpcValue } from './rpc-value.ts';
import { unspentCoins } from './wallet-coins.ts';
import { walletTransactionJson } from './wallet-transaction-json.ts';
import { type ImportRequest, KEYPOOL_SIZE, type WatchWallet } from './watch-wallet.ts';

/** Calls about watch-only wallets. Other wallets than these are not made. */
export const walletMethods: RpcMethods = {
  createwallet: {
    parameters: [
      'wallet_name',
      'disable_private_keys',
      'blank',
      'passphrase',
      'avoid_reuse',
      'descriptors',
      'load_on_startup',
    ],
    run: (parameters, { state }) => {
      const name = parameters.text('wallet_name');
      if (!parameters.flag('disable_private_keys', false)) {
        const what = 'The embedded node makes watch-only wallets only: set disable_private_keys';
        throw new RpcError(RPC.WALLET_ERROR, what);
      }
      if (state.wallets.has(name)) {
        const what = `Wallet file verification failed. Failed to create database path '${name}'. Database already exists.`;
        throw new RpcError(RPC.WALLET_ERROR, what);
      }
      state.createWallet(name);
      return { name };
    },
  },
  /** Nothing outlives the process, so every wallet that there is has been loaded. */
  loadwallet: {
    parameters: ['filename', 'load_on_startup'],
    run: (parameters, { state }) => {
      const name = parameters.text('filename');
      if (state.wallets.has(name)) {
        throw new RpcError(RPC.WALLET_ALREADY_LOADED, `Wallet "${name}" is already loaded.`);
      }
      const what = `Wallet file verification failed. Failed to load database path '${name}'. Path does not exist.`;
      throw new RpcError(RPC.WALLET_NOT_FOUND, what);
    },
  },
  listwallets: { parameters: [], run: (_, { state }) => [...state.wallets.keys()] },
  getwalletinfo: {
    parameters: [],
    run: (_, context) => walletJson(walletOf(context), context.state),
  },
  importdescriptors: {
    parameters: ['requests'],
    run: async (parameters, context) => {
      const wallet = walletOf(context);
      if (wallet.scanProgress() !== undefined) {
        const what = 'Wallet is currently rescanning. Abort existing rescan or wait.';
        throw new RpcError(RPC.WALLET_ERROR, what);
      }
      const results: RpcValue[] = [];
      const times: number[] = [];
      for (const given of parameters.list('requests')) {
        try {
          const request = readRequest(given, context.state);
          wallet.import(request);
          times.push(request.timestamp);
          results.push({ success: true });
        } catch (error) {
          if (!(error instanceof RpcError)) throw error;
          results.push({ success: false, error: { code: error.code, message: error.message } });
        }
      }
      if (times.length > 0) await wallet.rescan(Math.min(...times));
      return results;
    },
  },
  listdescriptors: {
    parameters: ['private'],
    run: (_, context) => {
      const wallet = walletOf(context);
      return { wallet_name: wallet.name, descriptors: descriptorsJson(wallet) };
    },
  },
  setlabel: {
    parameters: ['address', 'label'],
    run: (parameters, context) => {
      const script = readAddress(parameters.text('address'));
      walletOf(context).labels.set(formatHex(script), parameters.text('label'));
      return null;
    },
  },
  listlabels: {
    parameters: ['purpose'],
    run: (_, context) => [...new Set(walletOf(context).labels.values())].sort(),
  },
  listunspent: {
    parameters: ['minconf', 'maxconf', 'addresses', 'include_unsafe', 'query_options'],
    run: (parameters, context) => {
      const least = parameters.integer('minconf', 1);
      const most = parameters.integer('maxconf', 9_999_999);
      const includeUnsafe = parameters.flag('include_unsafe', true);
      return unspentCoins(walletOf(context), context.state)
        .filter(({ confirmations }) => confirmations >= least && confirmations <= most)
        .filter(({ safe }) => safe || includeUnsafe)
        .map((coin) => ({ ...coin }));
    },
  },
  gettransaction: {
    parameters: ['txid', 'include_watchonly', 'verbose'],
    run: (parameters, context) => {
      const wallet = walletOf(context);
      const transaction = wallet.transaction(parameters.hash('txid'));
      if (transaction === undefined) {
        const what = 'Invalid or non-wallet transaction id';
        throw new RpcError(RPC.INVALID_ADDRESS_OR_KEY, what);
      }
      return walletTransactionJson(transaction, wallet, context.state);
    },
  },
};

const walletJson = (wallet: WatchWallet, { chain }: NodeState): RpcValue => {
  const times = wallet.descriptors().map(({ timestamp }) => timestamp);
  const { height, hash } = chain.tip();
  const progress = wallet.scanProgress();
  return {
    walletname: wallet.name,
    walletversion: 169_900,
    format: 'memory',
    txcount: wallet.transactions().length,
    keypoolsize: KEYPOOL_SIZE,
    private_keys_enabled: false,
    avoid_reuse: false,
    scanning: progress === undefined ? false : { duration: 0, progress },
    descriptors: true,
    external_signer: false,
    blank: wallet.descriptors().length === 0,
    birthtime: times.length === 0 ? undefined : Math.min(...times),
    lastprocessedblock: { hash, height },
  };
};

const descriptorsJson = (wallet: WatchWallet): readonly RpcValue[] =>
  wallet
    .descriptors()
    .toSorted((a, b) => (a.text < b.text ? -1 : 1))
    .map(({ text, timestamp, active, internal, range, nextIndex }) => ({
      desc: text,
      timestamp,
      active,
      internal: active ? internal : undefined,
      range: [...range],
      next: nextIndex,
      next_index: nextIndex,
    }));

/** @throws RpcError */
const readRequest = (given: unknown, state: NodeState): ImportRequest => {
  const fields: Readonly<Record<string, unknown>> =
    typeof given === 'object' && given !== null ? { ...given } : {};
  const { desc, range, timestamp, active = false, internal = false } = fields;
  if (typeof desc !== 'string') throw new RpcError(RPC.INVALID_PARAMETER, 'Descriptor not found.');
  if (typeof active !== 'boolean' || typeof internal !== 'boolean') {
    throw new RpcError(RPC.TYPE_ERROR, 'JSON value is not a boolean as expected');
  }
  if (!Array.isArray(range)) {
    throw new RpcError(RPC.INVALID_PARAMETER, 'The embedded node wants a range as [begin,end]');
  }
  return {
    descriptor: desc,
    range: readRange(range),
    timestamp: timestamp === 'now' ? medianTime(state) : readTime(timestamp),
    active,
    internal,
  };
};

const medianTime = ({ chain }: NodeState): number => chain.medianTime(chain.tip().height);

const readTime = (given: unknown): number => {
  if (typeof given === 'number' && Number.isSafeInteger(given)) return Math.max(given, 1);
  const what = 'Expected number or "now" timestamp value for key';
  throw new RpcError(RPC.TYPE_ERROR, what);
};
