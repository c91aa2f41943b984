import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { formatBase64, parseUtf8 } from '@qoima/primitives';
import { chainError } from './errors.ts';

/** How the node knows us: the file that Core writes at each start, or an `rpcauth` user. */
export type RpcAuth =
  | { readonly cookiePath: string }
  | { readonly user: string; readonly password: string };

/**
 * The value of the `Authorization` header (RFC 7617). The cookie is read anew at each call, because
 * it changes when the node starts.
 * @throws `CHAIN_COOKIE_UNREADABLE`
 */
export const readAuthorization = async (auth: RpcAuth): Promise<string> => {
  const credentials =
    'cookiePath' in auth ? await readCookie(auth.cookiePath) : `${auth.user}:${auth.password}`;
  return `Basic ${formatBase64(parseUtf8(credentials))}`;
};

const MAX_COOKIE_BYTES = 1024;

const readCookie = async (path: string): Promise<string> => {
  const text = await readStart(path).catch((cause: unknown) => {
    throw chainError(
      'CHAIN_COOKIE_UNREADABLE',
      `The cookie file ${path} cannot be read (${errnoOf(cause)}).`,
      { path },
      cause,
    );
  });
  if (text === undefined) {
    throw chainError('CHAIN_COOKIE_UNREADABLE', `${path} is not an ordinary file.`, { path });
  }
  const cookie = text.trim();
  if (!/^[^\s:]+:\S+$/.test(cookie) || text.length > MAX_COOKIE_BYTES) {
    throw chainError('CHAIN_COOKIE_UNREADABLE', `${path} is not a cookie file.`, { path });
  }
  return cookie;
};

/** At most one byte more than a cookie may have; undefined if the path leads to no ordinary file. */
const readStart = async (path: string): Promise<string | undefined> => {
  // Without O_NONBLOCK, opening a named pipe would wait for its writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) return undefined;
    const { buffer, bytesRead } = await file.read(new Uint8Array(MAX_COOKIE_BYTES + 1));
    return new TextDecoder().decode(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
};

const errnoOf = (cause: unknown): string =>
  cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
