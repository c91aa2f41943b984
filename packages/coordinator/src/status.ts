import type { ChainSource } from '@qoima/chain';
import type { PolicyScripts } from '@qoima/policy';
import { analyzePsbt, type PsbtAnalysis } from '@qoima/psbt';
import type { Coordinator } from './coordinator.ts';
import type { Proposal } from './proposal.ts';
import { type Remains, remainsOf } from './withdraw.ts';

/** How far a proposal is. */
export interface ProposalStatus {
  readonly proposal: Proposal;
  readonly analysis: PsbtAnalysis;
  /** As the node has it; undefined before the broadcast. Negative: a conflicting spend is that deep. */
  readonly confirmations: number | undefined;
  /** Waits in the node's memory pool; undefined before the broadcast. */
  readonly inMempool: boolean | undefined;
  /** Of a withdrawn one alone. */
  readonly remains: Remains | undefined;
}

/**
 * Looks where a proposal stands, and records it as confirmed once it is `depth` blocks deep.
 * @throws `CHAIN_…` once it has been broadcast
 */
export const proposalStatus = async (
  coordinator: Coordinator,
  scripts: PolicyScripts,
  chain: ChainSource,
  proposal: Proposal,
  depth: number,
): Promise<ProposalStatus> => {
  const analysis = analyzePsbt(coordinator.proposals.readSigned(proposal.id), scripts);
  const remains =
    proposal.withdrawn === undefined ? undefined : remainsOf(coordinator, proposal, analysis);
  const { state } = proposal;
  if (proposal.txid === null || state === 'final' || state === 'withdrawn') {
    return { proposal, analysis, confirmations: undefined, inMempool: undefined, remains };
  }
  const { confirmations, blockHash, inMempool } = await chain.confirmations(proposal.txid);
  const seen = { analysis, confirmations, inMempool, remains };
  if (state === 'confirmed' || confirmations < depth) return { proposal, ...seen };
  return coordinator.change((journal) => {
    // Another process may have been faster.
    const now = coordinator.proposals.find(proposal.id);
    if (now.state !== 'broadcast') return { proposal: now, ...seen };
    const confirmed: Proposal = { ...now, state: 'confirmed' };
    journal.append('spend.confirmed', {
      proposal: now.id,
      txid: now.txid,
      confirmations,
      blockHash: blockHash ?? null,
    });
    coordinator.proposals.update(confirmed);
    return { proposal: confirmed, ...seen };
  });
};
