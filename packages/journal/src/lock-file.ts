import { closeSync, fsyncSync, openSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parseUtf8, type QoimaError } from '@qoima/primitives';
import * as v from 'valibot';
import { errnoOf, fileError, writeAll } from './durable-file.ts';
import { journalError } from './errors.ts';

/** A lock that this process holds until it lets go or dies. */
export interface LockFile {
  readonly release: () => void;
}

/**
 * Locks of this very process. A lock with our own number that is not here was left by an earlier process
 * of the same number, which in a container is the rule and not the exception.
 */
const heldHere = new Set<string>();

/**
 * Takes the lock at `lockPath`: a file that only one process can create, with the holder's process number.
 * One whose holder is dead is taken over; one from another machine never is, because nothing here
 * can tell whether its holder lives.
 * @throws `JOURNAL_LOCKED`, and `FILE_…` as writing a file does
 */
export const takeLock = (lockPath: string): LockFile => {
  const path = onePath(lockPath);
  if (!create(path)) {
    replaceStale(path);
    if (!create(path)) throw locked(path, holderOf(path));
  }
  heldHere.add(path);
  return {
    release: () => {
      heldHere.delete(path);
      rmSync(path, { force: true });
    },
  };
};

interface Holder {
  readonly pid: number;
  readonly host: string;
}

const holderSchema = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  host: v.string(),
});

/** The same name for the same file, whatever folder it is named from. */
const onePath = (path: string): string => {
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch (cause) {
    throw fileError(cause, path, 'write');
  }
};

const create = (path: string): boolean => {
  let file: number;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (cause) {
    if (errnoOf(cause) === 'EEXIST') return false;
    throw fileError(cause, path, 'write');
  }
  try {
    writeAll(file, parseUtf8(`${JSON.stringify({ pid: process.pid, host: hostname() })}\n`));
    fsyncSync(file);
    return true;
  } catch (cause) {
    rmSync(path, { force: true });
    throw fileError(cause, path, 'write');
  } finally {
    closeSync(file);
  }
};

/**
 * Removes a dead holder's lock. Only one process at a time may judge that, else the second would
 * remove the lock that the first has just put in its place.
 */
const replaceStale = (path: string): void => {
  const judging = `${path}.takeover`;
  if (!create(judging)) throw locked(judging, holderOf(judging));
  try {
    const holder = holderOf(path);
    if (holder !== 'gone' && !isDead(path, holder)) throw locked(path, holder);
    rmSync(path, { force: true });
  } finally {
    rmSync(judging, { force: true });
  }
};

/** `undefined` when the file does not say, which is no proof that the holder is dead. */
const holderOf = (path: string): Holder | 'gone' | undefined => {
  try {
    return v.parse(holderSchema, JSON.parse(readFileSync(path, 'utf8').slice(0, 4096)));
  } catch (cause) {
    return errnoOf(cause) === 'ENOENT' ? 'gone' : undefined;
  }
};

const isDead = (path: string, holder: Holder | undefined): boolean => {
  if (holder === undefined || holder.host !== hostname()) return false;
  if (holder.pid === process.pid) return !heldHere.has(path);
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (cause) {
    return errnoOf(cause) === 'ESRCH';
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
