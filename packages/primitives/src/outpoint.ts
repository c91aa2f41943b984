import { excerpt, formatHex } from './bytes.ts';
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
export const formatTxid = (hash: Uint8Array): Txid => formatHex(hash.toReversed());

/** The 32 bytes, in hash order, of a displayed id. @throws `OUTPOINT_INVALID` */
export const parseTxid = (txid: string): Uint8Array => {
  const hash = new Uint8Array(32);
  let valid = txid.length === 64;
  for (let at = 0; valid && at < 32; at++) {
    const byte = hexDigit(txid, 62 - 2 * at) * 16 + hexDigit(txid, 63 - 2 * at);
    valid = byte >= 0;
    hash[at] = byte;
  }
  if (valid) return hash;
  throw primitivesError('OUTPOINT_INVALID', `Not a transaction id: ${excerpt(txid, 70)}.`);
};

/** Lower case only; far below zero for anything else. */
const hexDigit = (text: string, at: number): number => {
  const code = text.charCodeAt(at);
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : -1000;
};

/** As `parseOutpoint` reads it: `txid:vout`. */
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
