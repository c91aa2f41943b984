import { parseHex } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import { isTaprootKey } from '../src/index.ts';

describe('the x of a taproot key', () => {
  it.each([
    [
      'the public key of vector 0',
      'f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9',
    ],
    [
      'the public key of vector 1',
      'dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659',
    ],
  ])('of a point is one: BIP-340, %s', (_what, x) => {
    expect(isTaprootKey(parseHex(x))).toBe(true);
  });

  it.each([
    [
      'vector 5: not on the curve',
      'eefdea4cdb677750a420fee807eacf21eb9898ae79b9768766e4faa04a2d4a34',
    ],
    [
      'vector 14: not below the field size',
      'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc30',
    ],
    ['nothing', ''],
    ['a compressed key', '02f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9'],
    ['zeros', '00'.repeat(32)],
  ])('is none: BIP-340, %s', (_what, x) => {
    expect(isTaprootKey(parseHex(x))).toBe(false);
  });
});
