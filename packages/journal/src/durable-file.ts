import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
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

/**
 * Puts `bytes` at `path`, whole or not at all: a new file beside it (mode 0600), fsync, rename over
 * it, fsync of the folder. After a crash at any moment the old or the new content is there.
 * @throws `FILE_NOT_FOUND` (no such folder), `FILE_NO_SPACE`, `FILE_READ_ONLY`, `FILE_PERMISSION`,
 * `FILE_NOT_REGULAR`, `FILE_FAILED`
 */
export const writeFileAtomically = (path: string, bytes: Uint8Array): void => {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${process.pid}.tmp`);
  try {
    // A rename would put a file in the place of a folder's, pipe's or device's name.
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) {
      throw notRegular(path, 'an ordinary file');
    }
    // One that is there already was left by a dead process of the same number.
    rmSync(temporary, { force: true });
    const file = openSync(temporary, 'wx', 0o600);
    try {
      writeAll(file, bytes);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (cause) {
    removeQuietly(temporary);
    throw fileError(cause, path, 'write');
  }
  syncFolder(folder);
};

/**
 * The bytes of an ordinary file of at most `maxBytes`.
 * @throws `FILE_NOT_FOUND`, `FILE_TOO_LARGE`, `FILE_NOT_REGULAR`, `FILE_PERMISSION`, `FILE_FAILED`
 */
export const readFileBounded = (path: string, maxBytes: number): Uint8Array => {
  let file: number;
  try {
    // Without O_NONBLOCK, opening a named pipe would wait for its writer.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw fileError(cause, path, 'read');
  }
  try {
    const status = fstatSync(file);
    if (!status.isFile()) throw notRegular(path, 'an ordinary file');
    if (status.size > maxBytes) throw tooLarge(path, maxBytes, status.size);
    return readAll(file, status.size);
  } catch (cause) {
    throw fileError(cause, path, 'read');
  } finally {
    closeSync(file);
  }
};

/**
 * Makes a folder, and those above it that are missing, for the owner alone (mode 0700). One that is
 * there already keeps its mode.
 * @throws `FILE_NOT_REGULAR` (a file stands there), `FILE_PERMISSION`, `FILE_READ_ONLY`,
 * `FILE_NO_SPACE`, `FILE_FAILED`
 */
export const ensureFolder = (path: string): void => {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if (!statSync(path).isDirectory()) throw notRegular(path, 'a folder');
  } catch (cause) {
    throw fileError(cause, path, 'make');
  }
};

/** Writes all of `bytes`: one call to the system may write less than it was given. */
export const writeAll = (file: number, bytes: Uint8Array): void => {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
};

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

/** The typed error for what the system said; a typed error passes through. */
export const fileError = (cause: unknown, path: string, verb: string): unknown => {
  const errno = errnoOf(cause);
  if (errno === undefined) return cause;
  const code = codes[errno] ?? 'FILE_FAILED';
  return journalError(code, `Cannot ${verb} ${path} (${errno}).`, { path, errno }, cause);
};

/** The system's name of an error, `ENOENT`; undefined for an error that is not the system's. */
export const errnoOf = (cause: unknown): string | undefined =>
  cause instanceof Error && 'errno' in cause && 'code' in cause && typeof cause.code === 'string'
    ? cause.code
    : undefined;

const codes: Readonly<Record<string, Parameters<typeof journalError>[0]>> = {
  ENOENT: 'FILE_NOT_FOUND',
  ENOTDIR: 'FILE_NOT_REGULAR',
  EISDIR: 'FILE_NOT_REGULAR',
  EEXIST: 'FILE_NOT_REGULAR',
  ENXIO: 'FILE_NOT_REGULAR',
  EACCES: 'FILE_PERMISSION',
  EPERM: 'FILE_PERMISSION',
  EROFS: 'FILE_READ_ONLY',
  ENOSPC: 'FILE_NO_SPACE',
  EDQUOT: 'FILE_NO_SPACE',
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

const notRegular = (path: string, expected: string): QoimaError =>
  journalError('FILE_NOT_REGULAR', `${path} is not ${expected}.`, { path });

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
    // What made the write fail is the error to show, not this.
  }
};
