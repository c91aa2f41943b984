import type { ChainSource } from '@qoima/chain';
import type { PolicyScripts } from '@qoima/policy';
import { formatOutpoint, type QoimaError, type Txid } from '@qoima/primitives';
import { analyzePsbt, type PsbtAnalysis } from '@qoima/psbt';
import { lockedCoins } from './coins.ts';
import type { Coordinator } from './coordinator.ts';
import { DEFAULT_DEPTH } from './depth.ts';
import { coordinatorError } from './errors.ts';
import { type Proposal, refuseWithdrawn } from './proposal.ts';
import {
  asking,
  confirmationsText,
  networkPlace,
  placeText,
  type Whereabouts,
  whereabouts,
} from './whereabouts.ts';

/** What is left of a proposal that was withdrawn. */
export interface Remains {
  /** As many have signed as it takes: whoever holds the signatures can send it. */
  readonly complete: boolean;
  /** Other proposals of its coins that were not withdrawn; once one of them is confirmed it is dead. */
  readonly rivals: readonly Proposal[];
}

/** What has become of the coins of a withdrawn proposal, as outpoints, or why that is not known. */
export type ReleasedCoins =
  | {
      readonly asked: true;
      /** Unspent by the node's word, and of no other proposal. */
      readonly free: readonly string[];
      /** Spent, held by another proposal, or not known to the node's wallet. */
      readonly notFree: readonly string[];
    }
  | { readonly asked: false; readonly error: QoimaError };

/** What came of a withdrawal, and what it could not undo. */
export interface WithdrawnProposal {
  readonly proposal: Proposal;
  readonly remains: Remains;
  readonly coins: ReleasedCoins;
  /** How deep another spend of its coins is, if it had been sent and lost against that one. */
  readonly conflictDepth: number | undefined;
}

/**
 * Takes a proposal back: it will not be finalised, sent or handed out again, and it holds its coins no
 * longer. What stations have signed stays signed: only spending one of its coins kills the transaction.
 *
 * The node is asked first whether it knows the transaction, and then which coins are unspent. Without a
 * node a proposal that was not sent from here can be withdrawn all the same; nothing is said of its coins
 * then. One that was sent, and even confirmed until a reorganisation, can be withdrawn once another spend of
 * its coins is as deep as a confirmed one here.
 * @throws `COORDINATOR_WITHDRAWN` if it was withdrawn before, `COORDINATOR_SENT`
 */
export const withdrawProposal = (
  coordinator: Coordinator,
  scripts: PolicyScripts,
  chain: ChainSource,
  id: Txid,
  reason: string,
): Promise<WithdrawnProposal> =>
  coordinator.change(async (journal) => {
    const proposal = coordinator.proposals.find(id);
    refuseWithdrawn(proposal);
    const seen = await whereabouts(chain, proposal.txid ?? id);
    const conflictDepth = refuseSent(proposal, seen);
    const coins = seen.asked ? await releasedCoins(coordinator, chain, proposal) : seen;
    const analysis = analyzePsbt(coordinator.proposals.readSigned(id), scripts);
    const time = coordinator.clock().toISOString();
    const withdrawn: Proposal = { ...proposal, state: 'withdrawn', withdrawn: { time, reason } };
    const remains = remainsOf(coordinator, withdrawn, analysis);
    journal.append('spend.withdrawn', {
      proposal: id,
      policyId: proposal.policyId,
      reason,
      complete: remains.complete,
      ...(conflictDepth === undefined ? {} : { conflictDepth }),
    });
    coordinator.proposals.update(withdrawn);
    return { proposal: withdrawn, remains, coins, conflictDepth };
  });

/** How deep the spend is that a sent proposal lost against. @throws `COORDINATOR_SENT` */
const refuseSent = (proposal: Proposal, seen: Whereabouts): number | undefined => {
  const { id, state } = proposal;
  const refuse = (why: string): Error =>
    coordinatorError('COORDINATOR_SENT', `Proposal ${id.slice(0, 8)} ${why}.`, {
      proposal: id,
      state,
      ...(seen.asked && { confirmations: seen.place?.confirmations ?? null }),
    });
  const place = networkPlace(seen);
  if (place !== undefined) {
    throw refuse(`is ${state} here, and the node has its transaction ${placeText(place)}`);
  }
  if (state === 'open' || state === 'final') return undefined;
  if (!seen.asked)
    throw refuse(`is ${state}, and the node could not be asked (${seen.error.code})`);
  const depth = -(seen.place?.confirmations ?? 0);
  if (depth >= DEFAULT_DEPTH) return depth;
  const conflict = depth > 0 ? `; another spend of its coins has ${confirmationsText(depth)}` : '';
  throw refuse(`is ${state}${conflict}`);
};

/** Unconfirmed change counts too; what the memory pool spends is not listed. */
const releasedCoins = (
  coordinator: Coordinator,
  chain: ChainSource,
  { id, coins }: Proposal,
): Promise<ReleasedCoins> =>
  asking(async () => {
    const unspent = new Set((await chain.coins(0)).map(({ outpoint }) => formatOutpoint(outpoint)));
    const locked = lockedCoins(coordinator, id);
    const isFree = (coin: string): boolean => unspent.has(coin) && !locked.has(coin);
    return {
      asked: true,
      free: coins.filter(isFree),
      notFree: coins.filter((coin) => !isFree(coin)),
    };
  });

/** What is left of a withdrawn proposal, by what the coordinator has seen of it. */
export const remainsOf = (
  coordinator: Coordinator,
  { id, coins }: Proposal,
  { next }: PsbtAnalysis,
): Remains => {
  const own = new Set(coins);
  const rivals = coordinator.proposals
    .list()
    .filter(
      (other) =>
        other.id !== id && other.state !== 'withdrawn' && other.coins.some((coin) => own.has(coin)),
    );
  return { complete: next === 'finalizer' || next === 'extractor', rivals };
};
