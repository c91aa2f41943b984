import { readFileSync } from 'node:fs';
import { policyFromTemplate, policyId, type WalletPolicy } from '@qoima/policy';
import { formatHex, type Network, parseHex, parseUtf8 } from '@qoima/primitives';
import { type Psbt, parsePsbt } from '@qoima/psbt';
import {
  type LedgerTransport,
  ledgerPolicyId,
  ledgerPolicyOf,
  type Registration,
} from '../src/index.ts';

/** One recorded exchange with the real app; see `test-vectors/ledger/README.md`. */
interface Vector {
  readonly name: string;
  readonly file: string;
  readonly network: 'testnet' | 'mainnet';
  readonly appVersion: string;
  readonly cosigner: number;
  readonly command: string;
  readonly params?: {
    readonly path?: string;
    readonly display?: boolean;
    readonly wallet?: string;
    readonly policy?: VectorPolicy;
    readonly hmac?: string | null;
    readonly change?: number;
    readonly index?: number;
    readonly messageHex?: string;
    readonly message?: string;
    readonly psbt?: string;
  };
  readonly statusWord: string;
  readonly errorCode?: string;
  readonly result?: unknown;
  readonly screens?: readonly string[];
  readonly psbtBefore?: string;
  readonly signatures?: readonly {
    readonly input: number;
    readonly pubkey: string;
    readonly sig: string;
  }[];
  readonly exchanges: number;
}

interface VectorPolicy {
  readonly name: string;
  readonly descriptorTemplate: string;
  readonly keys: readonly string[];
}

interface Index {
  readonly wallets: Readonly<
    Record<
      string,
      VectorPolicy & {
        readonly network: 'testnet' | 'mainnet';
        readonly policyId: string;
        readonly hmacByCosigner: Readonly<Record<string, string>>;
      }
    >
  >;
  readonly cosigners: Readonly<
    Record<
      'testnet' | 'mainnet',
      readonly { readonly n: number; readonly masterFingerprint: string }[]
    >
  >;
  readonly vectors: readonly Vector[];
}

const folder = new URL('../../../test-vectors/ledger/', import.meta.url);

export const index: Index = JSON.parse(
  readFileSync(new URL('index.json', folder), 'utf8'),
) as Index;

export const vectorOf = (name: string): Vector => {
  const vector = index.vectors.find((candidate) => candidate.name === name);
  if (vector === undefined) throw new Error(`there is no vector ${name}`);
  return vector;
};

/** The lines of a recording, in pairs of request and answer. */
export const recording = (
  name: string,
): readonly { readonly request: string; readonly answer: string }[] => {
  const lines = readFileSync(new URL(vectorOf(name).file, folder), 'utf8')
    .trim()
    .split('\n');
  const pairs: { request: string; answer: string }[] = [];
  for (let at = 0; at < lines.length; at += 2) {
    pairs.push({ request: (lines[at] ?? '').slice(3), answer: (lines[at + 1] ?? '').slice(3) });
  }
  return pairs;
};

interface Replay extends LedgerTransport {
  /** How many exchanges have been played, and how many there are. */
  readonly played: () => number;
  readonly length: number;
}

/** A device that answers as recorded, and fails at the first request that differs by a byte. */
export const replay = (name: string): Replay => {
  const pairs = recording(name);
  let at = 0;
  return {
    exchange: async (apdu) => {
      const pair = pairs[at];
      const request = formatHex(apdu);
      if (request !== pair?.request) {
        throw new Error(`${name}: request ${at} is ${request}, recorded is ${pair?.request}`);
      }
      at += 1;
      return parseHex(pair.answer);
    },
    close: async () => {},
    played: () => at,
    length: pairs.length,
  };
};

/** Several recordings of one device, one after the other. */
export const replayAll = (...names: readonly string[]): Replay => {
  const replays = names.map(replay);
  const played = (): number => replays.reduce((sum, each) => sum + each.played(), 0);
  return {
    name: 'Ledger Nano S Plus',
    exchange: async (apdu) => {
      const current = replays.find((each) => each.played() < each.length);
      if (current === undefined) throw new Error(`nothing is recorded after ${names.at(-1)}`);
      return current.exchange(apdu);
    },
    close: async () => {},
    played,
    length: replays.reduce((sum, { length }) => sum + length, 0),
  };
};

/** The policy of a recorded wallet; of testnet, or of another test network with the same keys. */
export const walletOf = (name: string, network?: Network): WalletPolicy => {
  const wallet = index.wallets[name];
  if (wallet === undefined) throw new Error(`there is no wallet ${name}`);
  const { name: policyName, descriptorTemplate: template, keys } = wallet;
  return policyFromTemplate({
    name: policyName,
    network: network ?? wallet.network,
    template,
    keys,
  });
};

export const hmacOf = (wallet: string, cosigner: number): Uint8Array =>
  parseHex(index.wallets[wallet]?.hmacByCosigner[String(cosigner)] ?? '');

export const fingerprintOf = (
  cosigner: number,
  network: 'testnet' | 'mainnet' = 'testnet',
): Uint8Array => {
  const found = index.cosigners[network].find(({ n }) => n === cosigner);
  return parseHex(found?.masterFingerprint ?? '');
};

export const psbtOf = (name: string): Psbt => parsePsbt(parseUtf8(vectorOf(name).psbtBefore ?? ''));

/** A registration as the station keeps it. */
export const registrationOf = (
  policy: WalletPolicy,
  wallet: string,
  cosigner = 1,
): Registration => ({
  policyId: policyId(policy),
  ledgerPolicyId: ledgerPolicyId(ledgerPolicyOf(policy)),
  hmac: hmacOf(wallet, cosigner),
  fingerprint: fingerprintOf(cosigner),
  app: 'Bitcoin Test',
  appVersion: '2.4.6',
  model: 'Ledger Nano S Plus',
  registeredAt: '2026-11-22T00:00:00.000Z',
});
