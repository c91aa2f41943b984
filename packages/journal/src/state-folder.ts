import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Network } from '@qoima/primitives';
import { journalError } from './errors.ts';

/**
 * Where a program keeps what it must not lose: `<home>/<network>`, and without a home
 * `$XDG_DATA_HOME/<program>/<network>` or `~/.local/share/<program>/<network>`. One folder per network, so
 * that nothing made for one is ever read on another. The folder is not made here.
 * @throws `HOME_UNKNOWN`
 */
export const stateFolder = (place: {
  readonly program: string;
  readonly network: Network;
  readonly home?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}): string => {
  const { program, network, home, env } = place;
  // Resolved, it would be the folder where one happens to stand.
  if (home === '') throw journalError('HOME_UNKNOWN', 'The folder that was named is "".');
  return resolve(home ?? join(dataFolder(env['XDG_DATA_HOME']), program), network);
};

const dataFolder = (xdg: string | undefined): string => {
  if (xdg !== undefined && xdg !== '') return xdg;
  try {
    return join(homedir(), '.local', 'share');
  } catch (cause) {
    // A user without a line in the system's list, and no HOME.
    throw journalError('HOME_UNKNOWN', 'The system knows no home folder.', {}, cause);
  }
};
