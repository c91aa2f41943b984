import { type SpendMemory, spendMemory } from '@qoima/review';
import type { ProposalStore } from './proposal-store.ts';

/** What was proposed here, oldest first, as the review takes it. Amounts are the node's to tell. */
export const proposalMemory = (proposals: ProposalStore): SpendMemory =>
  spendMemory(
    proposals.list().map(({ id, created, coins, withdrawn }) => ({
      txid: id,
      time: created,
      withdrawn: withdrawn?.time,
      coins: coins.map((outpoint) => ({ outpoint })),
    })),
  );
