import { isPublicKey, tweakPublicKey, verifyEcdsa } from '@qoima/curve';
import {
  isSecretKey,
  publicKeyOf,
  signEcdsa,
  signEcdsaRecoverable,
  tweakSecretKey,
} from '@qoima/curve/secret';
import { type DerivationPath, type ExtendedKey, HARDENED } from '@qoima/policy';
import { BIP32Factory, type BIP32Interface, type TinySecp256k1Interface } from 'bip32';
import type { App } from './app.ts';
import { Refusal } from './app-error.ts';

/** The keys of a seed as the app gets them from the operating system: by path, and never to keep. */
export interface DeviceKeys {
  /** 4 bytes, of the master key. */
  readonly fingerprint: Uint8Array;
  /** @throws `Refusal` for a path that this app is not allowed */
  extendedKey(path: DerivationPath): ExtendedKey;
  /** RFC 6979, low s: r ‖ s. @throws `Refusal` (b007) for a path that this app is not allowed */
  sign(path: DerivationPath, hash: Uint8Array): { publicKey: Uint8Array; compact: Uint8Array };
  /** As `sign`, and whether the point R has an odd y. */
  signRecoverable(path: DerivationPath, hash: Uint8Array): { compact: Uint8Array; odd: boolean };
  wipe(): void;
}

/** Takes the seed over for the time of the call only. */
export const deviceKeys = (seed: Uint8Array, app: App): DeviceKeys => {
  const master = bip32.fromSeed(seed);
  const known = new Map<string, BIP32Interface>([['', master]]);
  // A transaction signs below one or two parents; all but the last step of a path are kept.
  const node = (path: DerivationPath): BIP32Interface => {
    const parentPath = path.slice(0, -1);
    const last = path.at(-1);
    if (last === undefined) return master;
    const key = parentPath.join('/');
    const parent = known.get(key) ?? node(parentPath);
    if (known.size < MAX_KNOWN) known.set(key, parent);
    return parent.derive(last);
  };
  const allowedNode = (path: DerivationPath): BIP32Interface => {
    if (!isAllowed(path, app)) throw new Refusal('badState');
    return node(path);
  };
  return {
    fingerprint: master.fingerprint.slice(),
    extendedKey: (path) => {
      // The parent is asked for too, for its fingerprint; that of the first step is known without.
      const paths = path.length > 1 ? [path.slice(0, -1), path] : [path];
      if (!paths.every((each) => isAllowed(each, app))) throw new Refusal('notSupported');
      const { depth, parentFingerprint, index, chainCode, publicKey } = node(path);
      const parent = new Uint8Array(4);
      new DataView(parent.buffer).setUint32(0, parentFingerprint);
      return {
        network: app.network === 'mainnet' ? 'mainnet' : 'testnet',
        depth,
        parentFingerprint: parent,
        childNumber: index,
        chainCode: chainCode.slice(),
        publicKey: publicKey.slice(),
      };
    },
    sign: (path, hash) => {
      const key = allowedNode(path);
      return { publicKey: key.publicKey.slice(), compact: key.sign(hash) };
    },
    signRecoverable: (path, hash) => {
      const { privateKey } = allowedNode(path);
      if (privateKey === undefined) throw new Error('a key from a seed has its private half');
      const { compact, recoveryId } = signEcdsaRecoverable(hash, privateKey);
      return { compact, odd: (recoveryId & 1) === 1 };
    },
    wipe: () => {
      for (const key of known.values()) {
        key.privateKey?.fill(0);
        key.chainCode.fill(0);
      }
      known.clear();
    },
  };
};

/** Parents kept, for a few policies' worth of branches. */
const MAX_KNOWN = 64;

/** Electrum's, for its encryption keys. */
const ELECTRUM_PURPOSE = 4541509 + HARDENED;
const BIP45_PURPOSE = 45 + HARDENED;

/**
 * What 2.4 is installed with: any purpose with the build's own coin type, BIP-45's tree and Electrum's.
 * 2.3 may derive anything.
 */
const isAllowed = (path: DerivationPath, app: App): boolean =>
  !app.ownPathsOnly ||
  path[1] === app.coinType + HARDENED ||
  path[0] === ELECTRUM_PURPOSE ||
  path[0] === BIP45_PURPOSE;

const curve: TinySecp256k1Interface = {
  isPoint: isPublicKey,
  isPrivate: isSecretKey,
  pointFromScalar: (secret) => publicKeyOf(secret),
  pointAddScalar: (publicKey, scalar) => tweakPublicKey(publicKey, scalar) ?? null,
  privateAdd: (secret, scalar) => tweakSecretKey(secret, scalar) ?? null,
  sign: (hash, secret) => signEcdsa(hash, secret),
  verify: (hash, publicKey, signature) => verifyEcdsa(hash, publicKey, signature),
};

const bip32 = BIP32Factory(curve);
