import { setImmediate } from 'node:timers/promises';
import type { PolicyScript } from '@qoima/policy';
import { formatHex, type Txid } from '@qoima/primitives';
import type { BlockChain } from './block-chain.ts';
import type { Mempool } from './mempool.ts';
import { type OutputType, outputType } from './output-type.ts';
import { RPC, RpcError } from './rpc-error.ts';
import type { ChainTransaction } from './transaction.ts';
import { parseWalletDescriptor, type WalletDescriptor } from './wallet-descriptor.ts';

/** One request of `importdescriptors`. */
export interface ImportRequest {
  readonly descriptor: string;
  readonly range: readonly [number, number];
  /** Unix seconds. */
  readonly timestamp: number;
  readonly active: boolean;
  readonly internal: boolean;
}

export interface ImportedDescriptor extends Omit<ImportRequest, 'descriptor'>, WalletDescriptor {
  /** The first index that no transaction has used. */
  readonly nextIndex: number;
}

/** What the wallet knows about a script of its own. */
export interface OwnScript {
  readonly descriptor: string;
  readonly script: PolicyScript;
}

/** A watch-only wallet in memory: descriptors, labels, and the transactions that concern them. */
export interface WatchWallet {
  readonly name: string;
  /** By hex of the script. */
  readonly labels: Map<string, string>;
  descriptors(): readonly ImportedDescriptor[];
  own(script: Uint8Array): OwnScript | undefined;
  transactions(): readonly ChainTransaction[];
  transaction(txid: Txid): ChainTransaction | undefined;
  /** How far a rescan has come, 0 … 1; undefined when there is none. */
  scanProgress(): number | undefined;
  /** @throws RpcError when the wallet cannot take it; it then is as before. */
  import(request: ImportRequest): void;
  /** Looks for transactions in the blocks since two hours before this time, and in the mempool. */
  rescan(since: number): Promise<void>;
  /** Keeps the transaction if it pays to the wallet or spends from it. */
  notice(transaction: ChainTransaction): void;
}

/** So many scripts past the last used one are watched. Core's default is 1000. */
export const KEYPOOL_SIZE = 20;

/** Core looks so much further back, for clocks of miners that are wrong. */
const TIMESTAMP_WINDOW = 7200;

/** Blocks between two moments in which other calls are answered. */
const SCAN_STEP = 10;

export const createWatchWallet = (
  name: string,
  chain: BlockChain,
  mempool: Mempool,
): WatchWallet => {
  const descriptors = new Map<string, ImportedDescriptor>();
  const scripts = new Map<string, OwnScript>();
  const types = new Set<OutputType>();
  const transactions = new Map<Txid, ChainTransaction>();
  /** Every script below this index stands in `scripts`. */
  let derivedBelow = 0;
  let progress: number | undefined;

  /**
   * Scripts are made index by index until the one that is looked for is among them: most of a range
   * is never used, and deriving all of it would take seconds.
   */
  const own = (script: Uint8Array): OwnScript | undefined => {
    if (!types.has(outputType(script))) return undefined;
    const key = formatHex(script);
    const last = Math.max(...[...descriptors.values()].map(({ range }) => range[1]));
    for (; !scripts.has(key) && derivedBelow <= last; derivedBelow++) deriveAt(derivedBelow);
    return scripts.get(key);
  };

  const deriveAt = (index: number): void => {
    for (const { text, range, scriptAt } of descriptors.values()) {
      if (index < range[0] || index > range[1]) continue;
      const script = scriptAt(index);
      scripts.set(formatHex(script.scriptPubKey), { descriptor: text, script });
    }
  };

  /** Watches the range, and what lies within reach of the last used index. */
  const store = (descriptor: ImportedDescriptor): void => {
    const [first, last] = descriptor.range;
    const range = [first, Math.max(last, descriptor.nextIndex + KEYPOOL_SIZE - 1)] as const;
    const present = descriptors.get(descriptor.text)?.range;
    const begin = present?.[0] === first ? present[1] + 1 : first;
    derivedBelow = Math.min(derivedBelow, begin);
    descriptors.set(descriptor.text, { ...descriptor, range });
    types.add(outputType(descriptor.scriptAt(first).scriptPubKey));
  };

  const markUsed = ({ descriptor: text, script }: OwnScript): void => {
    const descriptor = descriptors.get(text);
    if (descriptor === undefined) throw new Error('every own script has its descriptor');
    if (script.index < descriptor.nextIndex) return;
    store({ ...descriptor, nextIndex: script.index + 1 });
  };

  const spendsOwn = ({ inputs }: ChainTransaction): boolean =>
    inputs.some(({ outpoint }) => {
      const output = transactions.get(outpoint.txid)?.outputs[outpoint.vout];
      return output !== undefined && own(output.script) !== undefined;
    });

  const notice = (transaction: ChainTransaction): void => {
    const received = transaction.outputs
      .map(({ script }) => own(script))
      .filter((each) => each !== undefined);
    if (received.length === 0 && !spendsOwn(transaction)) return;
    transactions.set(transaction.txid, transaction);
    for (const each of received) markUsed(each);
  };

  return {
    name,
    labels: new Map(),
    descriptors: () => [...descriptors.values()],
    own,
    transactions: () => [...transactions.values()],
    transaction: (txid) => transactions.get(txid),
    scanProgress: () => progress,
    import: ({ descriptor: text, ...request }) => {
      const descriptor = parseWalletDescriptor(text);
      const present = descriptors.get(descriptor.text);
      if (present !== undefined && !includes(request.range, present.range)) {
        const [first, last] = present.range;
        throw new RpcError(
          RPC.WALLET_ERROR,
          `Could not add descriptor '${text}': new range must include current range = [${first},${last}]`,
        );
      }
      const nextIndex = present?.nextIndex ?? request.range[0];
      store({ ...request, ...descriptor, nextIndex });
    },
    rescan: async (since) => {
      const { height } = chain.tip();
      progress = 0;
      try {
        for (let at = firstBlockSince(chain, since - TIMESTAMP_WINDOW); at <= height; at++) {
          for (const transaction of chain.blockAt(at)?.transactions ?? []) notice(transaction);
          progress = at / (height + 1);
          if (at % SCAN_STEP === 0) await setImmediate();
        }
        for (const { transaction } of mempool.entries()) notice(transaction);
      } finally {
        progress = undefined;
      }
    },
    notice,
  };
};

const includes = (
  [first, last]: readonly [number, number],
  inner: readonly [number, number],
): boolean => first <= inner[0] && last >= inner[1];

/** The first block from which on none has an earlier time before it, as Core finds it. */
const firstBlockSince = (chain: BlockChain, time: number): number => {
  const { height } = chain.tip();
  for (let at = 0; at <= height; at++) {
    if ((chain.blockAt(at)?.time ?? 0) >= time) return at;
  }
  return height + 1;
};
