import type { ChainSource, WatchProgress } from '@qoima/chain';
import {
  type Branch,
  birthdayFindings,
  formatDescriptor,
  type PolicyScripts,
  policyId,
  type WalletPolicy,
} from '@qoima/policy';
import {
  formatDate,
  formatOutpoint,
  formatTxid,
  type Outpoint,
  type Txid,
} from '@qoima/primitives';
import type { Coordinator } from './coordinator.ts';
import { coordinatorError } from './errors.ts';
import { ifSound } from './if-sound.ts';
import { ADDRESS_GAP, type PolicyCoin, policyCoins } from './policy-coins.ts';

/** A coin, and the proposal that means to spend it, if one on its way does. */
export interface ListedCoin extends PolicyCoin {
  readonly lockedBy: string | undefined;
}

/** What the node knows of a policy. */
export interface CoinList {
  /** Largest first. */
  readonly coins: readonly ListedCoin[];
  /** What the node counts to the policy and our derivation does not find: never spent, always shown. */
  readonly unproven: readonly Outpoint[];
}

/** The node is asked to watch so many addresses of a branch at a time. */
const WATCHED_STEP = 1000;

/**
 * Has the node watch the policy's addresses in use and well beyond. The first time it searches the
 * chain from the policy's birthday, which may take hours.
 * @throws `COORDINATOR_BIRTHDAY_AHEAD`, `CHAIN_…`
 */
export const watchPolicy = async (
  coordinator: Coordinator,
  { policy }: PolicyScripts,
  chain: ChainSource,
  onProgress?: (progress: WatchProgress) => void,
): Promise<void> => {
  refuseBirthdayAhead(policy, coordinator.clock());
  const reach = watchedReach(coordinator, policy);
  const watched = (['receive', 'change'] as const).map((branch) => ({
    descriptor: formatDescriptor(policy, branch),
    range: [0, reach[branch] - 1] as const,
    internal: branch === 'change',
  }));
  await chain.watch(watched, policy.birthday ?? 0, onProgress);
};

/** A search that begins tomorrow finds nothing of today, and what it missed nobody would miss. */
const refuseBirthdayAhead = (policy: WalletPolicy, now: Date): void => {
  const { name, birthday } = policy;
  if (birthday === undefined || birthdayFindings(policy, now).length === 0) return;
  const today = now.getTime() / 1000;
  throw coordinatorError(
    'COORDINATOR_BIRTHDAY_AHEAD',
    `${name} has the birthday ${formatDate(birthday)}, and by the clock it is ${formatDate(today)}.`,
    { expected: `at most ${Math.floor(today)}`, actual: birthday },
  );
};

/**
 * The policy's unspent coins as the node knows them, each proven by our own derivation. Watch the policy
 * first.
 * @throws `CHAIN_…`
 */
export const listCoins = async (
  coordinator: Coordinator,
  scripts: PolicyScripts,
  chain: ChainSource,
  minConfirmations: number,
): Promise<CoinList> => {
  const reported = await chain.coins(minConfirmations);
  const reach = watchedReach(coordinator, scripts.policy);
  const { coins, unproven } = policyCoins(reported, scripts, reach);
  const locks = lockedCoins(coordinator);
  const listed = coins.map((coin) => ({
    ...coin,
    lockedBy: locks.get(formatOutpoint(coin.outpoint)),
  }));
  return { coins: listed, unproven };
};

/** How many addresses of each branch are watched. */
const watchedReach = (
  coordinator: Coordinator,
  policy: WalletPolicy,
): Readonly<Record<Branch, number>> => {
  const used = coordinator.addresses.next(policyId(policy));
  const reach = (branch: Branch): number =>
    Math.ceil((used[branch] + ADDRESS_GAP) / WATCHED_STEP) * WATCHED_STEP;
  return { receive: reach('receive'), change: reach('change') };
};

/**
 * The coins that proposals on their way mean to spend, by outpoint; those of `except` aside. Of a damaged
 * one its PSBT tells them, and if that is damaged too nobody: where it matters, ask `damaged`.
 */
export const lockedCoins = (
  { proposals }: Coordinator,
  except?: Txid,
): ReadonlyMap<string, Txid> => {
  const known = proposals
    .list()
    .filter(({ state }) => state !== 'confirmed' && state !== 'withdrawn');
  const damaged = proposals.damaged().map(({ id }) => ({ id, coins: coinsOf(proposals, id) }));
  return new Map(
    [...damaged, ...known]
      .filter(({ id }) => id !== except)
      .flatMap(({ id, coins }) => coins.map((coin) => [coin, id] as const)),
  );
};

const coinsOf = (proposals: Coordinator['proposals'], id: Txid): readonly string[] => {
  const inputs = ifSound(() => proposals.readSigned(id))?.transaction.inputs ?? [];
  return inputs.map(({ txid, vout }) => formatOutpoint({ txid: formatTxid(txid), vout }));
};
