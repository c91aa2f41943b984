import { homedir } from 'node:os';
import { describe, expect, it, vi } from 'vitest';
import { stateFolder } from '../src/index.ts';

/** On: a system that does not know its user, without HOME. */
let homeless = false;
vi.mock('node:os', async (original) => {
  const os = await original<typeof import('node:os')>();
  return {
    ...os,
    homedir: () => {
      if (homeless) throw new Error('uv_os_homedir returned ENOENT');
      return os.homedir();
    },
  };
});

describe('the state folder', () => {
  it.each([
    ['under a home', { home: '/a/b' }, {}, '/a/b/regtest'],
    ['under a home before all else', { home: '/a/b' }, { XDG_DATA_HOME: '/x' }, '/a/b/regtest'],
    ['under XDG', {}, { XDG_DATA_HOME: '/x' }, '/x/qoima/regtest'],
    ['in the user’s share', {}, {}, `${homedir()}/.local/share/qoima/regtest`],
    [
      'in the user’s share when XDG is empty',
      {},
      { XDG_DATA_HOME: '' },
      `${homedir()}/.local/share/qoima/regtest`,
    ],
  ])('is %s', (_, home, env, expected) => {
    expect(stateFolder({ program: 'qoima', network: 'regtest', env, ...home })).toBe(expected);
  });

  it('is another one for each network', () => {
    const folders = (['mainnet', 'testnet', 'signet', 'regtest'] as const).map((network) =>
      stateFolder({ program: 'qoima', network, home: '/a', env: {} }),
    );
    expect(new Set(folders).size).toBe(4);
  });

  it('needs no home of the user where another is given', () => {
    const at = (place: { home?: string }, env: Record<string, string>) => () =>
      stateFolder({ program: 'qoima', network: 'regtest', env, ...place });
    homeless = true;
    try {
      expect(at({ home: '/a' }, {})()).toBe('/a/regtest');
      expect(at({}, { XDG_DATA_HOME: '/x' })()).toBe('/x/qoima/regtest');
      expect(at({}, {})).toThrow(expect.objectContaining({ code: 'HOME_UNKNOWN', kind: 'usage' }));
    } finally {
      homeless = false;
    }
  });

  it('is never the folder where one stands, for want of a value', () => {
    expect(() => stateFolder({ program: 'qoima', network: 'regtest', home: '', env: {} })).toThrow(
      expect.objectContaining({ code: 'HOME_UNKNOWN', kind: 'usage' }),
    );
  });
});
