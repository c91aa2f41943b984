import { excerpt } from './bytes.ts';
import { primitivesError } from './errors.ts';

/** The four networks that Qoima knows. */
export type Network = 'mainnet' | 'testnet' | 'signet' | 'regtest';

/** What differs between the networks. `testnet` and `signet` share all of it but their name. */
export interface NetworkParameters {
  /** BIP-173 human-readable part. */
  readonly bech32: string;
  readonly p2pkhVersion: number;
  readonly p2shVersion: number;
  /** BIP-44 coin type of a derivation path. */
  readonly coinType: 0 | 1;
  /** What Bitcoin Core calls it in `getblockchaininfo`. */
  readonly chain: string;
}

const test = { p2pkhVersion: 0x6f, p2shVersion: 0xc4, coinType: 1 } as const;

/** What each of them is known by. */
export const networks: Readonly<Record<Network, NetworkParameters>> = {
  mainnet: { bech32: 'bc', p2pkhVersion: 0x00, p2shVersion: 0x05, coinType: 0, chain: 'main' },
  testnet: { bech32: 'tb', ...test, chain: 'test' },
  signet: { bech32: 'tb', ...test, chain: 'signet' },
  regtest: { bech32: 'bcrt', ...test, chain: 'regtest' },
};

/** All of them, in the order in which they are told to people. */
export const networkNames: readonly Network[] = ['mainnet', 'testnet', 'signet', 'regtest'];

/** Reads the name of a network. @throws `NETWORK_UNKNOWN` */
export const parseNetwork = (text: string): Network => {
  const network = networkNames.find((name) => name === text);
  if (network === undefined) {
    throw primitivesError('NETWORK_UNKNOWN', `Unknown network ${excerpt(text)}.`);
  }
  return network;
};
