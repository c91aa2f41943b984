import type { PolicyScripts } from '@qoima/policy';
import type { Txid } from '@qoima/primitives';
import {
  extractTransaction,
  finalizePsbt,
  matchPolicy,
  transactionId,
  transactionVsize,
  verifySignatures,
  witnessTransactionId,
} from '@qoima/psbt';
import type { Coordinator } from './coordinator.ts';
import type { Proposal } from './proposal.ts';

/** A proposal with its finished transaction. */
export interface Finalized {
  readonly proposal: Proposal;
  readonly transaction: Uint8Array;
  readonly vsize: number;
}

/**
 * Matches the stored PSBT with the policy anew, verifies every signature, puts exactly k of them in
 * place and stores the finished transaction. Doing it again gives the same, also when more signatures
 * have come in since.
 * @throws `PSBT_INCOMPLETE` with who is missing, `PSBT_…`
 */
export const finalizeProposal = (
  coordinator: Coordinator,
  scripts: PolicyScripts,
  id: Txid,
): Promise<Finalized> =>
  coordinator.change((journal) => {
    const proposal = coordinator.proposals.find(id);
    if (proposal.state !== 'open') {
      const transaction = coordinator.proposals.readTransaction(proposal);
      return { proposal, transaction, vsize: transactionVsize(transaction) };
    }
    const psbt = coordinator.proposals.readSigned(id);
    const match = matchPolicy(psbt, scripts);
    const transaction = extractTransaction(finalizePsbt(verifySignatures(psbt, match)));
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
