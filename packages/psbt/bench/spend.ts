import type { Coin } from '@qoima/psbt';
import { nodeAt, strangerScript, type TestWallet, testCoins, testWallet } from '../test/wallet.ts';

/**
 * What every contestant is given before the clock runs: the wallet with all scripts of the coins
 * derived, and the coins with their previous transactions.
 */
export interface Spend {
  readonly wallet: TestWallet;
  readonly coins: readonly Coin[];
  readonly payment: { readonly script: Uint8Array; readonly amount: bigint };
  readonly change: { readonly index: number; readonly amount: bigint };
  /** The three that sign, by their number among the cosigners, and their receive branches. */
  readonly signers: readonly number[];
  readonly branches: readonly { readonly secret: Uint8Array; readonly chainCode: Uint8Array }[];
}

/** A 3-of-5 `wsh(sortedmulti)` spend of `inputs` coins, each of an address and transaction of its own. */
export const spendOf = (inputs: number): Spend => {
  const wallet = testWallet();
  const signers = [0, 2, 4];
  const amount = 100_000n;
  wallet.scripts.at('change', 1);
  return {
    wallet,
    coins: testCoins(wallet.scripts, inputs, amount),
    payment: { script: strangerScript(), amount: BigInt(inputs) * 60_000n },
    change: { index: 1, amount: BigInt(inputs) * 39_000n },
    signers,
    branches: signers.map((i) => nodeAt(wallet.accounts[i]!, [0])),
  };
};
