import { excerpt, formatHex, parseHex } from './bytes.ts';
import { primitivesError } from './errors.ts';

/** A transaction id as people read it: 64 lower-case hex digits, the reverse of the hash's bytes. */
export type Txid = string;

/** Which output of which transaction. */
export interface Outpoint {
  readonly txid: Txid;
  /** 0 … 2³² − 1. */
  readonly vout: number;
}

/** The displayed id of a transaction hash in its byte order. */
export const formatTxid = (hash: Uint8Array): Txid => formatHex(hash.slice().reverse());

/** The 32 bytes, in hash order, of a displayed id. @throws `OUTPOINT_INVALID` */
export const parseTxid = (txid: string): Uint8Array => {
  if (!/^[0-9a-f]{64}$/.test(txid)) {
    throw primitivesError('OUTPOINT_INVALID', `Not a transaction id: ${excerpt(txid, 70)}.`);
  }
  return parseHex(txid).reverse();
};

export const formatOutpoint = (outpoint: Outpoint): string => `${outpoint.txid}:${outpoint.vout}`;

/** Reads `txid:vout`. @throws `OUTPOINT_INVALID` */
export const parseOutpoint = (text: string): Outpoint => {
  const match = /^([0-9a-f]{64}):(0|[1-9][0-9]{0,9})$/.exec(text);
  const vout = Number(match?.[2]);
  if (match === null || vout > 0xffffffff) {
    throw primitivesError('OUTPOINT_INVALID', `Not an outpoint: ${excerpt(text, 80)}.`);
  }
  return { txid: match[1] as string, vout };
};
