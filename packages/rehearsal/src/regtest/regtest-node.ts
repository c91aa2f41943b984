import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ensureFolder } from '@qoima/journal';
import { formatHex } from '@qoima/primitives';
import type { RunningNode } from '../running-node.ts';
import { chainMethods } from './chain-methods.ts';
import { controlMethods } from './control-methods.ts';
import { mempoolMethods } from './mempool-methods.ts';
import { nodeState } from './node-state.ts';
import { callMethod, type RpcMethods } from './rpc-method.ts';
import { rpcServer } from './rpc-server.ts';
import { walletMethods } from './wallet-methods.ts';

export interface RegtestNodeOptions {
  /** Folder for the cookie; made if it is not there. */
  readonly dir: string;
  /** Unix seconds: the clock stands still there until `setmocktime`. */
  readonly seedTime: number;
  /** On 127.0.0.1; any free one unless told otherwise. */
  readonly port?: number;
}

/** Its cookie file has mode 0600 and is removed at the end. */
export interface RegtestNode extends RunningNode {
  /** Resolves when the node has ended, by `stop` here or over RPC. */
  readonly stopped: Promise<void>;
}

/**
 * A small Bitcoin Core on regtest, alone in its network: blocks with proof of work, a mempool that
 * checks every script with bitcore-lib, watch-only wallets for multisig descriptors, and the calls
 * that Qoima makes, over JSON-RPC on 127.0.0.1. Everything but the cookie is in memory and is gone
 * when it ends. The same calls at the same time make the same blocks, byte for byte.
 *
 * It is a stage for rehearsals and tests and proves nothing about Core; `startBitcoind` has a real one.
 */
export const startRegtestNode = async ({
  dir,
  seedTime,
  port = 0,
}: RegtestNodeOptions): Promise<RegtestNode> => {
  const state = nodeState(seedTime);
  const cookie = `__cookie__:${formatHex(randomBytes(32))}`;
  const cookiePath = join(dir, '.cookie');
  const server = rpcServer(cookie, (method, parameters, walletName) =>
    callMethod(methods, method, parameters, {
      state,
      walletName,
      // After the answer to the very call that asks for it.
      stop: () => setImmediate(() => void stop()),
    }),
  );
  const stopped = new Promise<void>((resolve) => {
    server.on('close', () => {
      rmSync(cookiePath, { force: true });
      resolve();
    });
  });
  const stop = (): Promise<void> => {
    server.close();
    // The answer to `stop` is on its way; connections that rest or hang are not waited for.
    server.closeIdleConnections();
    setImmediate(() => server.closeAllConnections());
    return stopped;
  };
  ensureFolder(dir);
  const bound = await listen(server, port);
  // Only now, so that a node whose port is taken leaves the other's cookie alone.
  writeFileSync(cookiePath, cookie, { mode: 0o600 });
  const name = 'the embedded regtest node';
  return { name, url: `http://127.0.0.1:${bound}`, cookiePath, stopped, stop };
};

const methods: RpcMethods = {
  ...chainMethods,
  ...mempoolMethods,
  ...walletMethods,
  ...controlMethods,
};

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
