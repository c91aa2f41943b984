import { isPublicKey, tweakPublicKey, verifyEcdsa } from '@qoima/curve';
import { isSecretKey, publicKeyOf, signEcdsa, tweakSecretKey } from '@qoima/curve/secret';
import {
  type DerivationPath,
  type ExtendedKey,
  keyNetworkOf,
  parseExtendedKey,
} from '@qoima/policy';
import type { Network } from '@qoima/primitives';
import { BIP32Factory, type BIP32Interface, type TinySecp256k1Interface } from 'bip32';

/** An extended private key (BIP-32), as the bip32 library holds it. Never leaves this package. */
export type ExtendedPrivateKey = BIP32Interface;

/** BIP-32's master key of a seed, 16 to 64 bytes. */
export const masterKey = (seed: Uint8Array): ExtendedPrivateKey => bip32.fromSeed(seed);

/** The key at `path` below `key`, which is `key` itself for the empty path; what lies between is wiped. */
export const derivePrivateKey = (
  key: ExtendedPrivateKey,
  path: DerivationPath,
): ExtendedPrivateKey => {
  let current = key;
  for (const step of path) {
    const child = current.derive(step);
    if (current !== key) wipe(current);
    current = child;
  }
  return current;
};

/** What may be shown of a key. Shares no memory with it. */
export const neutered = (key: ExtendedPrivateKey, network: Network): ExtendedKey => ({
  ...parseExtendedKey(key.neutered().toBase58()),
  network: keyNetworkOf(network),
});

/**
 * Overwrites the memory that a key holds. Out of reach are the copies that bip32 made when it derived
 * the key (HMAC's input and output, which for a master key is the secret itself), those of the
 * runtime, and the mnemonic's text: this shortens the time that a secret lies about and does not end it.
 */
export const wipe = (key: ExtendedPrivateKey): void => {
  key.privateKey?.fill(0);
  key.chainCode.fill(0);
};

/** The curve as bip32 wants it: compressed keys alone, no Schnorr. bip32 tries it with known answers. */
const curve: TinySecp256k1Interface = {
  isPoint: isPublicKey,
  isPrivate: isSecretKey,
  pointFromScalar: (secret) => publicKeyOf(secret),
  pointAddScalar: (publicKey, scalar) => tweakPublicKey(publicKey, scalar) ?? null,
  privateAdd: (secret, scalar) => tweakSecretKey(secret, scalar) ?? null,
  sign: (hash, secret, entropy) => {
    // bip32 would try again for ever if it asked for a low r and the entropy were passed over.
    if (entropy !== undefined) throw new Error('nothing here asks bip32 to grind for a low r');
    return signEcdsa(hash, secret);
  },
  verify: (hash, publicKey, signature) => verifyEcdsa(hash, publicKey, signature),
};

const bip32 = BIP32Factory(curve);
