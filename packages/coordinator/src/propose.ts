import type { ChainSource, WatchProgress } from '@qoima/chain';
import { encodeAddress, type PolicyScripts, policyId, type WalletPolicy } from '@qoima/policy';
import { type FeeRate, formatOutpoint, type Outpoint } from '@qoima/primitives';
import {
  type CreateOutput,
  createPsbt,
  encodePsbt,
  MAX_PSBT_BYTES,
  type Psbt,
  type PsbtVersion,
  unsignedTransactionId,
} from '@qoima/psbt';
import { type Report, refusalOf, reviewPsbt } from '@qoima/review';
import { type Selection, selectCoins } from './coin-selection.ts';
import { type ListedCoin, listCoins, watchPolicy } from './coins.ts';
import type { Coordinator } from './coordinator.ts';
import { coordinatorError } from './errors.ts';
import { proposalMemory } from './memory.ts';
import type { Payment } from './payment.ts';
import type { PolicyCoin } from './policy-coins.ts';
import type { Proposal } from './proposal.ts';

/** What an operator asks to be proposed. */
export interface SpendRequest {
  readonly label: string;
  readonly payments: readonly Payment[];
  /** Undefined: the node's estimate. */
  readonly feeRate: FeeRate | undefined;
  /** Spend exactly these; empty: the largest that suffice. */
  readonly coins: readonly Outpoint[];
  readonly minConfirmations: number;
  readonly version: PsbtVersion;
  /** Rules whose warnings the operator has read and accepts. */
  readonly acceptedWarnings: readonly string[];
  /** Told while the node searches the chain for the policy's coins. */
  readonly onProgress?: (progress: WatchProgress) => void;
}

/** A stored proposal with the PSBT to send round and what the review says of it. */
export interface Proposed {
  readonly proposal: Proposal;
  readonly psbt: Psbt;
  readonly report: Report;
}

/** Within how many blocks the node's fee estimate should confirm. */
const FEE_TARGET = 6;

/**
 * Refuses a spend that an open proposal makes already: the same payments for the same purpose. A command
 * that was cut off may have stored its proposal, and done again would take other coins and pay twice.
 * @throws `COORDINATOR_PROPOSAL_EXISTS` with the proposal; `COORDINATOR_FILE_INVALID` if one is damaged
 */
export const refuseRepeated = (
  coordinator: Coordinator,
  policy: WalletPolicy,
  { label, payments }: Pick<SpendRequest, 'label' | 'payments'>,
): void => {
  refuseDamaged(coordinator);
  const id = policyId(policy);
  const wanted = paymentsKey(proposalPayments(payments, policy));
  const same = coordinator.proposals
    .list()
    .find(
      (other) =>
        other.state === 'open' &&
        other.policyId === id &&
        other.label === label &&
        paymentsKey(other.payments) === wanted,
    );
  if (same === undefined) return;
  throw coordinatorError(
    'COORDINATOR_PROPOSAL_EXISTS',
    `The open proposal ${same.id} makes the same payments${label === '' ? '' : ' under the same label'}.`,
    { proposal: same.id, created: same.created },
  );
};

/** What cannot be read may pay the same already, and hold the coins. @throws `COORDINATOR_FILE_INVALID` */
const refuseDamaged = ({ proposals }: Coordinator): void => {
  const [damaged] = proposals.damaged();
  if (damaged === undefined) return;
  const { id, path } = damaged;
  throw coordinatorError(
    'COORDINATOR_FILE_INVALID',
    `${path} is damaged: proposal ${id.slice(0, 8)} may pay the same and hold coins, so nothing is proposed.`,
    { path, proposal: id },
  );
};

/**
 * Chooses coins, builds the complete PSBT, has it reviewed as a station will review it, under the limits
 * that are stored by then, and stores it as a proposal. A blocking finding, or a warning that is not
 * accepted, stops it before anything is stored.
 * @throws `COORDINATOR_FUNDS_SHORT`, `COORDINATOR_COIN_UNKNOWN`, `COORDINATOR_NO_FEE_RATE`, `COORDINATOR_SPEND_TOO_LARGE`,
 * `COORDINATOR_PROPOSAL_EXISTS`, `COORDINATOR_REVIEW_BLOCKED`, `COORDINATOR_WARNING_OPEN`,
 * `COORDINATOR_BIRTHDAY_AHEAD`, `COORDINATOR_NO_POLICY` if it is not stored, `COORDINATOR_FILE_INVALID` if
 * a stored proposal is damaged, `CHAIN_…`
 */
