import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { stateFolder } from '../src/index.ts';

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
});
