import { readFileSync } from 'node:fs';
import type { AppVersion, EmulatorOptions } from '../src/index.ts';
import type { TestPolicy } from './host.ts';

/** Recordings of the real app, as `test-vectors/ledger/index.json` lists them. */
export interface Recording {
  readonly name: string;
  readonly network: 'testnet' | 'mainnet';
  readonly appVersion: AppVersion;
  /** 1 to 5. */
  readonly cosigner: number;
  readonly command: string;
  readonly file: string;
  readonly params?: RecordedParameters;
  readonly statusWord: string;
  readonly errorCode?: string;
  readonly userDecision?: 'approve' | 'reject';
  readonly screens?: readonly string[];
  readonly result?: unknown;
  readonly psbtBefore?: string;
  readonly signatures?: readonly { input: number; pubkey: string; sig: string }[];
  readonly exchanges: number;
}

interface RecordedParameters {
  readonly path?: string;
  readonly display?: boolean;
  readonly wallet?: string;
  readonly policy?: TestPolicy;
  readonly hmac?: string | null;
  readonly change?: number;
  readonly index?: number;
  readonly messageHex?: string;
}

interface RecordingIndex {
  readonly cosigners: Readonly<
    Record<Recording['network'], readonly { readonly mnemonic: string }[]>
  >;
  readonly wallets: Readonly<Record<string, TestPolicy & { readonly policyId: string }>>;
  readonly vectors: readonly Recording[];
}

const FOLDER = new URL('../../../test-vectors/', import.meta.url);

const read = (path: string): string => readFileSync(new URL(path, FOLDER), 'utf8');

const index = JSON.parse(read('ledger/index.json')) as RecordingIndex;

export const recordings: readonly Recording[] = index.vectors;

export const recordedPolicy = ({ policy, wallet }: RecordedParameters): TestPolicy => {
  const known = policy ?? index.wallets[wallet ?? ''];
  if (known === undefined) throw new Error('a recording names one of the policies of its index');
  return known;
};

/** The device of a recording. */
export const recordedDevice = ({
  network,
  appVersion,
  cosigner,
}: Recording): Pick<EmulatorOptions, 'mnemonic' | 'app' | 'version'> => {
  const mnemonic = index.cosigners[network][cosigner - 1]?.mnemonic;
  if (mnemonic === undefined) throw new Error('a recording names one of the cosigners');
  return { mnemonic, app: network === 'mainnet' ? 'Bitcoin' : 'Bitcoin Test', version: appVersion };
};

/** What the host sent and what the device answered, in hex, by turns. */
export const transcript = ({ file }: Recording): readonly (readonly [string, string])[] => {
  const lines = read(`ledger/${file}`).trim().split('\n');
  return Array.from({ length: lines.length / 2 }, (_, i) => [
    (lines[2 * i] ?? '').slice(3),
    (lines[2 * i + 1] ?? '').slice(3),
  ]);
};

/** Taproot and miniscript are not emulated yet: these are answered with 6a82. */
export const NOT_EMULATED: ReadonlySet<string> = new Set(
  recordings
    .filter(({ name }) => /-tr-|^register-timelock-recovery$/.test(name))
    .map(({ name }) => name),
);

/**
 * Screens with the rest of a longer template behind theirs: that template was of a registration that is
 * not among the recordings, and an emulator that has not seen it cannot show its rest.
 */
export const REST_OF_UNRECORDED: ReadonlySet<string> = new Set([
  'register-edge-multi-unsorted',
  'register-edge-legacy-sh',
  'register-edge-2of3',
  'register-edge-other-key-without-origin',
  'register-edge-own-and-spoofed',
  'register-edge-own-key-twice-other-account',
]);
