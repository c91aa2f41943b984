import { describe, expect, it } from 'vitest';
import { ADDRESS_GAP, policyCoins } from '../src/policy-coins.ts';
import { chainCoin, scripts } from './sample.ts';

const reach = { receive: 10, change: 10 };

describe('the coins of a policy', () => {
  it('are found by our own derivation, largest first', () => {
    const reported = [
      chainCoin(3, 1_000n),
      chainCoin(0, 5_000n),
      chainCoin(7, 5_000n, 'change'),
      chainCoin(9, 2_000n, 'change'),
    ];
    const { coins, unproven } = policyCoins(reported, scripts, reach);
    expect(unproven).toEqual([]);
    expect(coins.map(({ amount }) => amount)).toEqual([5_000n, 5_000n, 2_000n, 1_000n]);
    expect(coins.map(({ branch, index }) => `${branch} ${index}`).sort()).toEqual([
      'change 7',
      'change 9',
      'receive 0',
      'receive 3',
    ]);
  });

  it('come in one order, whatever the order of the node', () => {
    const reported = [0, 1, 2, 3].map((index) => chainCoin(index, 1_000n));
    const { coins } = policyCoins(reported, scripts, reach);
    expect(policyCoins([...reported].reverse(), scripts, reach).coins).toEqual(coins);
  });

  it('may lie on one address', () => {
    const twice = [chainCoin(1, 1_000n), { ...chainCoin(1, 2_000n), confirmations: 1 }];
    expect(policyCoins(twice, scripts, reach).coins).toHaveLength(2);
  });

  it('are looked for beyond each one that is found', () => {
    const far = 9 + ADDRESS_GAP;
    const reported = [chainCoin(9, 1n), chainCoin(far, 2n), chainCoin(far + ADDRESS_GAP, 3n)];
    expect(policyCoins(reported, scripts, reach).coins).toHaveLength(3);
    expect(policyCoins(reported.slice(1), scripts, reach).coins).toHaveLength(0);
  });

  it('are never those of somebody else, but these are told', () => {
    const stranger = { ...chainCoin(1, 9_000n), scriptPubKey: Uint8Array.of(0x51) };
    const { coins, unproven } = policyCoins([stranger, chainCoin(0, 1n)], scripts, reach);
    expect(coins).toMatchObject([{ amount: 1n }]);
    expect(unproven).toEqual([stranger.outpoint]);
  });

  it('are none without a report', () => {
    expect(policyCoins([], scripts, reach)).toEqual({ coins: [], unproven: [] });
  });
});
