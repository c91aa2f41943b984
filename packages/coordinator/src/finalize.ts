import type { PolicyScripts } from '@qoima/policy';
import { isQoimaError, type QoimaError, type Txid } from '@qoima/primitives';
import {
  checkTransaction,
  extractTransaction,
  finalizePsbt,
  matchPolicy,
  type PolicyMatch,
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
 * code, and stores it. Doing it again gives the same, also when more signatures have come in since: the
 * stored transaction is checked as it lies on the disk, and made anew only if it is damaged.
 * @throws `COORDINATOR_WITHDRAWN`; `COORDINATOR_NONCE_SHARED`; `PSBT_INCOMPLETE` with who is missing;
 * `COORDINATOR_FILE_INVALID`; as `checkTransaction`; `PSBT_…`
 */
export const finalizeProposal = (
  coordinator: Coordinator,
  scripts: PolicyScripts,
  id: Txid,
): Promise<Finalized> =>
  coordinator.change((journal) => {
    const proposal = coordinator.proposals.find(id);
    refuseWithdrawn(proposal);
    const psbt = coordinator.proposals.readSigned(id);
    const match = matchPolicy(psbt, scripts);
    const stored = storedTransaction(coordinator, proposal, match);
    if (stored !== undefined && !isQoimaError(stored)) {
      return { proposal, transaction: stored, vsize: transactionVsize(stored) };
    }
    const verified = verifySignatures(psbt, match);
    refuseSharedNonces(coordinator, scripts, id, psbt);
    const transaction = extractTransaction(finalizePsbt(verified));
    checkTransaction(transaction, match);
    const txid = transactionId(transaction);
    const isOpen = proposal.state === 'open';
    // With other signatures a legacy transaction has another txid, and what was sent is the first.
    const isSent = !isOpen && proposal.state !== 'final';
    if (stored !== undefined && isSent && txid !== proposal.txid) throw stored;
    const vsize = transactionVsize(transaction);
    const final: Proposal = { ...proposal, state: isOpen ? 'final' : proposal.state, txid };
    journal.append('spend.finalized', {
      proposal: id,
      txid,
      wtxid: witnessTransactionId(transaction),
      vsize,
    });
    coordinator.proposals.writeTransaction(id, transaction);
    coordinator.proposals.update(final);
    return { proposal: final, transaction, vsize };
  });

/** The finished transaction, or what is wrong with its file; undefined while there is none. */
const storedTransaction = (
  coordinator: Coordinator,
  proposal: Proposal,
  match: PolicyMatch,
): Uint8Array | QoimaError | undefined => {
  if (proposal.state === 'open') return undefined;
  try {
    const transaction = coordinator.proposals.readTransaction(proposal);
    checkTransaction(transaction, match);
    return transaction;
  } catch (error) {
    // What cannot be looked at is not damaged.
    const unread =
      isQoimaError(error) && error.code.startsWith('FILE_') && error.code !== 'FILE_NOT_FOUND';
    if (isQoimaError(error) && !unread) return error;
    throw error;
  }
};
