import { journalError } from './errors.ts';

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

/** Does it; what the system says against it becomes a typed error of this path. */
export const withFile = <Result>(path: string, verb: string, work: () => Result): Result => {
  try {
    return work();
  } catch (cause) {
    throw fileError(cause, path, verb);
  }
};

const codes: Readonly<Record<string, Parameters<typeof journalError>[0]>> = {
  ENOENT: 'FILE_NOT_FOUND',
  ENAMETOOLONG: 'FILE_NAME_INVALID',
  ENOTDIR: 'FILE_NOT_REGULAR',
  EISDIR: 'FILE_NOT_REGULAR',
  EEXIST: 'FILE_NOT_REGULAR',
  ENXIO: 'FILE_NOT_REGULAR',
  EACCES: 'FILE_PERMISSION',
  EPERM: 'FILE_PERMISSION',
  EROFS: 'FILE_READ_ONLY',
  ENOSPC: 'FILE_NO_SPACE',
  EDQUOT: 'FILE_NO_SPACE',
  EMFILE: 'FILE_TOO_MANY_OPEN',
  ENFILE: 'FILE_TOO_MANY_OPEN',
};
