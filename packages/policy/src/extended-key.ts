import { isPublicKey } from '@qoima/curve';
import { hash160, type Network } from '@qoima/primitives';
import bs58check from 'bs58check';
import { policyError } from './errors.ts';

/** The two families of key versions; testnet, signet and regtest share the second. */
export type KeyNetwork = 'mainnet' | 'testnet';

/** An extended public key (BIP-32). Key and chain code alone decide what it derives; the rest is hearsay. */
export interface ExtendedKey {
  readonly network: KeyNetwork;
  /** 0 … 255; 0 is a master key. */
  readonly depth: number;
  /** 4 bytes; zeros for a master key. */
  readonly parentFingerprint: Uint8Array;
  /** The last step of the path, 0 … 2³² − 1; hardened from 2³¹. 0 for a master key. */
  readonly childNumber: number;
  /** 32 bytes. */
  readonly chainCode: Uint8Array;
  /** 33 bytes, a point of the curve. */
  readonly publicKey: Uint8Array;
}

/** Version bytes: the first row of each family is BIP-32's, the others are SLIP-132's and only read. */
const VERSIONS: ReadonlyMap<number, KeyNetwork> = new Map([
  [0x0488b21e, 'mainnet'], // xpub
  [0x049d7cb2, 'mainnet'], // ypub
  [0x0295b43f, 'mainnet'], // Ypub
  [0x04b24746, 'mainnet'], // zpub
  [0x02aa7ed3, 'mainnet'], // Zpub
  [0x043587cf, 'testnet'], // tpub
  [0x044a5262, 'testnet'], // upub
  [0x024289ef, 'testnet'], // Upub
  [0x045f1cf6, 'testnet'], // vpub
  [0x02575483, 'testnet'], // Vpub
]);

const WRITTEN_VERSION: Readonly<Record<KeyNetwork, number>> = {
  mainnet: 0x0488b21e,
  testnet: 0x043587cf,
};

/** Depth is one byte (BIP-32). */
export const MAX_DEPTH = 255;

/** 4 version, 1 depth, 4 parent fingerprint, 4 child number, 32 chain code, 33 key. */
const PAYLOAD_LENGTH = 78;

/** 82 bytes in base 58 never take more. Decoding is quadratic in the length, so that is asked first. */
const MAX_TEXT_LENGTH = 112;

/** An extended private key of any version, or a single private key (WIF). */
const PRIVATE_KEY_TEXT = /^(?:[xtyzuvYZUV]prv|[5KLc9][1-9A-HJ-NP-Za-km-z]{50,51}$)/;

/**
 * Reads an extended public key. What SLIP-132's versions say about a script (`Zpub`: P2WSH) is not
 * kept: the policy says it. `what` names the key in errors; the text itself is never quoted, because
 * it may be a secret in the wrong place.
 * @throws `POLICY_PRIVATE_KEY`, `POLICY_KEY_INVALID`
 */
export const parseExtendedKey = (text: string, what = 'The extended key'): ExtendedKey => {
  if (PRIVATE_KEY_TEXT.test(text)) {
    throw policyError('POLICY_PRIVATE_KEY', `${what} is a private key.`);
  }
  const payload = text.length > MAX_TEXT_LENGTH ? undefined : bs58check.decodeUnsafe(text);
  if (payload?.length !== PAYLOAD_LENGTH) {
    throw invalidKey(what, 'is not Base58Check text of 78 bytes');
  }
  const fields = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const network = VERSIONS.get(fields.getUint32(0));
  if (network === undefined) throw invalidKey(what, 'has unknown version bytes');
  const key = {
    network,
    depth: fields.getUint8(4),
    parentFingerprint: payload.slice(5, 9),
    childNumber: fields.getUint32(9),
    chainCode: payload.slice(13, 45),
    publicKey: payload.slice(45),
  };
  if (key.depth === 0 && (fields.getUint32(5) !== 0 || key.childNumber !== 0)) {
    throw invalidKey(what, 'has depth 0 and yet a parent');
  }
  if (!isPublicKey(key.publicKey)) {
    throw invalidKey(what, 'holds no compressed point of the curve');
  }
  return key;
};

/** Always `xpub` or `tpub` (BIP-32). */
export const formatExtendedKey = (key: ExtendedKey): string =>
  extendedKeyText(encodeExtendedKey(key));

/**
 * BIP-32's serialisation as text, whatever it says: with the versions of BIP-32 `xpub…` or `tpub…`. For showing
 * what somebody else wrote; nothing is checked.
 */
export const extendedKeyText = (serialised: Uint8Array): string => bs58check.encode(serialised);

/** BIP-32's serialisation, 78 bytes, as PSBT_GLOBAL_XPUB holds it; always of the version of `xpub` or `tpub`. */
export const encodeExtendedKey = (key: ExtendedKey): Uint8Array => {
  const payload = new Uint8Array(PAYLOAD_LENGTH);
  const fields = new DataView(payload.buffer);
  fields.setUint32(0, WRITTEN_VERSION[key.network]);
  fields.setUint8(4, key.depth);
  payload.set(key.parentFingerprint, 5);
  fields.setUint32(9, key.childNumber);
  payload.set(key.chainCode, 13);
  payload.set(key.publicKey, 45);
  return payload;
};

/**
 * The first 4 bytes of HASH160 of the public key. It helps a signer find its own key and never
 * identifies one: 32 bits are quickly collided.
 */
export const keyFingerprint = (key: ExtendedKey): Uint8Array => hash160(key.publicKey).slice(0, 4);

/** The key family that a network uses. */
export const keyNetworkOf = (network: Network): KeyNetwork =>
  network === 'mainnet' ? 'mainnet' : 'testnet';

const invalidKey = (what: string, why: string): Error =>
  policyError('POLICY_KEY_INVALID', `${what} ${why}.`);
