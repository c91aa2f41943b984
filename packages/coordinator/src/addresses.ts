import {
  type Branch,
  encodeAddress,
  policyId,
  policyScripts,
  type WalletPolicy,
} from '@qoima/policy';
import type { Coordinator } from './coordinator.ts';

/** An address of a policy, and where it lies in it. */
export interface PolicyAddress {
  readonly branch: Branch;
  readonly index: number;
  readonly address: string;
}

/** Gives out the next receive address; no address is given out twice. */
export const nextAddress = (
  coordinator: Coordinator,
  policy: WalletPolicy,
): Promise<PolicyAddress> =>
  coordinator.change((journal) => {
    const id = policyId(policy);
    const index = coordinator.addresses.next(id).receive;
    const [address] = listAddresses(policy, 'receive', index, 1) as [PolicyAddress];
    journal.append('address.given', { policyId: id, index, address: address.address });
    coordinator.addresses.advance(id, { receive: index + 1 });
    return address;
  });

/** `count` addresses of one branch from index `start` on, given out or not. */
export const listAddresses = (
  policy: WalletPolicy,
  branch: Branch,
  start: number,
  count: number,
): readonly PolicyAddress[] => {
  const scripts = policyScripts(policy);
  return Array.from({ length: count }, (_, offset) => {
    const { index, scriptPubKey } = scripts.at(branch, start + offset);
    return { branch, index, address: encodeAddress(scriptPubKey, policy.network) };
  });
};
