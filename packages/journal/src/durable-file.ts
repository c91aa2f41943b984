import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { QoimaError } from '@qoima/primitives';
import { journalError } from './errors.ts';
import { errnoOf, withFile } from './file-error.ts';
import { syncFolder } from './folder.ts';
import { removeLeftovers, temporaryName } from './leftovers.ts';

/**
 * Puts `bytes` at `path`, whole or not at all: a new file beside it (mode 0600), fsync, rename over
 * it, fsync of the folder. After a crash at any moment the old or the new content is there; what a crash
 * left of an earlier attempt at the same path is removed.
 * @throws `FILE_NOT_FOUND` (no such folder), `FILE_NO_SPACE`, `FILE_READ_ONLY`, `FILE_PERMISSION`,
 * `FILE_NOT_REGULAR`, `FILE_TOO_MANY_OPEN`, `FILE_FAILED`
 */
export const writeFileAtomically = (path: string, bytes: Uint8Array): void => {
  withFile(path, 'write', () => {
    // A rename would put a file in the place of a folder's, pipe's or device's name.
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) {
      throw notRegular(path);
    }
    withTemporary(path, bytes, (temporary) => renameSync(temporary, path));
  });
  syncFolder(dirname(path));
};

/**
 * Puts a new file at `path`, at once with all its content: false if something is there. Where the medium
 * has no hard links, a crash can leave the file there without content.
 * @throws as `writeFileAtomically` does
 */
export const createFileAtomically = (path: string, bytes: Uint8Array): boolean =>
  createLinked(path, bytes, () => createInPlace(path, bytes));

/**
 * The same for a file that is to last, with an fsync of the folder. Where the medium has no hard links,
 * as FAT, the name is taken by an empty file first; it stays empty if a crash comes just then.
 * @throws as `writeFileAtomically` does
 */
export const createWholeFile = (path: string, bytes: Uint8Array): boolean => {
  const created = createLinked(path, bytes, (temporary) => {
    if (!createInPlace(path, new Uint8Array())) return false;
    try {
      renameSync(temporary, path);
    } catch (cause) {
      removeQuietly(path);
      throw cause;
    }
    return true;
  });
  if (created) syncFolder(dirname(path));
  return created;
};

const createLinked = (
  path: string,
  bytes: Uint8Array,
  withoutLinks: (temporary: string) => boolean,
): boolean =>
  withFile(path, 'write', () =>
    withTemporary(path, bytes, (temporary) => {
      try {
        linkSync(temporary, path);
        return true;
      } catch (cause) {
        if (errnoOf(cause) === 'EEXIST') return false;
        if (!NO_LINKS.includes(errnoOf(cause) ?? '')) throw cause;
        return withoutLinks(temporary);
      } finally {
        removeQuietly(temporary);
      }
    }),
  );

/** What file systems without hard links say. */
const NO_LINKS: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/**
 * The bytes of an ordinary file of at most `maxBytes`.
 * @throws `FILE_NOT_FOUND`, `FILE_TOO_LARGE`, `FILE_NOT_REGULAR`, `FILE_PERMISSION`,
 * `FILE_TOO_MANY_OPEN`, `FILE_FAILED`
 */
export const readFileBounded = (path: string, maxBytes: number): Uint8Array =>
  withFile(path, 'read', () => {
    // Without O_NONBLOCK, opening a named pipe would wait for its writer.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const status = fstatSync(file);
      if (!status.isFile()) throw notRegular(path);
      if (status.size > maxBytes) throw tooLarge(path, maxBytes, status.size);
      return readAll(file, status.size);
    } finally {
      closeSync(file);
    }
  });

/** Writes all of `bytes`: one call to the system may write less than it was given. */
export const writeAll = (file: number, bytes: Uint8Array): void => {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
};

/** Writes and syncs a file beside `path`, and has it placed; it is gone when that fails. */
const withTemporary = <Result>(
  path: string,
  bytes: Uint8Array,
  place: (temporary: string) => Result,
): Result => {
  removeLeftovers(dirname(path), basename(path));
  const temporary = join(dirname(path), temporaryName(basename(path)));
  try {
    createSynced(temporary, bytes);
    return place(temporary);
  } catch (cause) {
    removeQuietly(temporary);
    throw cause;
  }
};

const createSynced = (path: string, bytes: Uint8Array): void => {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeAll(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
};

const createInPlace = (path: string, bytes: Uint8Array): boolean => {
  try {
    createSynced(path, bytes);
    return true;
  } catch (cause) {
    if (errnoOf(cause) === 'EEXIST') return false;
    removeQuietly(path);
    throw cause;
  }
};

const readAll = (file: number, size: number): Uint8Array => {
  const bytes = new Uint8Array(size);
  let length = 0;
  while (length < size) {
    const count = readSync(file, bytes, length, size - length, null);
    if (count === 0) break;
    length += count;
  }
  return bytes.subarray(0, length);
};

const notRegular = (path: string): QoimaError =>
  journalError('FILE_NOT_REGULAR', `${path} is not an ordinary file.`, { path });

const tooLarge = (path: string, maxBytes: number, size: number): QoimaError =>
  journalError('FILE_TOO_LARGE', `${path} holds ${size} bytes; at most ${maxBytes} are read.`, {
    path,
    expected: maxBytes,
    actual: size,
  });

const removeQuietly = (path: string): void => {
  try {
    rmSync(path, { force: true });
  } catch {
    // What made the write fail is the error to show, not this; what is left here is removed later.
  }
};
