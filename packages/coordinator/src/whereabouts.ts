import type { ChainSource, Confirmations } from '@qoima/chain';
import { isQoimaError, type QoimaError, type Txid } from '@qoima/primitives';

/** What the node says of a transaction; `error` tells why it could not be asked. */
export type Whereabouts =
  | { readonly asked: true; readonly place: Confirmations | undefined }
  | { readonly asked: false; readonly error: QoimaError };

/** Asks the node for a transaction. A node that cannot be asked is an answer too. */
export const whereabouts = (chain: ChainSource, txid: Txid): Promise<Whereabouts> =>
  asking(async () => {
    try {
      return { asked: true, place: await chain.confirmations(txid) };
    } catch (error) {
      if (isQoimaError(error, 'CHAIN_TRANSACTION_UNKNOWN'))
        return { asked: true, place: undefined };
      throw error;
    }
  });

/** The outcome of a question to the node, or why it could not be asked. A defect is thrown on. */
export const asking = async <Answer>(
  ask: () => Promise<Answer>,
): Promise<Answer | { readonly asked: false; readonly error: QoimaError }> => {
  try {
    return await ask();
  } catch (error) {
    if (isQoimaError(error) && error.code.startsWith('CHAIN_')) return { asked: false, error };
    throw error;
  }
};

/** The place of a transaction that waits in the node's memory pool or is in a block; else undefined. */
export const networkPlace = (seen: Whereabouts): Confirmations | undefined =>
  seen.asked && seen.place !== undefined && (seen.place.confirmations > 0 || seen.place.inMempool)
    ? seen.place
    : undefined;

/** As the end of a sentence: `in a block, with 3 confirmations`. */
export const placeText = ({ confirmations }: Confirmations): string =>
  confirmations > 0 ? `in a block, with ${confirmationsText(confirmations)}` : 'in its memory pool';

export const confirmationsText = (depth: number): string =>
  `${depth} ${depth === 1 ? 'confirmation' : 'confirmations'}`;
