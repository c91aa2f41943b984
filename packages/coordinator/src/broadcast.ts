import type { ChainSource } from '@qoima/chain';
import type { PolicyScripts } from '@qoima/policy';
import type { Txid } from '@qoima/primitives';
import { checkTransaction, matchPolicy } from '@qoima/psbt';
import type { Coordinator } from './coordinator.ts';
import { coordinatorError } from './errors.ts';
import { refuseSharedNonces } from './nonces.ts';
import { type Proposal, refuseWithdrawn } from './proposal.ts';

/**
 * Checks the finished transaction once more, as it lies on the disk, asks the node whether it would take
 * it, then sends it. Sending it again is harmless: a transaction that the network has is a success.
 * @throws `COORDINATOR_NOT_FINAL`; `COORDINATOR_WITHDRAWN`; `COORDINATOR_NONCE_SHARED`; as
 * `checkTransaction`; `COORDINATOR_NODE_REFUSES` with the node's reason; `CHAIN_…`
 */
export const broadcastProposal = (
  coordinator: Coordinator,
  scripts: PolicyScripts,
  chain: ChainSource,
  id: Txid,
): Promise<Proposal> =>
  coordinator.change(async (journal) => {
    const proposal = coordinator.proposals.find(id);
    const { txid, state } = proposal;
    refuseWithdrawn(proposal);
    if (txid === null) {
      throw coordinatorError('COORDINATOR_NOT_FINAL', `Proposal ${id} is still open.`);
    }
    const transaction = coordinator.proposals.readTransaction(proposal);
    if (state === 'final') {
      const psbt = coordinator.proposals.readSigned(id);
      checkTransaction(transaction, matchPolicy(psbt, scripts));
      refuseSharedNonces(coordinator, scripts, id, psbt);
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
