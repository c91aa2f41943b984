import { readFileSync, realpathSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { equalBytes, parseUtf8, type QoimaError } from '@qoima/primitives';
import * as v from 'valibot';
import { createFileAtomically } from './durable-file.ts';
import { journalError } from './errors.ts';
import { errnoOf, withFile } from './file-error.ts';
import { type Holder, holderSchema, isDead, thisProcess } from './holder.ts';

/** A lock that this process holds until it lets go or dies. */
export interface LockFile {
  readonly release: () => void;
}

/**
 * Locks of this very process, for systems that do not tell when a process began: there, a lock with our
 * own number that is not here was left by an earlier process of the same number.
 */
const heldHere = new Set<string>();

/** Locks of this very process that it gave back and could not remove. */
const givenBack = new Set<string>();

/**
 * Takes the lock at `lockPath`: a file that only one process can create, and that says from its first
 * moment on whose it is. One whose holder is dead is taken over. One from another machine or container
 * never is, because nothing here can tell whether its holder lives.
 * @throws `JOURNAL_LOCKED`, and `FILE_…` as writing a file does
 */
export const takeLock = (lockPath: string): LockFile =>
  take(withFile(lockPath, 'write', () => onePath(lockPath)));

const take = (path: string): LockFile => {
  const content = parseUtf8(`${JSON.stringify(thisProcess())}\n`);
  if (!createFileAtomically(path, content)) {
    replaceStale(path);
    if (!createFileAtomically(path, content)) throw locked(path, holderOf(path));
  }
  heldHere.add(path);
  givenBack.delete(path);
  removeDeadJudge(path);
  return {
    release: () => {
      heldHere.delete(path);
      removeOwn(path, content);
    },
  };
};

/** The same name for the same file, whatever folder it is named from. */
const onePath = (path: string): string => join(realpathSync(dirname(path)), basename(path));

/**
 * Removes a dead holder's lock. Only one process at a time may judge that, else the second would
 * remove the lock that the first has just put in its place. So the right to judge is a lock itself, and
 * when a judge dies, its lock is judged in turn.
 */
const replaceStale = (path: string): void => {
  const holder = holderOf(path);
  if (holder === 'gone') return;
  if (!isLeft(path, holder) || basename(path).length > MAX_NAME_LENGTH) throw locked(path, holder);
  const judging = take(`${path}.takeover`);
  try {
    const now = holderOf(path);
    if (now === 'gone') return;
    if (!isLeft(path, now)) throw locked(path, now);
    withFile(path, 'write', () => rmSync(path, { force: true }));
  } finally {
    judging.release();
  }
};

/** A judge that died when it had done its work left only its own lock; one that lives is left alone. */
const removeDeadJudge = (path: string): void => {
  try {
    replaceStale(`${path}.takeover`);
  } catch {
    // It stays, and is judged by the next that needs it.
  }
};

/** Each takeover that was cut off lengthens the next one's name; file systems take 255 bytes. */
const MAX_NAME_LENGTH = 200;

/** `undefined` when the file does not say, which is no proof that the holder is dead. */
const holderOf = (path: string): Holder | 'gone' | undefined => {
  const text = withFile(path, 'read', () => textOf(path));
  if (text === undefined) return 'gone';
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), holderSchema), text.slice(0, 4096));
  return parsed.success ? parsed.output : undefined;
};

const textOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw cause;
  }
};

const isLeft = (path: string, holder: Holder | undefined): boolean =>
  holder !== undefined && (isDead(holder) || isOurLeft(path, holder));

/** With its beginning known, a holder that is not dead and has our number is this very process. */
const isOurLeft = (path: string, { pid, host, started }: Holder): boolean =>
  pid === process.pid &&
  host === hostname() &&
  (givenBack.has(path) || (started === null && !heldHere.has(path)));

/**
 * Not one that somebody removed by hand and another process has taken since. A lock that cannot be
 * removed is no error: what was done under it is done, and whoever comes next takes it over.
 */
const removeOwn = (path: string, content: Uint8Array): void => {
  try {
    if (equalBytes(readFileSync(path), content)) rmSync(path, { force: true });
  } catch {
    givenBack.add(path);
  }
};

const locked = (path: string, holder: Holder | 'gone' | undefined): QoimaError =>
  typeof holder === 'object'
    ? journalError(
        'JOURNAL_LOCKED',
        `Process ${holder.pid} on ${holder.host} holds the lock ${path}.`,
        { path, pid: holder.pid, host: holder.host },
      )
    : journalError('JOURNAL_LOCKED', `Another process holds the lock ${path}.`, { path });
