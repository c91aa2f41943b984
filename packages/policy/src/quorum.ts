import { policyError } from './errors.ts';

/** How many of how many cosigners must sign. */
export interface Quorum {
  readonly required: number;
  readonly total: number;
}

/**
 * 15 compressed keys are what a P2SH redeem script of 520 bytes can hold (BIP-383), and the most that
 * a Ledger registers; P2WSH would allow 20.
 */
export const MAX_COSIGNERS = 15;

/**
 * The checked door to a quorum.
 * @throws `POLICY_QUORUM_INVALID` unless 1 ≤ required ≤ total ≤ 15.
 */
export const quorum = (required: number, total: number): Quorum => {
  if (!isQuorum(required, total)) {
    throw policyError('POLICY_QUORUM_INVALID', `There is no quorum of ${required} of ${total}.`);
  }
  return { required, total };
};

/** True if 1 ≤ required ≤ total ≤ 15. */
export const isQuorum = (required: number, total: number): boolean =>
  Number.isInteger(required) &&
  Number.isInteger(total) &&
  required >= 1 &&
  required <= total &&
  total <= MAX_COSIGNERS;
