import type { PolicyScripts } from '@qoima/policy';
import type { Txid } from '@qoima/primitives';
import {
  checkTransaction,
  extractTransaction,
  finalizePsbt,
  matchPolicy,
  transactionId,
  transactionVsize,
  verifySignatures,
  witnessTransactionId,
} from '@qoima/psbt';
import type { Coordinator } from './coordinator.ts';
import { refuseSharedNonces } from './nonces.ts';
import { type Proposal, refuseWithdrawn } from './proposal.ts';

/** A proposal with its finished transaction. */
export interface Finalized {
  readonly proposal: Proposal;
  readonly transaction: Uint8Array;
  readonly vsize: number;
}

/**
 * Matches the stored PSBT with the policy anew, verifies every signature, looks for nonces used twice,
 * puts exactly k signatures in place, has the finished transaction checked from its bytes by other
 * code, and stores it. Doing it again gives the same, also when more signatures have come in since.
 * @throws `COORDINATOR_WITHDRAWN`; `COORDINATOR_NONCE_SHARED`; `PSBT_INCOMPLETE` with who is missing;
 * as `checkTransaction`; `PSBT_…`
 */
export const finalizeProposal = (
  coordinator: Coordinator,
  scripts: PolicyScripts,
  id: Txid,
): Promise<Finalized> =>
  coordinator.change((journal) => {
    const proposal = coordinator.proposals.find(id);
    refuseWithdrawn(proposal);
    if (proposal.state !== 'open') {
      const transaction = coordinator.proposals.readTransaction(proposal);
      return { proposal, transaction, vsize: transactionVsize(transaction) };
    }
    const psbt = coordinator.proposals.readSigned(id);
    const match = matchPolicy(psbt, scripts);
    const verified = verifySignatures(psbt, match);
    refuseSharedNonces(coordinator, scripts, id, psbt);
    const transaction = extractTransaction(finalizePsbt(verified));
    checkTransaction(transaction, match);
    const vsize = transactionVsize(transaction);
    const final: Proposal = { ...proposal, state: 'final', txid: transactionId(transaction) };
    journal.append('spend.finalized', {
      proposal: id,
      txid: final.txid,
      wtxid: witnessTransactionId(transaction),
      vsize,
    });
    coordinator.proposals.writeTransaction(id, transaction);
    coordinator.proposals.update(final);
    return { proposal: final, transaction, vsize };
  });
