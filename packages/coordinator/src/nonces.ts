import type { PolicyScripts } from '@qoima/policy';
import type { ErrorDetails, Txid } from '@qoima/primitives';
import {
  cosignerAt,
  matchPolicy,
  type PartialSignature,
  type PolicyMatch,
  type Psbt,
  partialSignaturesOf,
  sharedNonces,
  signatureNonce,
} from '@qoima/psbt';
import type { Coordinator } from './coordinator.ts';
import { coordinatorError } from './errors.ts';
import { ifSound } from './if-sound.ts';

/** One of several signatures with the same nonce. */
export interface NonceUse {
  readonly proposal: Txid;
  readonly inputIndex: number;
  readonly cosigner: string;
}

/**
 * Groups of signatures of a proposal that share their nonce. Each was good alone, and together they give
 * private keys away.
 */
export const nonceUses = (
  id: Txid,
  psbt: Psbt,
  scripts: PolicyScripts,
): readonly (readonly NonceUse[])[] => named(signaturesOf(id, psbt), scripts);

/**
 * Looks for a nonce used twice among all signatures of a proposal, those that the finished transaction
 * would not hold included, and between them and those of every other proposal of the policy, sent or
 * withdrawn: whoever sees both files may have them.
 * @throws `COORDINATOR_NONCE_SHARED`, naming cosigners, inputs and proposals
 */
export const refuseSharedNonces = (
  coordinator: Coordinator,
  scripts: PolicyScripts,
  id: Txid,
  psbt: Psbt,
): void => {
  const signatures = [...signaturesOf(id, psbt)];
  const own = new Set(signatures.map(({ signature }) => signatureNonce(signature)));
  const { policyId } = coordinator.proposals.find(id);
  // Of which policy a damaged one was is not known; its signatures may be sound.
  const others = [
    ...coordinator.proposals.list().filter((other) => other.policyId === policyId),
    ...coordinator.proposals.damaged(),
  ];
  for (const other of others) {
    if (other.id === id) continue;
    const stored = ifSound(() => coordinator.proposals.readSigned(other.id));
    if (stored === undefined) continue;
    // Only what is found is kept: there may be many proposals.
    for (const each of signaturesOf(other.id, stored)) {
      if (own.has(signatureNonce(each.signature))) signatures.push(each);
    }
  }
  const [shared] = named(signatures, scripts);
  if (shared !== undefined) throw nonceError(shared, id);
};

/** `combine` says it of what it has stored; the others throw it and store nothing. */
export const nonceError = (
  shared: readonly NonceUse[],
  id: Txid,
  details: ErrorDetails = {},
): Error => {
  const who = shared.map(({ cosigner, inputIndex, proposal }) => {
    const where = `input ${inputIndex}`;
    return `${cosigner} (${proposal === id ? where : `${where} of proposal ${proposal.slice(0, 8)}`})`;
  });
  return coordinatorError(
    'COORDINATOR_NONCE_SHARED',
    `Signatures share their nonce: ${who.join(', ')}.`,
    { proposal: id, signatures: shared.map(nonceUseJson), ...details },
  );
};

export const nonceUseJson = ({
  proposal,
  inputIndex,
  cosigner,
}: NonceUse): { readonly proposal: string; readonly input: number; readonly cosigner: string } => ({
  proposal,
  input: inputIndex,
  cosigner,
});

interface StoredSignature extends PartialSignature {
  readonly id: Txid;
  readonly psbt: Psbt;
}

const signaturesOf = (id: Txid, psbt: Psbt): readonly StoredSignature[] =>
  psbt.inputs.flatMap((map, index) =>
    partialSignaturesOf(map, index).map((signature) => ({ ...signature, id, psbt })),
  );

/** Names are looked up only where there is something to tell: it takes the match of a whole PSBT. */
const named = (
  signatures: readonly StoredSignature[],
  scripts: PolicyScripts,
): readonly (readonly NonceUse[])[] => {
  const matches = new Map<Txid, PolicyMatch>();
  return sharedNonces(signatures).map((group) =>
    group.map(({ id, psbt, ...signature }) => {
      const match = matches.get(id) ?? ifSound(() => matchPolicy(psbt, scripts));
      if (match !== undefined) matches.set(id, match);
      const cosigner = match && cosignerAt(match, signature);
      return { proposal: id, inputIndex: signature.inputIndex, cosigner: cosigner ?? 'unknown' };
    }),
  );
};
