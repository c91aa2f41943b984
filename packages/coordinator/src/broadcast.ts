import type { ChainSource, Confirmations } from '@qoima/chain';
import type { PolicyScripts } from '@qoima/policy';
import type { Txid } from '@qoima/primitives';
import { checkTransaction, matchPolicy } from '@qoima/psbt';
import type { Coordinator } from './coordinator.ts';
import { coordinatorError } from './errors.ts';
import { refuseSharedNonces } from './nonces.ts';
import { type Proposal, refuseWithdrawn } from './proposal.ts';
import { networkPlace, whereabouts } from './whereabouts.ts';

/** A proposal whose transaction the network has. */
export interface Broadcast {
  readonly proposal: Proposal;
  /** Where the node had the transaction before anything was sent, perhaps with other signatures. */
  readonly found: Confirmations | undefined;
}

/**
 * Sends the finished transaction, once it was checked as it lies on the disk and the node would take it.
 * One that the network has already, because a command was cut off or somebody else has sent it, is
 * recorded as sent. Sending it again is harmless.
 * @throws `COORDINATOR_NOT_FINAL`; `COORDINATOR_WITHDRAWN`; `COORDINATOR_NONCE_SHARED`; as
 * `checkTransaction`; `COORDINATOR_NODE_REFUSES` with the node's reason; `CHAIN_…`
 */
export const broadcastProposal = (
  coordinator: Coordinator,
  scripts: PolicyScripts,
  chain: ChainSource,
  id: Txid,
): Promise<Broadcast> =>
  coordinator.change(async (journal) => {
    const proposal = coordinator.proposals.find(id);
    const { txid, state } = proposal;
    refuseWithdrawn(proposal);
    if (txid === null) {
      throw coordinatorError('COORDINATOR_NOT_FINAL', `Proposal ${id} is still open.`);
    }
    const seen = await whereabouts(chain, txid);
    const found = networkPlace(seen);
    if (state !== 'final' || found === undefined) {
      const transaction = coordinator.proposals.readTransaction(proposal);
      const psbt = coordinator.proposals.readSigned(id);
      checkTransaction(transaction, matchPolicy(psbt, scripts));
      if (state === 'final') {
        refuseSharedNonces(coordinator, scripts, id, psbt);
        if (!seen.asked) throw seen.error;
        await refuseUnacceptable(chain, txid, transaction);
      }
      await chain.broadcast(transaction);
    }
    if (state !== 'final') return { proposal, found };
    const sent: Proposal = { ...proposal, state: 'broadcast' };
    journal.append('spend.broadcast', { proposal: id, txid });
    coordinator.proposals.update(sent);
    return { proposal: sent, found };
  });

/** @throws `COORDINATOR_NODE_REFUSES` unless the node would take it, or has come to have it since it was asked */
const refuseUnacceptable = async (
  chain: ChainSource,
  txid: Txid,
  transaction: Uint8Array,
): Promise<void> => {
  const verdict = await chain.testAccept(transaction);
  if (verdict.allowed || PRESENT.test(verdict.reason)) return;
  throw coordinatorError(
    'COORDINATOR_NODE_REFUSES',
    `The node refuses ${txid}: ${verdict.reason}.`,
    { reason: verdict.reason },
  );
};

/** Bitcoin Core's words for a txid that it has: the same bytes, or the same with other signatures. */
const PRESENT = /^txn-(already-in-mempool|already-known|same-nonwitness-data-in-mempool)$/;
