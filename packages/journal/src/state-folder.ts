import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Network } from '@qoima/primitives';

/**
 * Where a program keeps what it must not lose: `<home>/<network>`, and without a home
 * `$XDG_DATA_HOME/<program>/<network>` or `~/.local/share/<program>/<network>`. One folder per network, so
 * that nothing made for one is ever read on another. The folder is not made here.
 */
export const stateFolder = (place: {
  readonly program: string;
  readonly network: Network;
  readonly home?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}): string => {
  const { XDG_DATA_HOME: xdg } = place.env;
  const data = xdg !== undefined && xdg !== '' ? xdg : join(homedir(), '.local', 'share');
  return resolve(place.home ?? join(data, place.program), place.network);
};