export const proposeSpend = async (
  coordinator: Coordinator,
  scripts: PolicyScripts,
  request: SpendRequest,
): Promise<Proposed> => {
  const { policy } = scripts;
  const chain = coordinator.chain(policy);
  const feeRate = request.feeRate ?? (await chain.estimateFeeRate(FEE_TARGET));
  if (feeRate === undefined) {
    throw coordinatorError(
      'COORDINATOR_NO_FEE_RATE',
      `No fee rate was given, and the node has no estimate for ${FEE_TARGET} blocks.`,
    );
  }
  // Before the lock is taken: the node's first search may last for hours.
  await watchPolicy(coordinator, scripts, chain, request.onProgress);
  // The lock is held from the choice of the coins on, so that no two proposals choose the same.
  return coordinator.change(async (journal) => {
    refuseRepeated(coordinator, policy, request);
    const id = policyId(policy);
    // Other limits may have been set in the meantime; of the scripts, which are under the id, nothing changes.
    const current: PolicyScripts = { policy: coordinator.policies.get(id), at: scripts.at };
    const { coins: listed } = await listCoins(
      coordinator,
      scripts,
      chain,
      request.minConfirmations,
    );
    const changeIndex = coordinator.addresses.next(id).change;
    const selection = selectCoins({
      policy,
      coins: candidates(coordinator, listed, request),
      all: request.coins.length > 0,
      payments: request.payments,
      changeScript: scripts.at('change', changeIndex).scriptPubKey,
      feeRate,
    });
    const psbt = await buildSpend(scripts, chain, request, selection, changeIndex);
    refuseTooLarge(psbt, policy);
    const proposalId = unsignedTransactionId(psbt);
    if (coordinator.proposals.has(proposalId)) {
      const { state } = coordinator.proposals.find(proposalId);
      throw coordinatorError(
        'COORDINATOR_PROPOSAL_EXISTS',
        `Proposal ${proposalId} is there, and is ${state}.`,
        { proposal: proposalId, state },
      );
    }
    const memory = proposalMemory(coordinator.proposals);
    const report = reviewPsbt(psbt, current, { memory });
    refuseBlocked(report);
    refuseOpenWarnings(report, request.acceptedWarnings);
    const proposal: Proposal = {
      id: proposalId,
      policyId: id,
      label: request.label,
      created: coordinator.clock().toISOString(),
      state: 'open',
      coins: selection.coins.map(({ outpoint }) => formatOutpoint(outpoint)),
      payments: proposalPayments(request.payments, policy),
      change:
        selection.change === undefined
          ? null
          : { index: changeIndex, amountSats: selection.change },
      feeSats: selection.fee,
      txid: null,
    };
    journal.append('spend.proposed', {
      proposal: proposal.id,
      policyId: id,
      label: proposal.label,
      payments: proposal.payments.map(({ address, amountSats }) => ({
        address,
        amountSats: amountSats.toString(),
      })),
      feeSats: proposal.feeSats.toString(),
      digest: report.digest,
      acceptedWarnings: warningsOf(report),
    });
    coordinator.addresses.advance(
      id,
      selection.change === undefined ? {} : { change: changeIndex + 1 },
    );
    coordinator.proposals.add(proposal, psbt);
    return { proposal, psbt, report };
  });
};

const proposalPayments = (
  payments: readonly Payment[],
  { network }: WalletPolicy,
): Proposal['payments'] =>
  payments.map(({ scriptPubKey, amount }) => ({
    address: encodeAddress(scriptPubKey, network),
    amountSats: amount,
  }));

const paymentsKey = (payments: Proposal['payments']): string =>
  payments.map(({ address, amountSats }) => `${address}=${amountSats}`).join();

