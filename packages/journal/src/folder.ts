import {
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { journalError } from './errors.ts';
import { errnoOf, fileError, withFile } from './file-error.ts';

/**
 * Makes a folder, and those above it that are missing, for the owner alone (mode 0700), and makes their
 * names last through a power cut. One that is there already keeps its mode.
 * @throws `FILE_NOT_REGULAR` (a file stands there), `FILE_PERMISSION`, `FILE_READ_ONLY`,
 * `FILE_NO_SPACE`, `FILE_FAILED`
 */
export const ensureFolder = (path: string): void => {
  withFile(path, 'make', () => {
    makeFolder(resolve(path));
  });
};

/** One after the other: Node's recursive way calls a read-only medium a folder that is not there. */
const makeFolder = (path: string): void => {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) {
    makeFolder(dirname(path));
    try {
      mkdirSync(path, { mode: 0o700 });
    } catch (cause) {
      // Another process may have been faster.
      if (errnoOf(cause) !== 'EEXIST' || !statSync(path).isDirectory()) throw cause;
    }
    syncFolder(dirname(path));
  } else if (!status.isDirectory()) {
    throw journalError('FILE_NOT_REGULAR', `${path} is not a folder.`, { path });
  }
};

/**
 * The names in a folder, sorted; none if the folder is not there. What cannot be read is an error and
 * never an empty folder: a program would begin anew over state that it did not see.
 * @throws `FILE_NOT_REGULAR` (a file stands there), `FILE_PERMISSION`, `FILE_FAILED`
 */
export const listFolder = (path: string): readonly string[] =>
  withFile(path, 'list', () => (isThere(path) ? readdirSync(path).sort() : []));

/**
 * Whether something stands at a path. Unlike `existsSync`, it does not take for absent what it was not
 * allowed or not able to look at.
 * @throws `FILE_PERMISSION`, `FILE_FAILED`
 */
export const isThere = (path: string): boolean =>
  withFile(path, 'read', () => statSync(path, { throwIfNoEntry: false }) !== undefined);

/** Makes new names in a folder last through a crash, where the file system can. */
export const syncFolder = (path: string): void => {
  try {
    const folder = openSync(path, constants.O_RDONLY);
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch (cause) {
    // Some systems and media have no fsync for folders; the file itself is on the disk by now.
    if (!['EINVAL', 'EPERM', 'EISDIR', 'EACCES', 'ENOTSUP'].includes(errnoOf(cause) ?? '')) {
      throw fileError(cause, path, 'write');
    }
  }
};
