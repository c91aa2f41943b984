import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readVectors } from '../../../scripts/read-vectors.ts';
import { formatDerivationPath, HARDENED, parseDerivationPath } from '../src/index.ts';
import { codeOf } from './sample-policy.ts';

describe('BIP-48 and BIP-87 paths', () => {
  interface PathEntry {
    id: string;
    kind: string;
    path: string;
  }
  for (const { id, path } of readVectors<PathEntry>('keys/bip48-paths.json').entries) {
    it(id, () => {
      expect(`m/${formatDerivationPath(parseDerivationPath(path))}`).toBe(path);
      expect(parseDerivationPath(path.replaceAll("'", 'h'))).toEqual(parseDerivationPath(path));
    });
  }
});

describe('parseDerivationPath', () => {
  it.each([
    ['m', []],
    ['', []],
    ['m/0', [0]],
    ["48'/0h/2147483647'", [48 + HARDENED, HARDENED, 2 * HARDENED - 1]],
  ])('reads %j', (text, path) => {
    expect(parseDerivationPath(text)).toEqual(path);
  });

  it.each([
    'm/',
    '/0',
    '0/',
    '0//1',
    'M/0',
    '0H',
    "0''",
    '00',
    '-1',
    '+1',
    ' 1',
    '1 ',
    '1e3',
    '2147483648',
    "2147483648'",
    '99999999999',
    '*',
    '<0;1>',
    'm/m/0',
    '٣',
    Array(256).fill('0').join('/'),
    '/'.repeat(1_000_000),
  ])('refuses %j', (text) => {
    expect(codeOf(() => parseDerivationPath(text))).toBe('POLICY_PATH_INVALID');
  });

  it('reads what formatDerivationPath writes', () => {
    const path = fc.array(fc.integer({ min: 0, max: 2 * HARDENED - 1 }), { maxLength: 255 });
    fc.assert(
      fc.property(path, fc.constantFrom('h' as const, "'" as const), (steps, mark) => {
        expect(parseDerivationPath(formatDerivationPath(steps, mark))).toEqual(steps);
      }),
    );
  });
});
