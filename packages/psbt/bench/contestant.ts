import type { Calls, Step } from './calls.ts';
import type { Spend } from './spend.ts';

/** What one run of a session took and made. */
export interface SessionRun {
  readonly calls: Calls;
  /** The unsigned PSBT, and what came back from the three stations. */
  readonly psbt: Uint8Array;
  readonly returned: readonly Uint8Array[];
  readonly transaction: Uint8Array;
}

export interface Contestant {
  /** The whole session, one step after the other. */
  readonly session: (spend: Spend) => Promise<SessionRun>;
  /**
   * The steps that do no arithmetic on the curve, with the files of a session that was signed: they
   * take milliseconds, and have to be run often and close together to be measured at all.
   */
  readonly paperwork: (spend: Spend, signed: readonly Uint8Array[]) => Calls;
}

/** The steps of `Contestant.paperwork`, and how many calls of each a session has. */
export const paperwork: Readonly<Partial<Record<Step, number>>> = {
  create: 1,
  serialise: 4,
  parse: 6,
  combine: 1,
  finalise: 1,
  extract: 1,
};
