import {
  type KeyRecord,
  limitsJson,
  policyId,
  type ScriptKind,
  type SpendLimits,
  type WalletPolicy,
  walletPolicy,
} from '@qoima/policy';
import type { Coordinator } from './coordinator.ts';
import { coordinatorError } from './errors.ts';

/** What a new policy is made of. */
export interface PolicyRequest {
  readonly name: string;
  readonly required: number;
  readonly scriptKind: ScriptKind;
  /** In the order that the policy will have. */
  readonly keyRecords: readonly KeyRecord[];
  /** No coin is older, in unix seconds; where a rescan begins. */
  readonly birthday: number;
  /** What its spends are held against; without them the usual limits. */
  readonly limits?: SpendLimits | undefined;
}

/**
 * Makes and stores the policy of these key records.
 * @throws `POLICY_…` for a key or quorum that cannot be, `COORDINATOR_POLICY_EXISTS`,
 *   `COORDINATOR_POLICY_NAME`, `COORDINATOR_POLICY_SAME_KEYS`
 */
export const createPolicy = (
  coordinator: Coordinator,
  request: PolicyRequest,
): Promise<WalletPolicy> => {
  const { keyRecords: records } = request;
  const stranger = records.find(({ network }) => network !== coordinator.network);
  if (stranger !== undefined) {
    throw coordinatorError(
      'COORDINATOR_KEY_NETWORK',
      `The key of ${stranger.cosigner.name} was made for ${stranger.network}, not for ${coordinator.network}.`,
      { cosigner: stranger.cosigner.name, expected: coordinator.network, actual: stranger.network },
    );
  }
  const policy = walletPolicy({
    name: request.name,
    network: coordinator.network,
    scriptKind: request.scriptKind,
    sorted: true,
    quorum: { required: request.required, total: records.length },
    cosigners: records.map(({ cosigner }) => cosigner),
    birthday: request.birthday,
    limits: request.limits,
  });
  return coordinator.change((journal) => {
    coordinator.policies.check(policy);
    journal.append('policy.created', {
      policyId: policyId(policy),
      name: policy.name,
      required: policy.quorum.required,
      cosigners: policy.cosigners.map(({ name }) => name),
      birthday: request.birthday,
      ...(policy.limits === undefined ? {} : { limits: limitsJson(policy.limits) }),
    });
    coordinator.policies.add(policy);
    return policy;
  });
};

/**
 * Gives a stored policy another birthday (unix seconds): where the search for its coins begins. Its id stays.
 * The next command that asks the node for coins has it search from there. `policy` says which one: all else
 * stays as it is stored by then.
 * @throws `COORDINATOR_NO_POLICY`
 */
export const datePolicy = (
  coordinator: Coordinator,
  policy: WalletPolicy,
  birthday: number,
): Promise<WalletPolicy> =>
  coordinator.change((journal) => {
    const id = policyId(policy);
    const dated = walletPolicy({ ...coordinator.policies.get(id), birthday });
    journal.append('policy.dated', { policyId: id, birthday });
    coordinator.policies.replace(dated);
    return dated;
  });

/**
 * Gives a stored policy other limits. Its id stays, and every station has to pin the policy file anew:
 * until then its reports have other digests than ours. `policy` says which one: all else stays as it is
 * stored by then.
 * @throws `POLICY_LIMITS_INVALID`, `COORDINATOR_NO_POLICY`
 */
export const limitPolicy = (
  coordinator: Coordinator,
  policy: WalletPolicy,
  limits: SpendLimits,
): Promise<WalletPolicy> =>
  coordinator.change((journal) => {
    const id = policyId(policy);
    const limited = walletPolicy({ ...coordinator.policies.get(id), limits });
    journal.append('policy.limited', { policyId: id, limits: limitsJson(limits) });
    coordinator.policies.replace(limited);
    return limited;
  });
