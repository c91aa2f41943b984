import { formatOutpoint, type Outpoint, type Sats, type Txid } from '@qoima/primitives';

/** An earlier spend, as a station's journal or a coordinator's proposals have it. */
export interface SpendRecord {
  /** Of the unsigned transaction. */
  readonly txid: Txid;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** Its coins, as `formatOutpoint` writes them; an amount only where it was recorded. */
  readonly coins: readonly { readonly outpoint: string; readonly amount?: Sats | undefined }[];
  /** When it was taken back, if it was: ISO 8601, UTC. */
  readonly withdrawn?: string | undefined;
}

/** One coin in an earlier spend. */
export interface EarlierSpend {
  readonly txid: Txid;
  readonly time: string;
  readonly amount: Sats | undefined;
  readonly withdrawn: string | undefined;
  /** Grows with each record. */
  readonly order: number;
}

/** What a machine remembers of earlier spends. */
export interface SpendMemory {
  /** The spends that took this coin, oldest first. */
  readonly spendsOf: (outpoint: Outpoint) => readonly EarlierSpend[];
  /** The last record of this transaction and its place in the order; undefined if there is none. */
  readonly recordOf: (txid: Txid) => RememberedSpend | undefined;
}

/** An earlier spend as a whole. */
export interface RememberedSpend {
  readonly order: number;
  readonly withdrawn: string | undefined;
}

/** Makes a memory of records in the order in which they happened. Linear in their coins. */
export const spendMemory = (records: readonly SpendRecord[]): SpendMemory => {
  const byCoin = new Map<string, EarlierSpend[]>();
  const byTxid = new Map<Txid, RememberedSpend>();
  for (const [order, { txid, time, coins, withdrawn }] of records.entries()) {
    byTxid.set(txid, { order, withdrawn });
    for (const { outpoint, amount } of coins) {
      const spend = { txid, time, amount, withdrawn, order };
      const known = byCoin.get(outpoint);
      if (known === undefined) byCoin.set(outpoint, [spend]);
      else known.push(spend);
    }
  }
  return {
    spendsOf: (outpoint) => byCoin.get(formatOutpoint(outpoint)) ?? [],
    recordOf: (txid) => byTxid.get(txid),
  };
};
