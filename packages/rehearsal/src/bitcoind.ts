import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join, resolve as resolvePath } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { bitcoinCore } from '@qoima/chain';
import { ensureFolder } from '@qoima/journal';
import { isQoimaError } from '@qoima/primitives';
import * as v from 'valibot';
import { rehearsalError } from './errors.ts';
import { askNode } from './node-rpc.ts';
import type { RunningNode } from './running-node.ts';

/**
 * The path of a bitcoind: `$BITCOIND`, or else the first on the PATH.
 * @throws `REHEARSAL_NO_BITCOIND`
 */
export const findBitcoind = (env: Readonly<Record<string, string | undefined>>): string => {
  const named = env['BITCOIND'];
  if (named !== undefined && named !== '') {
    if (isProgram(named)) return resolvePath(named);
    const what = `BITCOIND is ${named}, and that is no program.`;
    throw rehearsalError('REHEARSAL_NO_BITCOIND', what, { path: named });
  }
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = folders.map((folder) => join(folder, 'bitcoind')).find(isProgram);
  if (found !== undefined) return found;
  throw rehearsalError('REHEARSAL_NO_BITCOIND', 'There is no bitcoind on the PATH.');
};

export interface BitcoindOptions {
  readonly binary: string;
  /** Its data folder, empty at first; made if it is not there. */
  readonly dir: string;
}

/**
 * Starts a real Bitcoin Core on regtest, alone: it listens on a free port of 127.0.0.1 for RPC and
 * nowhere else, seeks no peers, and reads no configuration but its command line. Returns when it
 * answers. It is ended with this process at the latest.
 * @throws `REHEARSAL_BITCOIND_FAILED`
 */
export const startBitcoind = async ({ binary, dir }: BitcoindOptions): Promise<RunningNode> => {
  const datadir = resolvePath(dir);
  ensureFolder(datadir);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const cookiePath = join(datadir, 'regtest', '.cookie');
  const child = spawn(binary, [`-datadir=${datadir}`, `-rpcport=${port}`, ...ARGUMENTS], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = endOf(child);
  const ending = new AbortController();
  void ended.then(() => ending.abort());
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async (): Promise<void> => {
    // Core writes its state to disk and ends.
    child.kill('SIGTERM');
    await ended;
    process.off('exit', kill);
  };
  try {
    await Promise.race([ended.then(failed), answer(url, cookiePath, ending.signal)]);
    const node = { name: 'Bitcoin Core', url, cookiePath, stop };
    return { ...node, name: await nameOf(node) };
  } catch (error) {
    await stop();
    throw error;
  }
};

const ARGUMENTS = [
  '-regtest',
  '-server',
  '-rpcbind=127.0.0.1',
  '-rpcallowip=127.0.0.1',
  '-listen=0',
  '-dnsseed=0',
  '-fixedseeds=0',
  '-discover=0',
  '-txindex=1',
  '-printtoconsole=0',
];

const ATTEMPTS = 600;
const PAUSE_MS = 100;

/** Waits for the first answer; while Core still warms up, the adapter itself asks again. */
const answer = async (url: string, cookiePath: string, ending: AbortSignal): Promise<void> => {
  const node = bitcoinCore({ url, auth: { cookiePath }, network: 'regtest', wallet: 'unused' });
  for (let left = ATTEMPTS; ; left--) {
    try {
      await node.tip();
      return;
    } catch (error) {
      const isEarly =
        isQoimaError(error, 'CHAIN_COOKIE_UNREADABLE') || isQoimaError(error, 'CHAIN_UNREACHABLE');
      if (!isEarly || left === 0) throw error;
      await sleep(PAUSE_MS, undefined, { signal: ending });
    }
  }
};

/** `Bitcoin Core 31.0.0`. */
const nameOf = async (node: RunningNode): Promise<string> => {
  const reply = v.parse(
    v.object({ subversion: v.string() }),
    await askNode(node, 'getnetworkinfo', []),
  );
  return `Bitcoin Core ${/^\/Satoshi:([^/]+)\//.exec(reply.subversion)?.[1] ?? reply.subversion}`;
};

/** What the process wrote on stderr, once it has ended or could not be started. */
const endOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', (error) => resolve(error.message));
    child.once('close', () => resolve(Buffer.concat(chunks).toString('utf8')));
  });

const failed = (words: string): never => {
  const what = `bitcoind has ended: ${words.trim().slice(-500) || 'it gave no reason'}.`;
  throw rehearsalError('REHEARSAL_BITCOIND_FAILED', what);
};

/** Free at this moment; another program could take it before bitcoind does, which then ends. */
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') {
        throw new Error('a TCP server has an address and a port');
      }
      server.close(() => resolve(address.port));
    });
  });

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
};
