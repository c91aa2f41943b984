import type { FeeRate, Network, Outpoint, Sats, Txid } from '@qoima/primitives';

/** The newest block that a source knows. */
export interface ChainTip {
  readonly network: Network;
  readonly height: number;
  /** Displayed block hash: 64 lower-case hex digits. */
  readonly hash: string;
  /** The time in the block's header, unix seconds. */
  readonly time: number;
  /** The source is still catching up: coins and confirmations may be missing. Tell the operator. */
  readonly syncing: boolean;
}

/** One branch of a policy to watch. */
export interface WatchedDescriptor {
  /** Public, ranged, with one `/*` and with its BIP-380 checksum. */
  readonly descriptor: string;
  /** First and last index, both included. */
  readonly range: readonly [number, number];
  /** Change: what comes in is not an incoming payment. */
  readonly internal: boolean;
}

/** How far a rescan has come. */
export interface WatchProgress {
  /** 0 … 1. */
  readonly fraction: number;
  /** Since the rescan began. */
  readonly seconds: number;
}

/** An unspent output that pays to a watched script. */
export interface ChainCoin {
  readonly outpoint: Outpoint;
  readonly amount: Sats;
  readonly scriptPubKey: Uint8Array;
  /** 0 for one that is only in the mempool. */
  readonly confirmations: number;
  /** Of the block that holds it; absent without confirmations, and while blocks come in quickly. */
  readonly height?: number;
}

/** What the network would do with a transaction. `reason` is the node's own word for a refusal. */
export type AcceptVerdict =
  | { readonly allowed: true; readonly vsize: number; readonly fee: Sats }
  | { readonly allowed: false; readonly reason: string };

/** How deep a transaction is, as the source sees it. */
export interface Confirmations {
  /** 0: not in a block. Negative: a conflicting transaction is that many blocks deep instead. */
  readonly confirmations: number;
  readonly blockHash?: string;
  readonly height?: number;
  /** Waits in the mempool of the source. False with 0 confirmations: it was dropped, send it again. */
  readonly inMempool: boolean;
}

/**
 * The port: what Qoima asks of the network. An adapter proves nothing. Whoever uses a transaction from
 * here checks that its hash is the txid asked for, and whoever signs never trusts an amount from here.
 */
export interface ChainSource {
  tip(): Promise<ChainTip>;
  /**
   * Makes the source know every coin of the descriptors in blocks since `birthday` (unix seconds, 0
   * for all) and from now on. Returns when the past has been searched, at once if it was before.
   */
  watch(
    descriptors: readonly WatchedDescriptor[],
    birthday: number,
    onProgress?: (progress: WatchProgress) => void,
  ): Promise<void>;
  /**
   * The unspent coins of what is watched, in a fixed order (txid, vout), with at least
   * `minConfirmations` (1 unless told otherwise). Left out: immature coinbases, coins that the source
   * was told to lock, and unconfirmed coins from strangers.
   */
  coins(minConfirmations?: number): Promise<readonly ChainCoin[]>;
  /** The whole transaction, with witnesses, as serialised. Not checked here: that it hashes to `txid`. */
  transaction(txid: Txid): Promise<Uint8Array>;
  /** The rate to be confirmed within so many blocks; undefined when the source has no estimate. */
  estimateFeeRate(blocks: number): Promise<FeeRate | undefined>;
  testAccept(transaction: Uint8Array): Promise<AcceptVerdict>;
  /** Sends it to the network; one that the network has already is a success. */
  broadcast(transaction: Uint8Array): Promise<Txid>;
  confirmations(txid: Txid): Promise<Confirmations>;
}
