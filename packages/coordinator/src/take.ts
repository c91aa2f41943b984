import { type PolicyScripts, policyId } from '@qoima/policy';
import { formatHex } from '@qoima/primitives';
import {
  analyzePsbt,
  type Psbt,
  type PsbtAnalysis,
  type RefusedSignature,
  takeSignatures,
  unsignedTransactionId,
} from '@qoima/psbt';
import type { Coordinator } from './coordinator.ts';
import { coordinatorError } from './errors.ts';
import type { Proposal } from './proposal.ts';

/** What came of one returned PSBT. */
export interface Taken {
  readonly proposal: Proposal;
  /** How many new signatures were stored, by the cosigner's name. */
  readonly taken: Readonly<Record<string, number>>;
  /** What was not stored, and why; the good signatures of the same file were. */
  readonly refused: readonly RefusedSignature[];
  /** How far the stored PSBT is now. */
  readonly analysis: PsbtAnalysis;
}

/**
 * Takes the partial signatures, and nothing else, of a PSBT that came back, each checked alone over
 * the sighash of the stored transaction. The stored PSBT changes only by good signatures.
 * @throws `COORDINATOR_STRANGE_PSBT`, `PSBT_…`
 */
export const takeReturned = (
  coordinator: Coordinator,
  scriptsOf: (policyId: string) => PolicyScripts,
  returned: Psbt,
): Promise<Taken> =>
  coordinator.change((journal) => {
    const proposal = proposalOf(coordinator, returned);
    const { id } = proposal;
    const scripts = scriptsOf(proposal.policyId);
    const base = coordinator.proposals.readSigned(id);
    const { psbt, taken, refused } = takeSignatures(base, returned, scripts);
    const byName: Record<string, number> = {};
    for (const { cosigner } of taken) byName[cosigner] = (byName[cosigner] ?? 0) + 1;
    if (taken.length > 0) {
      journal.append('signatures.taken', {
        proposal: id,
        policyId: policyId(scripts.policy),
        signatures: byName,
        publicKeys: [...new Set(taken.map(({ publicKey }) => formatHex(publicKey)))],
      });
      coordinator.proposals.writeSigned(id, psbt);
    }
    return { proposal, taken: byName, refused, analysis: analyzePsbt(psbt, scripts) };
  });

/** The proposal that a PSBT is of. @throws `COORDINATOR_STRANGE_PSBT` */
export const proposalOf = (coordinator: Coordinator, psbt: Psbt): Proposal => {
  const id = unsignedTransactionId(psbt);
  if (coordinator.proposals.has(id)) return coordinator.proposals.find(id);
  throw coordinatorError(
    'COORDINATOR_STRANGE_PSBT',
    `The transaction ${id} was not proposed here.`,
    {
      actual: id,
    },
  );
};
