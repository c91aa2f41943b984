import { parseHex } from '@qoima/primitives';
import { script } from 'bitcoinjs-lib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readVectors, type VectorEntry } from '../../../scripts/read-vectors.ts';
import { decodeSignature, encodeSignature } from '../src/index.ts';
import { errorOf } from './psbt-vectors.ts';

const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const bytes32 = (value: bigint): Uint8Array => parseHex(value.toString(16).padStart(64, '0'));

const compactOf = (r: bigint, s: bigint): Uint8Array => Uint8Array.of(...bytes32(r), ...bytes32(s));

describe('signatures', () => {
  it('are written and read as bitcoinjs-lib does', () => {
    const r = fc.bigInt(1n, order - 1n);
    const small = fc.bigInt(1n, 300n);
    const s = fc.bigInt(1n, order >> 1n);
    fc.assert(
      fc.property(
        fc.oneof(r, small),
        fc.oneof(s, small),
        fc.constantFrom(1, 2, 3, 129),
        (a, b, flag) => {
          const compact = compactOf(a, b);
          const encoded = encodeSignature({ compact, flag });
          expect(encoded).toEqual(script.signature.encode(compact, flag));
          expect(decodeSignature(encoded)).toEqual({ compact, flag });
        },
      ),
      { numRuns: 300 },
    );
  });

  it('of BIP-143 are read', () => {
    interface Entry extends VectorEntry {
      readonly signatures: readonly string[];
    }
    for (const { signatures } of readVectors<Entry>('script/bip143.json').entries) {
      for (const signature of signatures) {
        const bytes = parseHex(signature);
        expect(encodeSignature(decodeSignature(bytes))).toEqual(bytes);
      }
    }
  });
});

describe('decodeSignature refuses', () => {
  const r = `0220${'11'.repeat(32)}`;
  const s = `0220${'22'.repeat(32)}`;
  const half = (order >> 1n).toString(16);
  const above = ((order >> 1n) + 1n).toString(16);

  it('but not this, nor the greatest s', () => {
    expect(decodeSignature(parseHex(`3044${r}${s}01`)).flag).toBe(1);
    expect(decodeSignature(parseHex(`3044${r}0220${half}01`)).flag).toBe(1);
  });

  it.each([
    ['nothing', '', '0 bytes'],
    ['only a flag', '01', '1 bytes'],
    ['too few bytes', '300602010102010', '8 bytes'],
    ['too many bytes', `3048${r}${s}${'00'.repeat(5)}01`, '76 bytes'],
    ['another tag', `3144${r}${s}01`, 'not a DER sequence'],
    ['no flag', `3044${r}${s}`, 'its length'],
    ['a length too short', `3043${r}${s}01`, 'its length'],
    ['a length in the long form', `308144${r}${s}01`, 'its length'],
    ['r that is no integer', `3044${r.replace('02', '03')}${s}01`, 'r is not an integer'],
    ['s that is no integer', `3044${r}${s.replace('02', '03')}01`, 's is not an integer'],
    ['an empty r', `30240200${s}01`, 'length of r'],
    ['an empty s', `3024${r}020001`, 'length of s'],
    ['r beyond the end', `30440260${r.slice(4)}${s}01`, 'length of r'],
    ['no room for s', `3022${r}01`, 's is not an integer'],
    ['bytes after s', `3045${r}${s}0001`, 'follow s'],
    ['a negative r', `30440220${'81'.repeat(32)}${s}01`, 'r is negative'],
    ['a negative s', `3044${r}0220${'81'.repeat(32)}01`, 's is negative'],
    ['a zero too many in r', `3045022100${'11'.repeat(32)}${s}01`, 'a zero too many'],
    ['r of 33 bytes', `30450221${'11'.repeat(33)}${s}01`, 'r is out of range'],
    ['r of zero', `3025020100${s}01`, 'r is out of range'],
    ['s of zero', `3025${r}02010001`, 's is out of range'],
    ['r of the order', `3045022100${order.toString(16)}${s}01`, 'r is out of range'],
    ['s above half the order', `3044${r}0220${above}01`, 'above half the order'],
    ['a compact signature', `${'11'.repeat(64)}01`, 'not a DER sequence'],
  ])('%s', (_, hex, reason) => {
    const error = errorOf(() =>
      decodeSignature(parseHex(hex.padEnd(Math.ceil(hex.length / 2) * 2, '0'))),
    );
    expect(error.code).toBe('PSBT_SIGNATURE_ENCODING');
    expect(error.message).toContain(reason);
  });
});
