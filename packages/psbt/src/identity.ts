import { formatTxid, hash256, type Txid } from '@qoima/primitives';
import type { Psbt } from './record.ts';
import { encodeUnsignedTransaction } from './transaction.ts';

/**
 * The id of the unsigned transaction, by which PSBTs of one spend know each other. For segwit inputs it
 * is the id that the signed transaction will have; a bare `sh` input changes it when it is signed.
 */
export const unsignedTransactionId = (psbt: Psbt): Txid =>
  formatTxid(hash256(encodeUnsignedTransaction(psbt.transaction)));
