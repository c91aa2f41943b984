import type { Journal } from '@qoima/journal';
import type { PolicyScripts } from '@qoima/policy';
import { formatHex, formatOutpoint, formatTxid, type Txid } from '@qoima/primitives';
import {
  analyzePsbt,
  type InjectedRecord,
  type Psbt,
  type PsbtAnalysis,
  type PsbtMap,
  type RefusedSignature,
  type RepeatedSignature,
  type SignatureIntake,
  signatureFor,
  takeSignatures,
  unsignedTransactionId,
} from '@qoima/psbt';
import { type Conflict, findConflicts, type SeenSignature } from './conflicts.ts';
import type { Coordinator } from './coordinator.ts';
import { coordinatorError } from './errors.ts';
import { type NonceUse, nonceUses } from './nonces.ts';
import type { Proposal } from './proposal.ts';
import { otherProposals } from './replays.ts';

/** A PSBT that came back. */
export interface ReturnedPsbt {
  /** What it came in: the name of its file. */
  readonly from: string;
  readonly psbt: Psbt;
}

/** A signature that was not stored, and perhaps what it was made for. */
export interface RefusedReturn extends RefusedSignature {
  /** Another known proposal of the policy, for whose transaction the signature is good: a replay. */
  readonly fits: Proposal | undefined;
}

/** What came of one returned PSBT. */
export interface Taken {
  readonly from: string;
  /** A withdrawn one too: what is known of it should be known. */
  readonly proposal: Proposal;
  /** The cosigners of whom there is a good signature in it, stored before or now. */
  readonly senders: readonly string[];
  /** How many new signatures were stored, by the cosigner's name. */
  readonly taken: Readonly<Record<string, number>>;
  /** What was not stored, and why; the good signatures of the same file were. */
  readonly refused: readonly RefusedReturn[];
  /** Good signatures of keys of which another good one is stored, which stays. */
  readonly second: readonly RepeatedSignature[];
  /** Its signatures of keys that signed otherwise in another file, or in what was stored before. */
  readonly conflicts: readonly Conflict[];
  /** What else was in the file and was not sent so; nothing is made of it. */
  readonly injected: readonly InjectedRecord[];
  /** Stored signatures of the proposal that share their nonce: it will not be finalised. */
  readonly sharedNonces: readonly (readonly NonceUse[])[];
  /** How far the stored PSBT is, with all files taken. */
  readonly analysis: PsbtAnalysis;
}

/**
 * Takes the partial signatures, and nothing else, of PSBTs that came back, each checked alone over the
 * sighash of the stored transaction. All files are judged on copies; then each stored PSBT changes once,
 * by good signatures, or not at all.
 * @throws `COORDINATOR_STRANGE_PSBT`, `PSBT_…`; nothing was changed then
 */
export const takeReturned = async (
  coordinator: Coordinator,
  scriptsOf: (policyId: string) => PolicyScripts,
  returned: readonly ReturnedPsbt[],
): Promise<readonly Taken[]> => {
  // A strange file is refused before anything is opened for writing.
  for (const { from, psbt } of returned) proposalOf(coordinator, psbt, from);
  return coordinator.change((journal) => takeAll(coordinator, journal, scriptsOf, returned));
};

