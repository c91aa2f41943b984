import type { WalletPolicy } from '@qoima/policy';
import {
  type FeeRate,
  feeForVsize,
  formatBtc,
  MAX_SATS,
  type Sats,
  sumSats,
} from '@qoima/primitives';
import { estimateVsize } from '@qoima/psbt';
import { coordinatorError } from './errors.ts';
import type { PolicyCoin } from './policy-coins.ts';

/** Which coins pay, what the network takes, and what comes back. */
export interface Selection {
  readonly coins: readonly PolicyCoin[];
  readonly fee: Sats;
  /** Undefined when what is left would be dust; it then goes to the fee. */
  readonly change: Sats | undefined;
}

/** Less than this is not worth an output: Bitcoin Core's dust limit of a P2SH output, the highest of ours. */
const DUST = 540n;

/**
 * Takes coins in the order given, all of them with `all`, until they cover the payments and a fee at
 * `feeRate` for the size that the signed transaction has at most.
 * @throws `COORDINATOR_FUNDS_SHORT` with the missing sum in `missingSats`
 */
export const selectCoins = (request: {
  readonly policy: WalletPolicy;
  readonly coins: readonly PolicyCoin[];
  readonly all: boolean;
  readonly payments: readonly { readonly scriptPubKey: Uint8Array; readonly amount: Sats }[];
  readonly changeScript: Uint8Array;
  readonly feeRate: FeeRate;
}): Selection => {
  const { policy, coins, payments, changeScript, feeRate } = request;
  const paid = sumSats(
    payments.map(({ amount }) => amount),
    'The sum of the payments',
  );
  const paymentScripts = payments.map(({ scriptPubKey }) => scriptPubKey);
  const feeOf = (count: number, outputs: readonly Uint8Array[]): Sats =>
    feeForVsize(feeRate, estimateVsize(policy, count, outputs));

  let spent = 0n;
  let best: Shortfall | undefined;
  for (let count = 1; count <= coins.length; count++) {
    spent += (coins[count - 1] as PolicyCoin).amount;
    if (request.all && count < coins.length) continue;
    const change = spent - paid - feeOf(count, [...paymentScripts, changeScript]);
    if (change >= DUST) return { coins: coins.slice(0, count), fee: spent - paid - change, change };
    const needed = paid + feeOf(count, paymentScripts);
    if (spent >= needed) {
      return { coins: coins.slice(0, count), fee: spent - paid, change: undefined };
    }
    if (best === undefined || needed - spent < best.needed - best.spent) {
      best = { count, spent, needed };
    }
  }
  throw fundsShort(best ?? { count: 0, spent, needed: paid + feeOf(1, paymentScripts) });
};

/** So many coins, and how far they are from being enough. */
interface Shortfall {
  readonly count: number;
  readonly spent: Sats;
  readonly needed: Sats;
}

/** A coin that is worth less than its own fee makes a shortfall greater, so the least one is told. */
const fundsShort = ({ count, spent, needed }: Shortfall): Error =>
  coordinatorError(
    'COORDINATOR_FUNDS_SHORT',
    count === 0
      ? `There are no coins to choose from, and ${btc(needed)} are needed with the fee.`
      : `The coins to choose from hold ${btc(spent)}, and ${btc(needed)} are needed with the fee for ${count} of them: ${btc(needed - spent)} are missing.`,
    {
      expected: needed.toString(),
      actual: spent.toString(),
      missingSats: (needed - spent).toString(),
    },
  );

/** With a fee, a need may exceed what an amount can be. */
const btc = (sats: Sats): string =>
  sats > MAX_SATS ? 'more than all 21 million BTC' : `${formatBtc(sats)} BTC`;
