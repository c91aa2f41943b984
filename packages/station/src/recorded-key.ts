import type { JournalEntry } from '@qoima/journal';
import { formatHex, type Network } from '@qoima/primitives';
import { stationError } from './errors.ts';
import { stationCosigner } from './own-cosigner.ts';
import type { KeyStore } from './station-key.ts';

/**
 * Refuses a journal that does not tell of the station's key: it was lost or begun anew, or is another
 * station's. No key is stored before its entry, so what was signed with this one would not be known.
 * @throws `STATION_JOURNAL_OTHER`
 */
export const checkKeyRecorded = (
  { key: store, network, journalPath }: KeyPlace,
  entries: readonly JournalEntry[],
): void => {
  if (!store.has()) return;
  const key = store.read();
  const expected = formatHex(stationCosigner(key, 'wsh', network).origin.fingerprint);
  const isStored = ({ event, facts }: JournalEntry): boolean =>
    event === 'key.stored' && facts['fingerprint'] === expected;
  if (entries.some(isStored)) return;
  throw stationError(
    'STATION_JOURNAL_OTHER',
    `${journalPath}, with ${entries.length} entries, has none of the key of ${key.name}, fingerprint ${expected}.`,
    { path: journalPath, expected, entries: entries.length },
  );
};

interface KeyPlace {
  readonly key: KeyStore;
  readonly network: Network;
  readonly journalPath: string;
}
