import { homedir } from 'node:os';
import { join } from 'node:path';
import type { BitcoinCoreOptions, RpcAuth } from '@qoima/chain';
import { policyId, type WalletPolicy } from '@qoima/policy';
import type { Network } from '@qoima/primitives';
import type { Env, GlobalOptions } from './session.ts';

/** Bitcoin Core's own places, by network: the RPC port and the folder of the cookie. */
const core: Readonly<Record<Network, { readonly port: number; readonly folder: string }>> = {
  mainnet: { port: 8332, folder: '' },
  testnet: { port: 18332, folder: 'testnet3' },
  signet: { port: 38332, folder: 'signet' },
  regtest: { port: 18443, folder: 'regtest' },
};

/**
 * Which node to ask and how: `--node`/`QOIMA_NODE_URL`, and `QOIMA_NODE_USER` with `QOIMA_NODE_PASSWORD`
 * (never from the command line), or the cookie of `--cookie`/`QOIMA_NODE_COOKIE`/Bitcoin Core's own folder.
 */
export const nodeOptions = (
  policy: WalletPolicy,
  options: Pick<GlobalOptions, 'node' | 'cookie'>,
  env: Env,
): BitcoinCoreOptions => {
  const { port, folder } = core[policy.network];
  return {
    url: options.node ?? env['QOIMA_NODE_URL'] ?? `http://127.0.0.1:${port}`,
    auth: auth(options.cookie, env, join(homedir(), '.bitcoin', folder, '.cookie')),
    network: policy.network,
    wallet: `qoima-${policyId(policy).slice(0, 16)}`,
  };
};

const auth = (cookie: string | undefined, env: Env, usual: string): RpcAuth => {
  const user = env['QOIMA_NODE_USER'];
  const password = env['QOIMA_NODE_PASSWORD'];
  return cookie === undefined && user !== undefined && password !== undefined
    ? { user, password }
    : { cookiePath: cookie ?? env['QOIMA_NODE_COOKIE'] ?? usual };
};
