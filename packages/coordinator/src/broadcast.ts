import type { ChainSource } from '@qoima/chain';
import type { Txid } from '@qoima/primitives';
import type { Coordinator } from './coordinator.ts';
import { coordinatorError } from './errors.ts';
import type { Proposal } from './proposal.ts';

/**
 * Asks the node whether it would take the finished transaction, then sends it. Sending it again is
 * harmless: a transaction that the network has is a success.
 * @throws `COORDINATOR_NOT_FINAL`, `COORDINATOR_NODE_REFUSES` with the node's reason, `CHAIN_…`
 */
export const broadcastProposal = (
  coordinator: Coordinator,
  chain: ChainSource,
  id: Txid,
): Promise<Proposal> =>
  coordinator.change(async (journal) => {
    const proposal = coordinator.proposals.find(id);
    const { txid, state } = proposal;
    if (txid === null) {
      throw coordinatorError('COORDINATOR_NOT_FINAL', `Proposal ${id} is still open.`);
    }
    const transaction = coordinator.proposals.readTransaction(proposal);
    if (state === 'final') {
      const verdict = await chain.testAccept(transaction);
      // One that the network has already was sent before a crash, and is sent again below.
      if (!verdict.allowed && !verdict.reason.startsWith('txn-already')) {
        throw coordinatorError(
          'COORDINATOR_NODE_REFUSES',
          `The node refuses ${txid}: ${verdict.reason}.`,
          { reason: verdict.reason },
        );
      }
    }
    await chain.broadcast(transaction);
    if (state !== 'final') return proposal;
    const sent: Proposal = { ...proposal, state: 'broadcast' };
    journal.append('spend.broadcast', { proposal: id, txid });
    coordinator.proposals.update(sent);
    return sent;
  });