/** @throws `COORDINATOR_REVIEW_BLOCKED` with the blocking findings */
export const refuseBlocked = (report: Report): void => {
  const refusal = refusalOf(report.findings, 'block');
  if (refusal !== undefined) {
    throw coordinatorError('COORDINATOR_REVIEW_BLOCKED', refusal.message, refusal.details);
  }
};

const refuseOpenWarnings = (report: Report, accepted: readonly string[]): void => {
  const refusal = refusalOf(report.findings, 'warn', accepted);
  if (refusal !== undefined) {
    throw coordinatorError('COORDINATOR_WARNING_OPEN', refusal.message, refusal.details);
  }
};

/** The rules that warned, each once: a proposal that is stored has had all of them accepted. */
const warningsOf = ({ findings }: Report): readonly string[] => [
  ...new Set(findings.filter(({ severity }) => severity === 'warn').map(({ rule }) => rule)),
];

const candidates = (
  coordinator: Coordinator,
  listed: readonly ListedCoin[],
  { coins: chosen, minConfirmations }: SpendRequest,
): readonly ListedCoin[] => {
  const free = listed.filter(({ lockedBy }) => lockedBy === undefined);
  if (chosen.length === 0) return free;
  const byOutpoint = new Map(free.map((coin) => [formatOutpoint(coin.outpoint), coin]));
  return [...new Set(chosen.map(formatOutpoint))].map((outpoint) => {
    const coin = byOutpoint.get(outpoint);
    if (coin === undefined) {
      const spends = coordinator.proposals
        .list()
        .find(({ state, coins }) => state !== 'withdrawn' && coins.includes(outpoint));
      throw coordinatorError(
        'COORDINATOR_COIN_UNKNOWN',
        spends === undefined
          ? `The node lists no unspent coin ${outpoint} of this policy with ${minConfirmations} or more confirmations.`
          : `The coin ${outpoint} is taken by proposal ${spends.id}, which is ${spends.state}.`,
        { outpoint, ...(spends === undefined ? {} : { proposal: spends.id }) },
      );
    }
    return coin;
  });
};

/** The complete PSBT: payments as asked for, then the change. */
const buildSpend = async (
  scripts: PolicyScripts,
  chain: ChainSource,
  { payments, version }: SpendRequest,
  { coins, change }: Selection,
  changeIndex: number,
): Promise<Psbt> => {
  const previous = await previousTransactions(chain, coins);
  const outputs = payments.map(
    ({ scriptPubKey, amount }): CreateOutput => ({ kind: 'payment', scriptPubKey, amount }),
  );
  if (change !== undefined) outputs.push({ kind: 'change', index: changeIndex, amount: change });
  return createPsbt({
    scripts,
    coins: coins.map((coin) => ({
      ...coin,
      previousTransaction: previous.get(coin.outpoint.txid) as Uint8Array,
    })),
    outputs,
    version,
  });
};

/** Of a PARTIAL_SIG record: the lengths, the type, the key, and DER with its flag. */
const SIGNATURE_BYTES = 1 + 1 + 33 + 1 + 73;

/**
 * What is stored has to be read again, with a signature of every cosigner too. Each coin brings the whole
 * transaction that made it.
 * @throws `COORDINATOR_SPEND_TOO_LARGE`
 */
const refuseTooLarge = (psbt: Psbt, { quorum }: WalletPolicy): void => {
  const count = psbt.inputs.length;
  const size = encodePsbt(psbt).length + count * quorum.total * SIGNATURE_BYTES;
  if (size <= MAX_PSBT_BYTES) return;
  throw coordinatorError(
    'COORDINATOR_SPEND_TOO_LARGE',
    `With the previous transactions of ${count} coins the signed PSBT would have ${size} bytes.`,
    { expected: MAX_PSBT_BYTES, actual: size },
  );
};

/** Each previous transaction once; `createPsbt` holds the node's word against its hash. */
const previousTransactions = async (
  chain: ChainSource,
  coins: readonly PolicyCoin[],
): Promise<ReadonlyMap<string, Uint8Array>> => {
  const found = new Map<string, Uint8Array>();
  for (const { outpoint } of coins) {
    if (!found.has(outpoint.txid)) found.set(outpoint.txid, await chain.transaction(outpoint.txid));
  }
  return found;
};
