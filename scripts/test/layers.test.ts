import { describe, expect, it } from 'vitest';
import { parseLaw, usesThing } from '../layers.ts';
import { architecture } from './planted-workspace.ts';

describe('parseLaw', () => {
  it('reads rows, walls and fences', () => {
    const { layers, walls, fences } = parseLaw(architecture());
    expect(layers.get('coordinator')).toEqual({
      name: 'coordinator',
      floor: 3,
      isPlanned: false,
      mayImport: new Set(['primitives', 'curve', 'chain']),
      thirdParty: new Set(['parser']),
    });
    expect(layers.get('desk')?.isPlanned).toBe(true);
    expect(walls[1]).toEqual({
      name: 'secrets',
      things: ['@qoima/curve/secret'],
      packages: new Set(['signer-software']),
    });
    expect(fences.map(({ program }) => program)).toEqual(['station', 'coordinator']);
  });

  it.each([
    ['a row on its own floor', '| 3 | `audit` | `station` | – |', 'not on a floor below'],
    ['a row without its package', '| 4 | `audit` | `ghost` | – |', 'ghost, which has no row'],
    ['a floor that is no number', '| top | `audit` | – | – |', 'not a package row'],
    ['a row with a cell too few', '| 4 | `audit` | – |', '3 cells under 4 headings'],
  ])('refuses %s', (_, row, message) => {
    expect(() => parseLaw(architecture(row))).toThrow(message);
  });

  it('refuses a wall for a package without a row', () => {
    const text = architecture().replace('| `signer-software` |\n| judge', '| `ghost` |\n| judge');
    expect(() => parseLaw(text)).toThrow('a wall or fence names ghost');
  });

  it('refuses a text without the tables', () => {
    expect(() => parseLaw('# The house')).toThrow('no table begins with the heading "floor"');
  });
});

describe('usesThing', () => {
  it.each([
    ['bip39', 'bip39', true],
    ['bip39/src/wordlists', 'bip39', true],
    ['bip39-more', 'bip39', false],
    ['node:dns/promises', 'node:dns', true],
    ['@ledgerhq/hw-app-btc', '@ledgerhq/*', true],
    ['@ledgerhq', '@ledgerhq/*', false],
    ['@qoima/curve', '@qoima/curve/secret', false],
    ['@qoima/curve/secret', '@qoima/curve/secret', true],
    ['@qoima/psbt#createPsbt', '@qoima/psbt#createPsbt', true],
    ['@qoima/psbt#decodePsbt', '@qoima/psbt#createPsbt', false],
    ['@qoima/psbt#*', '@qoima/psbt#createPsbt', true],
    ['@qoima/policy#*', '@qoima/psbt#createPsbt', false],
  ])('%s uses %s: %s', (use, thing, expected) => {
    expect(usesThing(use, thing)).toBe(expected);
  });
});
