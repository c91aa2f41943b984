import { type DerivationPath, type ExtendedKey, HARDENED, type KeyOrigin } from '@qoima/policy';
import { equalBytes, formatUtf8, parseHex } from '@qoima/primitives';
import bs58check from 'bs58check';
import type { App } from './app.ts';
import { HostFault } from './app-error.ts';
import type { Dialogue } from './dialogue.ts';
import { element } from './merkle-map.ts';
import type { MerkleTree } from './merkle-proof.ts';

/** A key of a policy, `[f5acc2fd/48'/1'/0'/2']tpub…`, as the app reads it. */
export interface KeyInformation {
  readonly text: string;
  readonly origin: KeyOrigin | undefined;
  /** BIP-32's 78 bytes, of any version; that they hold a point of the curve is not checked. */
  readonly payload: Uint8Array;
}

/** The longest key information: an origin of 46 characters, a key of 113, and `/**` of old. */
const MAX_LENGTH = 162;

/**
 * Fetches key `index` of a policy and reads it. The form is narrow: a lower-case fingerprint, `'` for
 * hardened steps, no leading zeros, and nothing after the key (in version 1, `/**`).
 * @throws `HostFault`
 */
export function* keyInformation(
  app: App,
  keys: MerkleTree,
  index: number,
  version: 1 | 2,
): Dialogue<KeyInformation> {
  const text = formatUtf8(yield* element(keys, index, MAX_LENGTH));
  const form = version === 1 ? /^(?:\[(.*?)\])?([a-zA-Z0-9]{111,112})\/\*\*$/s : PLAIN;
  const match = form.exec(text);
  const origin = match?.[1] === undefined ? undefined : parseOrigin(match[1], app.maxOriginSteps);
  const payload = match?.[2] === undefined ? undefined : bs58check.decodeUnsafe(match[2]);
  if (payload?.length !== 78 || (match?.[1] !== undefined && origin === undefined)) {
    throw new HostFault('a key that cannot be read');
  }
  return { text, origin, payload };
}

/** 33 bytes. */
export const publicKeyIn = ({ payload }: KeyInformation): Uint8Array => payload.subarray(45);

/** A key of this build's network begins with `xpub` or `tpub`: nothing else has its version bytes. */
export const isOfNetwork = ({ payload }: KeyInformation, app: App): boolean => {
  const version = app.keyPrefix === 'xpub' ? [0x04, 0x88, 0xb2, 0x1e] : [0x04, 0x35, 0x87, 0xcf];
  return version.every((byte, i) => payload[i] === byte);
};

/** For deriving its children. */
export const extendedKeyOf = ({ payload }: KeyInformation, app: App): ExtendedKey => {
  const fields = new DataView(payload.buffer, payload.byteOffset, payload.length);
  return {
    network: app.network === 'mainnet' ? 'mainnet' : 'testnet',
    depth: fields.getUint8(4),
    parentFingerprint: payload.slice(5, 9),
    childNumber: fields.getUint32(9),
    chainCode: payload.slice(13, 45),
    publicKey: payload.slice(45),
  };
};

/** BIP-341's point without a known private key: a key with it is shown as a dummy. */
export const isUnspendable = (information: KeyInformation): boolean =>
  equalBytes(publicKeyIn(information), UNSPENDABLE);

const UNSPENDABLE = parseHex('0250929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0');

const PLAIN = /^(?:\[(.*?)\])?([a-zA-Z0-9]{111,112})$/s;

const parseOrigin = (text: string, maxSteps: number): KeyOrigin | undefined => {
  const [fingerprint = '', ...steps] = text.split('/');
  const path = steps.map(parseStep);
  if (!/^[0-9a-f]{8}$/.test(fingerprint) || path.length > maxSteps || !path.every(isStep)) {
    return undefined;
  }
  return { fingerprint: parseHex(fingerprint), path: path satisfies DerivationPath };
};

const isStep = (step: number | undefined): step is number => step !== undefined;

const parseStep = (text: string): number | undefined => {
  const match = /^(0|[1-9][0-9]{0,9})('?)$/.exec(text);
  const number = Number(match?.[1] ?? HARDENED);
  if (number >= HARDENED) return undefined;
  return match?.[2] === '' ? number : number + HARDENED;
};
