import { createECDH, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { formatHex, hmacSha512, parseHex, sha256 } from '@qoima/primitives';
import { pubECDSA, signECDSA } from '@scure/btc-signer/utils.js';
import { BIP32Factory } from 'bip32';
import fc from 'fast-check';
import * as secp256k1 from 'tiny-secp256k1';
import { describe, expect, it } from 'vitest';
import {
  compressPoint,
  curveInUse,
  isPublicKey,
  pointOf,
  tweakPublicKey,
  verifyEcdsa,
} from '../src/index.ts';
import { loadNativeCurve } from '../src/native-curve.ts';
import { verifyEcdsaAt } from '../src/public.ts';
import type { PublicCurve } from '../src/public-curve.ts';
import {
  isSecretKey,
  publicKeyOf,
  signEcdsa,
  signEcdsaRecoverable,
  tweakSecretKey,
} from '../src/secret.ts';
import { wasmCurve } from '../src/wasm-curve.ts';

/** The order of the group, and the greatest s that BIP-146 allows. */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const bytesOf = (value: bigint): Uint8Array => parseHex(value.toString(16).padStart(64, '0'));
const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${formatHex(bytes)}`);

const secrets = fc.bigInt({ min: 1n, max: ORDER - 1n }).map(bytesOf);
const hashes = fc.uint8Array({ minLength: 32, maxLength: 32 });

const ecdh = (secret: Uint8Array): Uint8Array => {
  const key = createECDH('secp256k1');
  key.setPrivateKey(secret);
  return new Uint8Array(key.getPublicKey(null, 'compressed'));
};

/** r ‖ s of a DER signature, by counting, for signatures that are known to be well formed. */
const compactOf = (der: Uint8Array): Uint8Array => {
  const rLength = der[3] as number;
  const integers = [der.subarray(4, 4 + rLength), der.subarray(6 + rLength)];
  return parseHex(integers.map((value) => formatHex(value).padStart(64, '0').slice(-64)).join(''));
};

const one = bytesOf(1n);
const generator = parseHex('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');
const pointOfGenerator = parseHex(
  '0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798' +
    '483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8',
);

/** Both implementations where this machine has both; the native one has prebuilt binaries for most. */
const native = await loadNativeCurve();
const curves: readonly PublicCurve[] = native === undefined ? [wasmCurve] : [wasmCurve, native];

describe.each(curves)('the $name curve', (curve) => {
  const tweak = (publicKey: Uint8Array, scalar: Uint8Array): Uint8Array | undefined => {
    const point = curve.publicKeyTweaker(publicKey)(scalar);
    return point && compressPoint(point);
  };

  describe('public keys', () => {
    it('of secrets are those that OpenSSL and noble find', () => {
      fc.assert(
        fc.property(secrets, (secret) => {
          const publicKey = publicKeyOf(secret);
          expect(publicKey).toEqual(ecdh(secret));
          expect(publicKey).toEqual(pubECDSA(secret));
          expect(curve.isPublicKey(publicKey)).toBe(true);
          const point = pubECDSA(secret, false);
          expect(curve.pointOf(publicKey)).toEqual(point);
          expect(compressPoint(point)).toEqual(publicKey);
        }),
        { numRuns: 20 },
      );
    });

    it('of 1 and of the order minus 1 are the generator and its negative', () => {
      expect(publicKeyOf(one)).toEqual(generator);
      expect(publicKeyOf(bytesOf(ORDER - 1n))).toEqual(Uint8Array.of(3, ...generator.subarray(1)));
    });

    it.each([
      ['nothing', ''],
      ['the point at infinity', '00'],
      ['32 bytes', formatHex(generator.subarray(1))],
      ['34 bytes', `${formatHex(generator)}00`],
      ['an uncompressed point', formatHex(secp256k1.pointCompress(generator, false))],
      ['a hybrid point', `06${formatHex(secp256k1.pointCompress(generator, false)).slice(2)}`],
      ['another prefix', `04${formatHex(generator).slice(2)}`],
      ['no point of the curve', `02${'00'.repeat(31)}05`],
      ['a coordinate above the field', `02${'ff'.repeat(32)}`],
    ])('cannot be %s', (_, hex) => {
      expect(curve.isPublicKey(parseHex(hex))).toBe(false);
      expect(curve.pointOf(parseHex(hex))).toBeUndefined();
    });
  });

  describe('signatures', () => {
    // Widely used vectors of RFC 6979 over secp256k1 with SHA-256 and a low s.
    it.each([
      [
        1n,
        'Satoshi Nakamoto',
        '934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d82442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5',
      ],
      [
        1n,
        'All those moments will be lost in time, like tears in rain. Time to die...',
        '8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21',
      ],
      [
        ORDER - 1n,
        'Satoshi Nakamoto',
        'fd567d121db66e382991534ada77a6bd3106f0a1098c231e47993447cd6af2d06b39cd0eb1bc8603e159ef5c20a5c8ad685a45b06ce9bebed3f153d10d93bed5',
      ],
    ])('by %s of %j', (secret, message, signature) => {
      const hash = sha256(new TextEncoder().encode(message));
      expect(formatHex(signEcdsa(hash, bytesOf(secret)))).toBe(signature);
    });

    it('are those of noble, valid, and low', () => {
      fc.assert(
        fc.property(secrets, hashes, (secret, hash) => {
          const signature = signEcdsa(hash, secret);
          expect(signature).toEqual(compactOf(signECDSA(hash, secret)));
          expect(numberOf(signature.subarray(32))).toBeLessThanOrEqual(ORDER / 2n);
          expect(curve.verifyEcdsa(hash, publicKeyOf(secret), signature)).toBe(true);
          expect(curve.verifyEcdsa(hash, pubECDSA(secret, false), signature)).toBe(true);
        }),
        { numRuns: 30 },
      );
    });

    it('tell their key, if they are to be recoverable', () => {
      fc.assert(
        fc.property(secrets, hashes, (secret, hash) => {
          const { compact, recoveryId } = signEcdsaRecoverable(hash, secret);
          expect(compact).toEqual(signEcdsa(hash, secret));
          const publicKey = secp256k1.recover(hash, compact, recoveryId as 0 | 1, true);
          expect(publicKey).toEqual(publicKeyOf(secret));
        }),
        { numRuns: 20 },
      );
    });

    it('of OpenSSL verify here once their s is low, and ours there', () => {
      const message = new TextEncoder().encode('between libraries');
      const secret = bytesOf(0x1234567890abcdefn);
      const key = openSslKey(secret);
      const publicKey = createPublicKey(key);
      const dsaEncoding = 'ieee-p1363';
      const ours = signEcdsa(sha256(message), secret);
      expect(verify('sha256', message, { key: publicKey, dsaEncoding }, ours)).toBe(true);
      const theirs = new Uint8Array(sign('sha256', message, { key, dsaEncoding }));
      const low = numberOf(theirs.subarray(32)) > ORDER / 2n ? negativeS(theirs) : theirs;
      expect(curve.verifyEcdsa(sha256(message), publicKeyOf(secret), low)).toBe(true);
    });

    it('with a high s are refused, though their mathematics holds', () => {
      fc.assert(
        fc.property(secrets, hashes, (secret, hash) => {
          const publicKey = publicKeyOf(secret);
          const high = negativeS(signEcdsa(hash, secret));
          expect(curve.verifyEcdsa(hash, publicKey, high)).toBe(false);
          expect(curve.verifyEcdsa(hash, pubECDSA(secret, false), high)).toBe(false);
          expect(secp256k1.verify(hash, publicKey, high, false)).toBe(true);
        }),
        { numRuns: 20 },
      );
    });

    it('do not fit another hash, another key or a changed byte', () => {
      const otherSecret = bytesOf(2n);
      fc.assert(
        fc.property(secrets, hashes, fc.nat({ max: 63 }), (secret, hash, at) => {
          const publicKey = publicKeyOf(secret);
          const signature = signEcdsa(hash, secret);
          const changed = signature.slice();
          changed[at] = (changed[at] as number) ^ 1;
          const otherHash = hash.slice();
          otherHash[0] = (otherHash[0] as number) ^ 1;
          expect(curve.verifyEcdsa(otherHash, publicKey, signature)).toBe(false);
          expect(curve.verifyEcdsa(hash, publicKeyOf(otherSecret), signature)).toBe(
            formatHex(secret) === formatHex(otherSecret),
          );
          expect(curve.verifyEcdsa(hash, publicKey, changed)).toBe(false);
          const point = pubECDSA(secret, false);
          expect(curve.verifyEcdsa(otherHash, point, signature)).toBe(false);
          expect(curve.verifyEcdsa(hash, point, changed)).toBe(false);
        }),
        { numRuns: 20 },
      );
    });

    const hash = sha256(Uint8Array.of(1));
    const good = signEcdsa(hash, one);
    const zero = new Uint8Array(32);

    it.each<[string, Uint8Array, Uint8Array, Uint8Array]>([
      ['an empty signature', hash, generator, new Uint8Array()],
      ['63 bytes', hash, generator, good.subarray(1)],
      ['65 bytes', hash, generator, Uint8Array.of(...good, 0)],
      ['zeros', hash, generator, new Uint8Array(64)],
      ['r of zero', hash, generator, Uint8Array.of(...zero, ...good.subarray(32))],
      ['s of zero', hash, generator, Uint8Array.of(...good.subarray(0, 32), ...zero)],
      ['r of the order', hash, generator, Uint8Array.of(...bytesOf(ORDER), ...good.subarray(32))],
      ['all ones', hash, generator, new Uint8Array(64).fill(0xff)],
      ['a short hash', hash.subarray(1), generator, good],
      ['a long hash', Uint8Array.of(...hash, 0), generator, good],
      ['an empty key', hash, new Uint8Array(), good],
      ['a key off the curve', hash, parseHex(`02${'00'.repeat(31)}05`), good],
      ['a point off the curve', hash, pointOfGenerator.with(64, 0), good],
      ['a hybrid point', hash, pointOfGenerator.with(0, 6), good],
      ['a point of another form', hash, pointOfGenerator.with(0, 2), good],
      ['64 bytes of a point', hash, pointOfGenerator.subarray(1), good],
    ])('with %s are false and do not throw', (_, someHash, key, signature) => {
      expect(curve.verifyEcdsa(hash, generator, good)).toBe(true);
      expect(curve.verifyEcdsa(someHash, key, signature)).toBe(false);
    });
  });

  describe('tweaks', () => {
    it('of the secret and of the public key go together', () => {
      fc.assert(
        fc.property(secrets, secrets, (secret, scalar) => {
          const child = tweakSecretKey(secret, scalar);
          const publicChild = tweak(publicKeyOf(secret), scalar);
          expect(publicChild).toEqual(child && publicKeyOf(child));
          expect(numberOf(child ?? new Uint8Array(1))).toBe(
            (numberOf(secret) + numberOf(scalar)) % ORDER,
          );
        }),
        { numRuns: 20 },
      );
    });

    it('derive the children that bip32 derives', () => {
      const parent = BIP32Factory(secp256k1).fromSeed(new Uint8Array(32).fill(7));
      const child = parent.derive(5);
      const message = Uint8Array.of(...parent.publicKey, 0, 0, 0, 5);
      const scalar = hmacSha512(parent.chainCode, message).subarray(0, 32);
      expect(tweak(parent.publicKey, scalar)).toEqual(new Uint8Array(child.publicKey));
      expect(tweakSecretKey(parent.privateKey as Uint8Array, scalar)).toEqual(
        new Uint8Array(child.privateKey as Uint8Array),
      );
    });

    it('by zero change nothing', () => {
      expect(tweak(generator, bytesOf(0n))).toEqual(generator);
      expect(tweakSecretKey(one, bytesOf(0n))).toEqual(one);
    });

    it.each([
      ['to the point at infinity', bytesOf(ORDER - 1n)],
      ['by the order', bytesOf(ORDER)],
      ['by more than the order', new Uint8Array(32).fill(0xff)],
      ['by 31 bytes', new Uint8Array(31).fill(1)],
    ])('%s have no result', (_, scalar) => {
      expect(tweak(generator, scalar)).toBeUndefined();
      expect(tweakSecretKey(one, scalar)).toBeUndefined();
    });

    it('of what is no key have no result', () => {
      expect(tweak(new Uint8Array(33), one)).toBeUndefined();
      expect(tweakSecretKey(new Uint8Array(32), one)).toBeUndefined();
    });
  });
});

describe('secret keys', () => {
  it.each([
    [0n, false],
    [1n, true],
    [ORDER - 1n, true],
    [ORDER, false],
    [ORDER + 1n, false],
    [(1n << 256n) - 1n, false],
  ])('%s', (value, valid) => {
    expect(isSecretKey(bytesOf(value))).toBe(valid);
  });

  it.each([0, 31, 33])('are not %i bytes long', (length) => {
    expect(isSecretKey(new Uint8Array(length).fill(1))).toBe(false);
  });
});

describe('the curve in use', () => {
  it('is the native one where there is one, and does what its functions say', () => {
    const wanted = process.env['QOIMA_CURVE'] === 'wasm' ? 'wasm' : (native?.name ?? 'wasm');
    expect(curveInUse).toBe(wanted);
    const hash = sha256(Uint8Array.of(1));
    expect(verifyEcdsa(hash, generator, signEcdsa(hash, one))).toBe(true);
    expect(isPublicKey(generator)).toBe(true);
    expect(tweakPublicKey(generator, one)).toEqual(publicKeyOf(bytesOf(2n)));
    expect(pointOf(generator)).toEqual(pointOfGenerator);
  });

  it('leaves the point that it compresses as it is, a Buffer too', () => {
    const point = Buffer.from(pointOfGenerator);
    expect(compressPoint(point)).toStrictEqual(generator);
    expect(new Uint8Array(point)).toStrictEqual(pointOfGenerator);
  });

  it('wants a compressed key where a script has it, and a point where it was asked for one', () => {
    const hash = sha256(Uint8Array.of(1));
    const signature = signEcdsa(hash, one);
    expect(verifyEcdsa(hash, pointOfGenerator, signature)).toBe(false);
    expect(verifyEcdsaAt(hash, pointOfGenerator, signature)).toBe(true);
    expect(verifyEcdsaAt(hash, generator, signature)).toBe(false);
  });

  it.runIf(
    ['linux-x64', 'darwin-arm64', 'win32-x64'].includes(`${process.platform}-${process.arch}`),
  )('has a prebuilt binary for this machine', () => {
    expect(native?.name).toBe('native');
  });
});

/** The other signature of the same hash and key: s is its negative. */
const negativeS = (signature: Uint8Array): Uint8Array =>
  Uint8Array.of(...signature.subarray(0, 32), ...bytesOf(ORDER - numberOf(signature.subarray(32))));

const openSslKey = (secret: Uint8Array): ReturnType<typeof createPrivateKey> => {
  const point = secp256k1.pointFromScalar(secret, false) as Uint8Array;
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  return createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'secp256k1',
      d: text(secret),
      x: text(point.subarray(1, 33)),
      y: text(point.subarray(33)),
    },
  });
};
