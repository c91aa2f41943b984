import type { ErrorKind } from '@qoima/primitives';

/** What a command came to: `done`, or the kind of error that ended it. */
export type Outcome = 'done' | ErrorKind;

/** The exit code of each outcome. Stable: scripts build on them. */
export const exitCodes: Readonly<Record<Outcome, number>> = {
  done: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  incomplete: 4,
  device: 5,
};