const takeAll = (
  coordinator: Coordinator,
  journal: Journal,
  scriptsOf: (policyId: string) => PolicyScripts,
  returned: readonly ReturnedPsbt[],
): readonly Taken[] => {
  const working = new Map<Txid, Psbt>();
  const judged = returned.map(({ from, psbt }): Judged => {
    const proposal = proposalOf(coordinator, psbt, from);
    const base = working.get(proposal.id) ?? coordinator.proposals.readSigned(proposal.id);
    const intake = takeSignatures(base, psbt, scriptsOf(proposal.policyId));
    working.set(proposal.id, intake.psbt);
    return { from, proposal, base, intake };
  });
  const conflicts = findConflicts(judged.flatMap(seenSignatures));
  const results = new Map<Txid, Pick<Taken, 'analysis' | 'sharedNonces'>>();
  for (const { proposal } of judged) {
    const psbt = working.get(proposal.id);
    if (psbt === undefined || results.has(proposal.id)) continue;
    const scripts = scriptsOf(proposal.policyId);
    const sharedNonces = nonceUses(proposal.id, psbt, scripts);
    results.set(proposal.id, { analysis: analyzePsbt(psbt, scripts), sharedNonces });
  }
  // Everything is judged; from here on it is adopted.
  for (const { proposal, intake } of judged) {
    if (intake.taken.length === 0) continue;
    journal.append('signatures.taken', {
      proposal: proposal.id,
      policyId: proposal.policyId,
      signatures: countByName(intake),
      publicKeys: [...new Set(intake.taken.map(({ publicKey }) => formatHex(publicKey)))],
      ...(proposal.withdrawn === undefined ? {} : { withdrawn: true }),
    });
  }
  for (const [id, psbt] of working) {
    const changed = judged.some(
      ({ proposal, intake }) => proposal.id === id && intake.taken.length > 0,
    );
    if (changed) coordinator.proposals.writeSigned(id, psbt);
  }
  return judged.map((each): Taken => {
    const { from, proposal, intake } = each;
    const fits = otherProposals(coordinator, scriptsOf(proposal.policyId), proposal);
    const good = [...intake.taken, ...intake.repeated];
    const result = results.get(proposal.id);
    if (result === undefined) throw new Error('every proposal of a file has a result');
    return {
      from,
      proposal,
      senders: [...new Set(good.map(({ cosigner }) => cosigner))],
      taken: countByName(intake),
      refused: intake.refused.map((refused) => ({ ...refused, fits: fits(refused) })),
      second: intake.repeated.filter(({ same }) => !same),
      conflicts: seenSignatures(each).flatMap((seen) => conflicts(seen) ?? []),
      injected: intake.injected,
      ...result,
    };
  });
};

/** What was found in one file, before anything is adopted. */
interface Judged {
  readonly from: string;
  readonly proposal: Proposal;
  /** The stored PSBT, with what the files before it brought. */
  readonly base: Psbt;
  readonly intake: SignatureIntake;
}

const countByName = ({ taken }: SignatureIntake): Readonly<Record<string, number>> => {
  const byName = new Map<string, number>();
  for (const { cosigner } of taken) byName.set(cosigner, (byName.get(cosigner) ?? 0) + 1);
  return Object.fromEntries(byName);
};

/** Every signature of a cosigner's key in a file, and those held that it contradicts. */
const seenSignatures = ({ from, proposal, base, intake }: Judged): readonly SeenSignature[] => {
  const seen: SeenSignature[] = [];
  const note = (good: boolean, each: SignatureIntake['taken'][number]): void => {
    seen.push({ ...each, proposal: proposal.id, good, from });
    const held = signatureFor(base.inputs[each.inputIndex] as PsbtMap, each.publicKey);
    if (held === undefined) return;
    seen.push({ ...each, signature: held, proposal: proposal.id, good: true, from: undefined });
  };
  for (const each of [...intake.taken, ...intake.repeated]) note(true, each);
  for (const { cosigner, ...each } of intake.refused) {
    if (cosigner !== undefined) note(false, { ...each, cosigner });
  }
  return seen;
};

/** The proposal that a PSBT is of. @throws `COORDINATOR_STRANGE_PSBT` */
const proposalOf = (coordinator: Coordinator, psbt: Psbt, from: string): Proposal => {
  const id = unsignedTransactionId(psbt);
  if (coordinator.proposals.has(id)) return coordinator.proposals.find(id);
  const coins = new Set(
    psbt.transaction.inputs.map(({ txid, vout }) =>
      formatOutpoint({ txid: formatTxid(txid), vout }),
    ),
  );
  const rivals = coordinator.proposals
    .list()
    .filter((proposal) => proposal.coins.some((coin) => coins.has(coin)));
  const whose =
    rivals.length === 0
      ? ''
      : `, and spends coins of proposal ${rivals.map((rival) => rival.id.slice(0, 8)).join(', ')}`;
  throw coordinatorError(
    'COORDINATOR_STRANGE_PSBT',
    `${from}: the transaction ${id} was not proposed here${whose}.`,
    { file: from, actual: id, coinsOf: rivals.map((rival) => rival.id) },
  );
};
