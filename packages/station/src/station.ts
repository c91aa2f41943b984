import { join } from 'node:path';
import {
  type Clock,
  ensureFolder,
  type Journal,
  openJournal,
  removeLeftovers,
} from '@qoima/journal';
import type { Network } from '@qoima/primitives';
import type { SpendMemory } from '@qoima/review';
import { openMemory } from './memory.ts';
import { openPinnedPolicies, type PinnedPolicies } from './pinned-policies.ts';
import { openRegistrations, type Registrations } from './registrations.ts';
import { type KeyStore, openKeyStore } from './station-key.ts';

/** One network's folder of a station. It has no way to the network at all. */
export interface Station {
  readonly network: Network;
  readonly clock: Clock;
  readonly journalPath: string;
  readonly key: KeyStore;
  readonly policies: PinnedPolicies;
  /** Of the pinned policies, with the station's Ledger. */
  readonly registrations: Registrations;
  /** What it has signed, as its journal says now. @throws `JOURNAL_BROKEN`, `FILE_…` */
  readonly memory: () => SpendMemory;
  /** Changes state, or signs: takes the journal's lock first, so that nothing is done unrecorded. */
  readonly change: <Result>(
    work: (journal: Journal) => Promise<Result> | Result,
  ) => Promise<Result>;
}

export const openStation = (place: {
  readonly folder: string;
  readonly network: Network;
  readonly clock: Clock;
}): Station => {
  const { folder, network, clock } = place;
  const journalPath = join(folder, 'journal.jsonl');
  return {
    network,
    clock,
    journalPath,
    key: openKeyStore(folder),
    policies: openPinnedPolicies(folder),
    registrations: openRegistrations(folder),
    memory: openMemory(journalPath),
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
