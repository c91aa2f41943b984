import { join } from 'node:path';
import {
  type Clock,
  ensureFolder,
  type Journal,
  type JournalEntry,
  openJournal,
  removeLeftovers,
} from '@qoima/journal';
import type { Network } from '@qoima/primitives';
import type { SpendMemory } from '@qoima/review';
import { openMemory } from './memory.ts';
import { openPinnedPolicies, type PinnedPolicies } from './pinned-policies.ts';
import { checkKeyRecorded } from './recorded-key.ts';
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
  /** Refuses entries of a journal that is not that of the station's key. @throws `STATION_JOURNAL_OTHER` */
  readonly checkEntries: (entries: readonly JournalEntry[]) => void;
  /** What it has signed, as its journal says now. @throws `STATION_JOURNAL_OTHER`, `JOURNAL_BROKEN`, `FILE_…` */
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
  const key = openKeyStore(folder);
  const checkEntries = (entries: readonly JournalEntry[]): void => {
    checkKeyRecorded({ key, network, journalPath }, entries);
  };
  return {
    network,
    clock,
    journalPath,
    key,
    policies: openPinnedPolicies(folder),
    registrations: openRegistrations(folder),
    checkEntries,
    memory: openMemory(journalPath, checkEntries),
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
