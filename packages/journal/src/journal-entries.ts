import { isQoimaError } from '@qoima/primitives';
import { readFileBounded } from './durable-file.ts';
import type { JournalEntry } from './entry.ts';
import { MAX_JOURNAL_BYTES, readJournal } from './journal.ts';
import { verifyJournal } from './verify.ts';

/**
 * The entries of the journal at `path`, without locking it, as `openJournal` will find them: none if it
 * is not there, and without a last line that a crash cut short.
 * @throws `JOURNAL_BROKEN` with `line` and `fault`, `FILE_…`
 */
export const journalEntries = (path: string): readonly JournalEntry[] => {
  const bytes = readIfThere(path);
  if (bytes === undefined) return [];
  const verdict = verifyJournal(bytes);
  if (verdict.ok) return verdict.entries;
  return verdict.fault === 'torn' ? verdict.before.entries : readJournal(path).entries;
};

const readIfThere = (path: string): Uint8Array | undefined => {
  try {
    return readFileBounded(path, MAX_JOURNAL_BYTES);
  } catch (error) {
    if (isQoimaError(error, 'FILE_NOT_FOUND')) return undefined;
    throw error;
  }
};
