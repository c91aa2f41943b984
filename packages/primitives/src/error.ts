/** A value that JSON can carry; amounts travel as decimal strings. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** Plain facts that go with an error; a mismatch carries `expected` and `actual`. Never a secret. */
export type ErrorDetails = Readonly<Record<string, JsonValue>>;

/**
 * What a program's caller may do about an error, and so its exit code:
 * `failed` 1 · `usage` 2 · `refused` 3 (a check said no) · `incomplete` 4 (more signatures needed) ·
 * `device` 5 (absent or refused).
 */
export type ErrorKind = 'failed' | 'usage' | 'refused' | 'incomplete' | 'device';

/** One row of a package's error table; `docs/errors.md` is made of these rows. */
export interface ErrorRow {
  readonly kind: ErrorKind;
  /** What is the matter, in one sentence. */
  readonly meaning: string;
  /** What the person should do next, in one sentence. */
  readonly action: string;
}

/** The codes of one package. */
export type ErrorTable = Readonly<Record<string, ErrorRow>>;

/** The one error class. `code` is stable; `message` says what, where, and what to do next. */
export class QoimaError extends Error {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly details: ErrorDetails;

  constructor(
    row: { readonly code: string; readonly kind: ErrorKind },
    message: string,
    details: ErrorDetails = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'QoimaError';
    this.code = row.code;
    this.kind = row.kind;
    this.details = details;
  }
}

/**
 * Makes errors of one table: `what` says what is wrong and where; the row's action is appended, so
 * that no message leaves the reader without a next step.
 */
export type ErrorMaker<Table extends ErrorTable> = (
  code: keyof Table & string,
  what: string,
  details?: ErrorDetails,
  cause?: unknown,
) => QoimaError;

/** Makes the errors of one table: what happened, and then what its row says to do. */
export const errorMaker =
  <const Table extends ErrorTable>(table: Table): ErrorMaker<Table> =>
  (code, what, details, cause) => {
    const row = table[code];
    if (row === undefined) throw new Error(`no error row ${code}: a code must stand in its table`);
    return new QoimaError({ code, kind: row.kind }, `${what} ${row.action}`, details, cause);
  };

/** True for a `QoimaError`, of the given code if one is named. */
export const isQoimaError = (error: unknown, code?: string): error is QoimaError =>
  error instanceof QoimaError && (code === undefined || error.code === code);

/**
 * Does it. An error of ours says first where that was: which file, which option; `details` go with it, and
 * never over its own. Any other error passes through.
 */
export const withPlace = <Result>(
  where: string,
  work: () => Result,
  details: ErrorDetails = {},
): Result => {
  try {
    return work();
  } catch (error) {
    if (!isQoimaError(error)) throw error;
    const { message } = error;
    throw new QoimaError(error, `${where}: ${message}`, { ...details, ...error.details }, error);
  }
};
