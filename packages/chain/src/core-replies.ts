import { parseBtc, parseHex, type Sats } from '@qoima/primitives';
import * as v from 'valibot';

/** What is read of Bitcoin Core's replies, and no more. Every number arrives as text. */
export type Reply<Result> = v.GenericSchema<unknown, Result>;

const integer = v.pipe(
  v.string(),
  v.regex(/^-?(?:0|[1-9][0-9]{0,14})$/, 'an integer'),
  v.transform(Number),
);
const natural = v.pipe(integer, v.minValue(0));

/** A share or a duration, for the eye only: Core prints it as a float. */
const measure = v.pipe(
  v.string(),
  v.transform(Number),
  v.check((value) => Number.isFinite(value)),
);

/** BTC with its decimals, exactly; never negative. */
const amount = v.pipe(
  v.string(),
  v.rawTransform<string, Sats>(({ dataset, addIssue, NEVER }) => {
    try {
      return parseBtc(dataset.value);
    } catch {
      addIssue({ message: 'an amount in BTC' });
      return NEVER;
    }
  }),
);

const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, '64 hex digits'));

const bytes = v.pipe(
  v.string(),
  v.check((text) => text.length % 2 === 0 && /^[0-9a-f]*$/.test(text), 'hex'),
  v.transform(parseHex),
);

/** Of `getblockchaininfo`. */
export interface Blockchain {
  readonly chain: string;
  readonly blocks: number;
  readonly bestblockhash: string;
  readonly time: number;
  readonly initialblockdownload: boolean;
}

export const blockchainReply: Reply<Blockchain> = v.object({
  chain: v.string(),
  blocks: natural,
  bestblockhash: hash,
  time: natural,
  initialblockdownload: v.boolean(),
});

/** Of `listwallets`, `listlabels`. */
export const namesReply: Reply<readonly string[]> = v.array(v.string());

/** Of `loadwallet`, `createwallet`. */
export const loadedWalletReply: Reply<{ readonly name: string }> = v.object({ name: v.string() });

/** Of `getwalletinfo`. */
export interface WalletStatus {
  readonly private_keys_enabled: boolean;
  readonly descriptors: boolean;
  /** `duration` in seconds, `progress` 0 … 1. */
  readonly scanning: false | { readonly duration: number; readonly progress: number };
  readonly lastprocessedblock: { readonly hash: string; readonly height: number };
}

export const walletReply: Reply<WalletStatus> = v.object({
  private_keys_enabled: v.boolean(),
  descriptors: v.optional(v.boolean(), true),
  scanning: v.union([v.literal(false), v.object({ duration: natural, progress: measure })]),
  lastprocessedblock: v.object({ hash, height: natural }),
});

/** Of `listdescriptors`. */
export interface ImportedDescriptors {
  readonly descriptors: readonly {
    readonly desc: string;
    /** Both ends included. */
    readonly range?: readonly [number, number] | undefined;
  }[];
}

export const descriptorsReply: Reply<ImportedDescriptors> = v.object({
  descriptors: v.array(
    v.object({ desc: v.string(), range: v.optional(v.tuple([natural, natural])) }),
  ),
});

/** Of `importdescriptors`, for each request. */
export interface ImportResult {
  readonly success: boolean;
  readonly error?: { readonly message: string } | undefined;
}

export const importReply: Reply<readonly ImportResult[]> = v.array(
  v.object({ success: v.boolean(), error: v.optional(v.object({ message: v.string() })) }),
);

/** Of `deriveaddresses` for one index. */
export const addressReply: Reply<readonly [string]> = v.tuple([v.string()]);

/** Of `setlabel`. */
export const nullReply: Reply<null> = v.null();

/** Of `listunspent`. */
export interface UnspentOutput {
  readonly txid: string;
  readonly vout: number;
  readonly scriptPubKey: Uint8Array;
  readonly amount: Sats;
  readonly confirmations: number;
  readonly solvable: boolean;
  readonly safe: boolean;
}

export const unspentReply: Reply<readonly UnspentOutput[]> = v.array(
  v.object({
    txid: hash,
    vout: natural,
    scriptPubKey: bytes,
    amount,
    confirmations: natural,
    solvable: v.boolean(),
    safe: v.boolean(),
  }),
);

/** Of `gettransaction`. */
export interface WalletTransaction {
  /** Negative: a conflicting transaction is that deep. */
  readonly confirmations: number;
  readonly blockhash?: string | undefined;
  readonly blockheight?: number | undefined;
  readonly hex: Uint8Array;
}

export const walletTransactionReply: Reply<WalletTransaction> = v.object({
  confirmations: integer,
  blockhash: v.optional(hash),
  blockheight: v.optional(natural),
  hex: bytes,
});

/** Of `getrawtransaction` with verbosity 0. */
export const rawTransactionReply: Reply<Uint8Array> = bytes;

/** Of `getrawtransaction` with verbosity 1. */
export interface LocatedTransaction {
  readonly confirmations: number;
  readonly blockhash?: string | undefined;
}

export const locatedTransactionReply: Reply<LocatedTransaction> = v.object({
  confirmations: v.optional(natural, '0'),
  blockhash: v.optional(hash),
});

/** Of `gettxout`; null when there is no such unspent output. */
export interface FoundOutput {
  readonly bestblock: string;
  readonly confirmations: number;
}

export const foundOutputReply: Reply<FoundOutput | null> = v.nullable(
  v.object({ bestblock: hash, confirmations: natural }),
);

/** Of `getblockheader`. */
export const blockHeaderReply: Reply<{ readonly height: number }> = v.object({ height: natural });

/** Of `getblockhash`, `sendrawtransaction`. */
export const hashReply: Reply<string> = hash;

/** Of `getmempoolentry`. */
export const mempoolEntryReply: Reply<{ readonly vsize: number }> = v.object({ vsize: natural });

/** Of `estimatesmartfee`: BTC per 1000 vbytes, and so, in satoshis, a `FeeRate`. */
export const feeEstimateReply: Reply<{ readonly feerate?: Sats | undefined }> = v.object({
  feerate: v.optional(amount),
});

/** Of `testmempoolaccept` for one transaction. */
export type Acceptance =
  | { readonly allowed: true; readonly vsize: number; readonly fees: { readonly base: Sats } }
  | { readonly allowed: false; readonly 'reject-reason': string };

export const acceptReply: Reply<readonly [Acceptance]> = v.tuple([
  v.union([
    v.object({ allowed: v.literal(true), vsize: natural, fees: v.object({ base: amount }) }),
    v.object({ allowed: v.literal(false), 'reject-reason': v.string() }),
  ]),
]);

/** Of `decoderawtransaction`. */
export const decodedTransactionReply: Reply<{ readonly txid: string }> = v.object({ txid: hash });
