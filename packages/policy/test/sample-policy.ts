import { formatHex, type Network } from '@qoima/primitives';
import { BIP32Factory, type BIP32Interface } from 'bip32';
import { networks } from 'bitcoinjs-lib';
import * as secp256k1 from 'tiny-secp256k1';
import {
  type Cosigner,
  type PolicyParts,
  parseCosignerKey,
  type WalletPolicy,
  walletPolicy,
} from '../src/index.ts';

/** The second implementation that these tests compare with. */
export const bip32 = BIP32Factory(secp256k1);

/** What bitcoinjs-lib calls the networks; it has no signet of its own. */
export const bitcoinjsNetwork = (network: Network): typeof networks.bitcoin =>
  network === 'mainnet'
    ? networks.bitcoin
    : network === 'regtest'
      ? networks.regtest
      : networks.testnet;

/** An account of a seed made of one byte. */
export interface Account {
  readonly node: BIP32Interface;
  readonly text: string;
}

export const account = (
  seed: number,
  network: Network = 'mainnet',
  path = `48'/${network === 'mainnet' ? 0 : 1}'/0'/2'`,
): Account => {
  const master = bip32.fromSeed(new Uint8Array(32).fill(seed), bitcoinjsNetwork(network));
  const node = (path === '' ? master : master.derivePath(path)).neutered();
  const origin = [formatHex(master.fingerprint), path].filter((part) => part !== '').join('/');
  return { node, text: `[${origin}]${node.toBase58()}` };
};

export const cosigner = (seed: number, network: Network = 'mainnet', path?: string): Cosigner => ({
  name: `Custodian ${seed}`,
  ...parseCosignerKey(account(seed, network, path).text),
});

/** A 3-of-5 `wsh(sortedmulti)` on mainnet of the seeds 1 to 5, with changes. */
export const policyParts = (changes: Partial<PolicyParts> = {}): PolicyParts => ({
  name: 'Reserve',
  network: 'mainnet',
  scriptKind: 'wsh',
  sorted: true,
  quorum: { required: 3, total: 5 },
  cosigners: [1, 2, 3, 4, 5].map((seed) => cosigner(seed, changes.network)),
  ...changes,
});

export const samplePolicy = (changes: Partial<PolicyParts> = {}): WalletPolicy =>
  walletPolicy(policyParts(changes));

/** The code of the typed error that the work throws. */
export const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code);
    throw error;
  }
  return 'nothing thrown';
};
