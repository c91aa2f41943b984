import { type RefusalStatus, STATUS } from './status-word.ts';

/** The app refuses a command: what it answers instead of a result. Carries nothing else, and no secret. */
export class Refusal extends Error {
  readonly status: RefusalStatus;
  readonly code: number | undefined;

  constructor(status: RefusalStatus, code?: number) {
    super(`The app answers ${STATUS[status].toString(16)}.`);
    this.name = 'Refusal';
    this.status = status;
    this.code = code;
  }
}

/**
 * What the host answered does not hold: a proof that does not prove, bytes that are too few, a hash that
 * differs, a leaf that is not there. The command that asked says what becomes of it.
 */
export class HostFault extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'HostFault';
  }
}
