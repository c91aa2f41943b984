import type { ChainCoin } from '@qoima/chain';
import type { Branch, PolicyScript, PolicyScripts } from '@qoima/policy';
import { formatHex, formatOutpoint, type Outpoint, type Sats } from '@qoima/primitives';

/** A coin of the chain that is proven, by our own derivation, to lie on an address of the policy. */
export interface PolicyCoin {
  readonly outpoint: Outpoint;
  readonly amount: Sats;
  readonly branch: Branch;
  readonly index: number;
  readonly confirmations: number;
}

/** The coins that were found in the policy, largest first, and those that were not. */
export interface PlacedCoins {
  readonly coins: readonly PolicyCoin[];
  readonly unproven: readonly Outpoint[];
}

/** How far beyond an address in use the next one may lie. */
export const ADDRESS_GAP = 100;

/**
 * Finds each coin's place in the policy by deriving addresses until every coin has one: the first
 * `reach` of each branch, and `ADDRESS_GAP` beyond every one on which a coin lies. The node's word about
 * a coin's key path is not used.
 */
export const policyCoins = (
  coins: readonly ChainCoin[],
  scripts: PolicyScripts,
  reach: Readonly<Record<Branch, number>>,
): PlacedCoins => {
  const wanted = new Set(coins.map(({ scriptPubKey }) => formatHex(scriptPubKey)));
  const places = new Map<string, PolicyScript>();
  const ends = { ...reach };
  for (let index = 0; places.size < wanted.size; index++) {
    const branches = (['receive', 'change'] as const).filter((branch) => index < ends[branch]);
    if (branches.length === 0) break;
    for (const branch of branches) {
      const script = scripts.at(branch, index);
      const key = formatHex(script.scriptPubKey);
      if (!wanted.has(key)) continue;
      places.set(key, script);
      ends[branch] = Math.max(ends[branch], index + 1 + ADDRESS_GAP);
    }
  }
  const proven: PolicyCoin[] = [];
  const unproven: Outpoint[] = [];
  for (const { outpoint, amount, confirmations, scriptPubKey } of coins) {
    const place = places.get(formatHex(scriptPubKey));
    if (place === undefined) unproven.push(outpoint);
    else {
      const { branch, index } = place;
      proven.push({ outpoint, amount, confirmations, branch, index });
    }
  }
  return { coins: proven.sort(byAmount), unproven };
};

/** Largest first; the outpoint settles ties, so that the order never depends on the node's. */
const byAmount = (a: PolicyCoin, b: PolicyCoin): number => {
  if (a.amount !== b.amount) return a.amount > b.amount ? -1 : 1;
  return formatOutpoint(a.outpoint) < formatOutpoint(b.outpoint) ? -1 : 1;
};
