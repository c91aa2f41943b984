import { createHmac } from 'node:crypto';
import { deriveChildKey, formatExtendedKey, HARDENED, parseDerivationPath } from '@qoima/policy';
import { formatHex, parseHex } from '@qoima/primitives';
import { BIP32Factory } from 'bip32';
import fc from 'fast-check';
import * as secp256k1 from 'tiny-secp256k1';
import { describe, expect, it } from 'vitest';
import { readVectors, type VectorEntry } from '../../../scripts/read-vectors.ts';
import {
  derivePrivateKey,
  type ExtendedPrivateKey,
  masterKey,
  neutered,
  wipe,
} from '../src/extended-private-key.ts';

interface DerivationVector extends VectorEntry {
  readonly seed: string;
  readonly chain: readonly { path: string; xpub: string; xprv: string }[];
}

const vectors = readVectors<DerivationVector>('keys/bip32.json').entries.filter(
  (entry) => entry.kind === 'derivation',
);
const cases = vectors.flatMap(({ id, seed, chain }) =>
  chain.map(({ path, xpub, xprv }) => ({ id, seed, path, xpub, xprv })),
);

const seeds = fc.uint8Array({ minLength: 16, maxLength: 64 });

describe('BIP-32, private derivation', () => {
  it.each(cases)('$id $path', ({ seed, path, xpub, xprv }) => {
    const key = derivePrivateKey(masterKey(parseHex(seed)), parseDerivationPath(path));
    expect(key.toBase58()).toBe(xprv);
    expect(formatExtendedKey(neutered(key, 'mainnet'))).toBe(xpub);
  });

  it('is that of the formula, worked out with other code, on any path', () => {
    const paths = fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 4 });
    fc.assert(
      fc.property(seeds, paths, (seed, path) => {
        const key = derivePrivateKey(masterKey(seed), path);
        expect(secretOf(key)).toEqual(secretByFormula(seed, path));
        expect(key.depth).toBe(path.length);
        expect(key.index).toBe(path.at(-1) ?? 0);
      }),
      { numRuns: 20 },
    );
  });

  it('goes with the public derivation of the policy', () => {
    const indexes = fc.integer({ min: 0, max: HARDENED - 1 });
    fc.assert(
      fc.property(seeds, indexes, indexes, (seed, account, index) => {
        const key = derivePrivateKey(masterKey(seed), [account + HARDENED]);
        const child = derivePrivateKey(key, [index]);
        for (const network of ['mainnet', 'regtest'] as const) {
          expect(neutered(child, network)).toEqual(deriveChildKey(neutered(key, network), index));
        }
      }),
      { numRuns: 20 },
    );
  });

  it('is the same behind the seam of the curve as over the library below it', () => {
    const path = [48 + HARDENED, 7];
    let direct = BIP32Factory(secp256k1).fromSeed(new Uint8Array(32).fill(5));
    for (const step of path) direct = direct.derive(step);
    const key = derivePrivateKey(masterKey(new Uint8Array(32).fill(5)), path);
    expect(key.toBase58()).toBe(direct.toBase58());
    const hash = new Uint8Array(32).fill(9);
    expect(key.sign(hash)).toEqual(direct.sign(hash));
    expect(key.verify(hash, direct.sign(hash))).toBe(true);
    expect(neuteredChild(key, 3)).toBe(neuteredChild(direct, 3));
  });

  it('never grinds for a low r, and does not hang when it is asked to', () => {
    const key = masterKey(new Uint8Array(32).fill(5));
    const hashes = Array.from({ length: 16 }, (_, i) => new Uint8Array(32).fill(i + 1));
    const high = hashes.find((hash) => (key.sign(hash)[0] as number) > 0x7f);
    expect(() => key.sign(high as Uint8Array, true)).toThrow('low r');
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 32])('has no step %s', (step) => {
    expect(() => derivePrivateKey(masterKey(new Uint8Array(32)), [step])).toThrow('Invalid');
  });
});

describe('wiping', () => {
  it('clears a key and none that was derived from it, nor what was shown of it', () => {
    const master = masterKey(new Uint8Array(32).fill(1));
    const child = derivePrivateKey(master, [0]);
    const same = child.toBase58();
    const shown = neutered(master, 'mainnet');
    const text = formatExtendedKey(shown);
    wipe(master);
    expect(master.privateKey).toEqual(new Uint8Array(32));
    expect(master.chainCode).toEqual(new Uint8Array(32));
    expect(child.toBase58()).toBe(same);
    expect(formatExtendedKey(shown)).toBe(text);
  });

  it('leaves the key that a path begins at, which is also the key of the empty path', () => {
    const master = masterKey(new Uint8Array(32).fill(1));
    const before = master.toBase58();
    wipe(derivePrivateKey(master, [HARDENED, 1]));
    expect(master.toBase58()).toBe(before);
    expect(derivePrivateKey(master, [])).toBe(master);
  });
});

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const secretOf = (key: ExtendedPrivateKey): string => formatHex(key.privateKey as Uint8Array);

/** BIP-32's own words in big integers; only a point comes from the library, to be hashed. */
const secretByFormula = (seed: Uint8Array, path: readonly number[]): string => {
  let material = hmac(new TextEncoder().encode('Bitcoin seed'), seed);
  let secret = material.slice(0, 64);
  for (const step of path) {
    const point = secp256k1.pointFromScalar(parseHex(secret), true) as Uint8Array;
    const from = step >= HARDENED ? `00${secret}` : formatHex(point);
    const message = parseHex(`${from}${step.toString(16).padStart(8, '0')}`);
    material = hmac(parseHex(material.slice(64)), message);
    const sum = (BigInt(`0x${material.slice(0, 64)}`) + BigInt(`0x${secret}`)) % ORDER;
    secret = sum.toString(16).padStart(64, '0');
  }
  return secret;
};

const hmac = (key: Uint8Array, message: Uint8Array): string =>
  createHmac('sha512', key).update(message).digest('hex');

const neuteredChild = (key: ExtendedPrivateKey, index: number): string =>
  key.neutered().derive(index).toBase58();
