import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { concatBytes, formatHex, parseUtf8, type QoimaError, sha256 } from '@qoima/primitives';
import { readFileBounded, writeAll, writeFileAtomically } from './durable-file.ts';
import { encodeEntry, hashEntry, type JournalEntry, type JournalFacts } from './entry.ts';
import { journalError } from './errors.ts';
import { withFile } from './file-error.ts';
import { listFolder, syncFolder } from './folder.ts';
import { takeLock } from './lock-file.ts';
import { type JournalVerdict, type VerifiedJournal, verifyJournal } from './verify.ts';

/** Tells the time; entries carry what it says. */
export type Clock = () => Date;

/** A journal open for appending, and locked for everybody else until `close`. */
export interface Journal {
  readonly path: string;
  /** How many entries it holds. */
  readonly length: number;
  /** Hash of the last line, 64 hex digits; `NO_ENTRY` when there is none. */
  readonly head: string;
  /**
   * Writes one entry and returns when it is on the disk. On an error nothing was appended.
   * @throws `JOURNAL_ENTRY_TOO_LARGE`, `JOURNAL_ENTRY_SECRET`, `JOURNAL_CHANGED`, `FILE_…`
   */
  append(event: string, facts: JournalFacts): JournalEntry;
  /** Gives the lock back. Calling it twice does nothing. */
  close(): void;
}

/** The largest journal that is read: some hundred thousand entries. */
export const MAX_JOURNAL_BYTES: number = 1 << 28;

/**
 * Opens the journal at `path` for appending, makes it (mode 0600) if it is not there, and verifies all
 * of it first. Open it before changing any state: what cannot be recorded should not be done.
 *
 * A last line that a crash cut short is put aside as `<path>.torn-<seq>-<hash>` and recorded as
 * `journal.repaired`; its entry never counted, for `append` had not returned. Any other damage is left
 * as it is and refused.
 * @throws `JOURNAL_BROKEN`, `JOURNAL_LOCKED`, `FILE_…`
 */
export const openJournal = (path: string, options: { readonly clock: Clock }): Journal => {
  const lock = takeLock(`${path}.lock`);
  let file: number | undefined;
  try {
    file = openForAppending(path);
    const bytes = readFileBounded(path, MAX_JOURNAL_BYTES);
    const verdict = verifyJournal(bytes);
    if (!verdict.ok && verdict.fault !== 'torn') throw broken(path, verdict);
    if (!verdict.ok) putAside(path, file, bytes, verdict.before);
    const verified = verdict.ok ? verdict : verdict.before;
    const journal = appender(path, file, verified, options.clock, lock.release);
    for (const facts of unrecorded(path, verified)) journal.append('journal.repaired', facts);
    return journal;
  } catch (cause) {
    if (file !== undefined) closeQuietly(file);
    lock.release();
    throw cause;
  }
};

/**
 * Reads and verifies the journal at `path` without locking it.
 * @throws `JOURNAL_BROKEN` with `line` and `fault`, `JOURNAL_TORN`, `FILE_…`
 */
export const readJournal = (path: string): VerifiedJournal => {
  const verdict = verifyJournal(readFileBounded(path, MAX_JOURNAL_BYTES));
  if (!verdict.ok) throw broken(path, verdict);
  return verdict;
};

const openForAppending = (path: string): number => {
  const file = withFile(path, 'write', () => openSync(path, 'a', 0o600));
  try {
    syncFolder(dirname(path));
    return file;
  } catch (cause) {
    closeQuietly(file);
    throw cause;
  }
};

/** All that counts was synced before. */
const closeQuietly = (file: number): void => {
  try {
    closeSync(file);
  } catch {
    // The system has let go of it all the same.
  }
};

const appender = (
  path: string,
  file: number,
  verified: VerifiedJournal,
  clock: Clock,
  release: () => void,
): Journal => {
  let { head } = verified;
  let length = verified.entries.length;
  let size = withFile(path, 'read', () => fstatSync(file).size);
  let open = true;
  return {
    path,
    get length() {
      return length;
    },
    get head() {
      return head;
    },
    append: (event, facts) => {
      if (!open) throw new Error('the journal was closed before this entry');
      const entry = { seq: length + 1, time: clock().toISOString(), previous: head, event, facts };
      const line = encodeEntry(entry);
      appendLine(path, file, size, line);
      size += line.length + 1;
      length += 1;
      head = hashEntry(line);
      return entry;
    },
    close: () => {
      if (!open) return;
      open = false;
      closeQuietly(file);
      release();
    },
  };
};

/** One write of the line and its line feed, and then fsync; takes back what a failed write left. */
const appendLine = (path: string, file: number, size: number, line: Uint8Array): void => {
  withFile(path, 'write', () => {
    const actual = fstatSync(file).size;
    if (actual !== size) {
      throw journalError('JOURNAL_CHANGED', `${path} changed while it was locked.`, {
        path,
        expected: size,
        actual,
      });
    }
    try {
      writeAll(file, concatBytes(line, LINE_FEED));
      fsyncSync(file);
    } catch (cause) {
      ftruncateSync(file, size);
      throw cause;
    }
  });
};

const LINE_FEED = parseUtf8('\n');

/** Keeps the cut line in a file of its own, then takes it off the journal. */
const putAside = (path: string, file: number, bytes: Uint8Array, before: VerifiedJournal): void => {
  const end = bytes.lastIndexOf(10) + 1;
  const torn = bytes.subarray(end);
  const hash = formatHex(sha256(torn)).slice(0, 8);
  writeFileAtomically(`${path}.torn-${before.entries.length + 1}-${hash}`, torn);
  withFile(path, 'write', () => {
    ftruncateSync(file, end);
    fsyncSync(file);
  });
};

/**
 * What to record of cut lines that lie beside the journal and that no entry names: of the one that was
 * put aside just now, and of any after which a crash came before its entry.
 */
const unrecorded = (path: string, { entries }: VerifiedJournal): readonly JournalFacts[] => {
  const asides = listFolder(dirname(path)).filter(
    (name) => name.startsWith(`${basename(path)}.torn-`) && /-[0-9]+-[0-9a-f]{8}$/.test(name),
  );
  if (asides.length === 0) return [];
  const recorded = new Set(
    entries.flatMap(({ event, facts }) => (event === 'journal.repaired' ? [facts['file']] : [])),
  );
  return asides
    .filter((name) => !recorded.has(name))
    .map((name) => {
      const torn = readFileBounded(join(dirname(path), name), MAX_JOURNAL_BYTES);
      return { file: name, bytes: torn.length, sha256: formatHex(sha256(torn)) };
    });
};

const broken = (path: string, verdict: JournalVerdict & { ok: false }): QoimaError =>
  journalError(
    verdict.fault === 'torn' ? 'JOURNAL_TORN' : 'JOURNAL_BROKEN',
    `${path}, line ${verdict.line}: ${verdict.message}`,
    {
      path,
      line: verdict.line,
      fault: verdict.fault,
      goodEntries: verdict.before.entries.length,
      goodHead: verdict.before.head,
    },
  );
