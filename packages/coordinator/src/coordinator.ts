import { join } from 'node:path';
import type { ChainSource } from '@qoima/chain';
import {
  type Clock,
  ensureFolder,
  type Journal,
  openJournal,
  removeLeftovers,
} from '@qoima/journal';
import type { WalletPolicy } from '@qoima/policy';
import type { Network } from '@qoima/primitives';
import { type AddressBook, openAddressBook } from './address-book.ts';
import { openPolicyStore, type PolicyStore } from './policy-store.ts';
import { openProposalStore, type ProposalStore } from './proposal-store.ts';

/** One network's folder of a coordinator, and the world around it. */
export interface Coordinator {
  readonly network: Network;
  readonly clock: Clock;
  readonly journalPath: string;
  readonly policies: PolicyStore;
  readonly addresses: AddressBook;
  readonly proposals: ProposalStore;
  /** The node, for the coins of one policy. Nothing is asked of it before its first use. */
  readonly chain: (policy: WalletPolicy) => ChainSource;
  /**
   * Changes state: takes the journal's lock first, so that no second process works at the same time and
   * nothing is done that cannot be recorded.
   */
  readonly change: <Result>(
    work: (journal: Journal) => Promise<Result> | Result,
  ) => Promise<Result>;
}

/** Opens the state of one network. Nothing is read or made before it is needed. */
export const openCoordinator = (place: {
  readonly folder: string;
  readonly network: Network;
  readonly clock: Clock;
  readonly chain: (policy: WalletPolicy) => ChainSource;
}): Coordinator => {
  const { folder, network, clock, chain } = place;
  const journalPath = join(folder, 'journal.jsonl');
  return {
    network,
    clock,
    journalPath,
    policies: openPolicyStore(folder),
    addresses: openAddressBook(folder),
    proposals: openProposalStore(folder),
    chain,
    change: async (work) => {
      ensureFolder(folder);
      const journal = openJournal(journalPath, { clock });
      try {
        removeLeftovers(folder);
        return await work(journal);
      } finally {
        journal.close();
      }
    },
  };
};
