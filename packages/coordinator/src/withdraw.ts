import type { PolicyScripts } from '@qoima/policy';
import type { Txid } from '@qoima/primitives';
import { analyzePsbt, type PsbtAnalysis } from '@qoima/psbt';
import type { Coordinator } from './coordinator.ts';
import { coordinatorError } from './errors.ts';
import { type Proposal, refuseWithdrawn } from './proposal.ts';

/** What is left of a proposal that was withdrawn. */
export interface Remains {
  /** As many have signed as it takes: whoever holds the signatures can send it. */
  readonly complete: boolean;
  /** Other proposals of its coins that were not withdrawn; once one of them is confirmed it is dead. */
  readonly rivals: readonly Proposal[];
}

/**
 * Takes a proposal back: it will not be finalised, sent or handed out again, and its coins are free.
 * What stations have signed stays signed: only spending one of its coins kills the transaction.
 * @throws `COORDINATOR_WITHDRAWN` if it was withdrawn before, `COORDINATOR_SENT`
 */
export const withdrawProposal = (
  coordinator: Coordinator,
  scripts: PolicyScripts,
  id: Txid,
  reason: string,
): Promise<{ readonly proposal: Proposal; readonly remains: Remains }> =>
  coordinator.change((journal) => {
    const proposal = coordinator.proposals.find(id);
    refuseWithdrawn(proposal);
    const { state } = proposal;
    if (state === 'broadcast' || state === 'confirmed') {
      throw coordinatorError('COORDINATOR_SENT', `Proposal ${id.slice(0, 8)} is ${state}.`, {
        proposal: id,
        state,
      });
    }
    const analysis = analyzePsbt(coordinator.proposals.readSigned(id), scripts);
    const time = coordinator.clock().toISOString();
    const withdrawn: Proposal = { ...proposal, state: 'withdrawn', withdrawn: { time, reason } };
    const remains = remainsOf(coordinator, withdrawn, analysis);
    journal.append('spend.withdrawn', {
      proposal: id,
      policyId: proposal.policyId,
      reason,
      complete: remains.complete,
    });
    coordinator.proposals.update(withdrawn);
    return { proposal: withdrawn, remains };
  });

/** What is left of a withdrawn proposal, by what the coordinator has seen of it. */
export const remainsOf = (
  coordinator: Coordinator,
  { id, coins, policyId }: Proposal,
  { next }: PsbtAnalysis,
): Remains => {
  const own = new Set(coins);
  const rivals = coordinator.proposals
    .list()
    .filter(
      (other) =>
        other.id !== id &&
        other.policyId === policyId &&
        other.state !== 'withdrawn' &&
        other.coins.some((coin) => own.has(coin)),
    );
  return { complete: next === 'finalizer' || next === 'extractor', rivals };
};
