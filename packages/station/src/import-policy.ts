import {
  birthdayFindings,
  changedFindings,
  firstFindings,
  limitsJson,
  ownNameFindings,
  policyFindings,
  policyId,
  type WalletPolicy,
} from '@qoima/policy';
import type { Finding } from '@qoima/primitives';
import { refuseOpenWarnings, warningsOf } from './open-warnings.ts';
import { ownCosigner } from './own-cosigner.ts';
import type { Station } from './station.ts';

/** A policy with the rules of the warnings that its custodian has accepted. */
export interface AcceptedPolicy {
  readonly policy: WalletPolicy;
  /** Which cosigner this station is. */
  readonly cosigner: string;
  readonly acceptedWarnings: readonly string[];
}

/**
 * What a custodian should know before they pin a policy: what is odd in it, and what the id that they
 * compared does not bind. That is held against the policy of the same id if it is pinned already, else
 * against what is usual; the station's own name in any case against that of its key.
 */
export const importFindings = (
  { policies, key: store, clock }: Station,
  policy: WalletPolicy,
): readonly Finding[] => {
  const key = store.read();
  const id = policyId(policy);
  const pinned = policies.list().find((other) => policyId(other) === id);
  return [
    ...policyFindings(policy),
    ...(pinned === undefined ? firstFindings(policy) : changedFindings(pinned, policy)),
    ...ownNameFindings(key.name, ownCosigner(key, policy)),
    ...birthdayFindings(policy, clock()),
  ];
};

/**
 * Pins a policy whose id was accepted, and each warning about it. Both are looked at once more under the
 * lock: another process may have pinned one while the custodian read.
 * @throws `STATION_POLICY_EXISTS`, `STATION_WARNING_OPEN`
 */
export const pinAccepted = (station: Station, accepted: AcceptedPolicy): Promise<void> => {
  const { policy, cosigner, acceptedWarnings } = accepted;
  const { birthday, limits } = policy;
  return station.change((journal) => {
    station.policies.check(policy);
    const findings = importFindings(station, policy);
    refuseOpenWarnings(findings, acceptedWarnings);
    journal.append('policy.pinned', {
      policyId: policyId(policy),
      name: policy.name,
      cosigner,
      cosigners: policy.cosigners.map(({ name }) => name),
      ...(birthday === undefined ? {} : { birthday }),
      ...(limits === undefined ? {} : { limits: limitsJson(limits) }),
      acceptedWarnings: warningsOf(findings),
    });
    station.policies.pin(policy);
  });
};
