import type { Network } from '@qoima/primitives';

/** The two builds of the Bitcoin app. */
/** The two builds of the app. */
export type AppName = 'Bitcoin' | 'Bitcoin Test';
/** The versions that are emulated. */
export type AppVersion = '2.4.6' | '2.3.0';

/** What differs between the builds and the versions, as far as it is emulated. */
export interface App {
  readonly name: AppName;
  readonly version: AppVersion;
  /** How addresses are written; the test build knows no other test network. */
  readonly network: Network;
  readonly coinType: 0 | 1;
  /** What an extended key of its network begins with. */
  readonly keyPrefix: 'xpub' | 'tpub';
  readonly ticker: 'BTC' | 'TEST';
  /** Refusals of 2.4 carry error codes. */
  readonly errorCodes: boolean;
  /** Keys in a policy, at most. */
  readonly maxKeys: number;
  /** Steps of a path in a command, at most. */
  readonly maxPathSteps: number;
  /** Steps of a key's origin, at most. */
  readonly maxOriginSteps: number;
  /** 2.4 asks the operating system for keys at the paths of its own coin only; 2.3 for any. */
  readonly ownPathsOnly: boolean;
}

export const appOf = (name: AppName, version: AppVersion): App => ({
  name,
  version,
  ...builds[name],
  ...versions[version],
});

const builds = {
  Bitcoin: { network: 'mainnet', coinType: 0, keyPrefix: 'xpub', ticker: 'BTC' },
  'Bitcoin Test': { network: 'testnet', coinType: 1, keyPrefix: 'tpub', ticker: 'TEST' },
} as const;

const versions = {
  '2.4.6': {
    errorCodes: true,
    maxKeys: 15,
    maxPathSteps: 10,
    maxOriginSteps: 8,
    ownPathsOnly: true,
  },
  // One step too many passes its check of a key's origin, so that nine are read.
  '2.3.0': {
    errorCodes: false,
    maxKeys: 10,
    maxPathSteps: 8,
    maxOriginSteps: 9,
    ownPathsOnly: false,
  },
} as const;
