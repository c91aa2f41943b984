import { join } from 'node:path';
import { ensureFolder, listFolder, readFileBounded, writeFileAtomically } from '@qoima/journal';
import { decodePolicyFile, encodePolicyFile, policyId, type WalletPolicy } from '@qoima/policy';
import { formatUtf8, parseUtf8 } from '@qoima/primitives';
import { stationError } from './errors.ts';

/**
 * The policies that the custodian has compared and accepted, a file each in `policies/`. Everything
 * that the station proves, it proves from these and from nothing else.
 */
export interface PinnedPolicies {
  list(): readonly WalletPolicy[];
  /**
   * The policy of that name, or whose id begins so; without a selector the only one there is.
   * @throws `STATION_NO_POLICY`, `STATION_POLICY_AMBIGUOUS`
   */
  find(selector?: string): WalletPolicy;
  /**
   * Custodians name a policy to select it, so no other one may bear the name of one that is pinned.
   * @throws `STATION_POLICY_EXISTS`
   */
  check(policy: WalletPolicy): void;
  /** Takes the place of the one with the same id: what is not under the id may differ. Check it first. */
  pin(policy: WalletPolicy): void;
}

const MAX_POLICY_BYTES = 1 << 18;

export const openPinnedPolicies = (network: string): PinnedPolicies => {
  const folder = join(network, 'policies');
  const list = (): readonly WalletPolicy[] => {
    const names = listFolder(folder).filter((name) => name.endsWith('.json'));
    return names.map((name) => {
      const path = join(folder, name);
      const text = formatUtf8(readFileBounded(path, MAX_POLICY_BYTES));
      const { policy } = decodePolicyFile(text, path);
      // A copy beside it could say otherwise what the id does not bind.
      if (name !== nameOf(policy)) {
        throw stationError('STATION_FILE_INVALID', `${path} is not the file of its policy.`, {
          path,
          expected: nameOf(policy),
          actual: name,
        });
      }
      return policy;
    });
  };
  return {
    list,
    find: (selector) => {
      const found = list().filter(
        (policy) =>
          selector === undefined ||
          policy.name === selector ||
          policyId(policy).startsWith(selector.toLowerCase()),
      );
      const [policy, second] = found;
      if (policy === undefined) {
        const what =
          selector === undefined
            ? 'No policy is pinned here.'
            : `No policy ${JSON.stringify(selector)}.`;
        throw stationError('STATION_NO_POLICY', what);
      }
      if (second !== undefined) {
        const names = found.map((other) => `${other.name} (${policyId(other).slice(0, 8)})`);
        throw stationError('STATION_POLICY_AMBIGUOUS', `There are ${names.join(', ')}.`, {
          policies: found.map(policyId),
        });
      }
      return policy;
    },
    check: (policy) => {
      const [id, pinned] = [policyId(policy), list()];
      const namesake = pinned.find(({ name }) => name === policy.name);
      if (namesake === undefined || pinned.some((other) => policyId(other) === id)) return;
      throw stationError(
        'STATION_POLICY_EXISTS',
        `Another policy ${policy.name} is pinned here, with the id ${policyId(namesake)}.`,
        { expected: policyId(namesake), actual: id },
      );
    },
    pin: (policy) => {
      ensureFolder(folder);
      const path = join(folder, nameOf(policy));
      writeFileAtomically(path, parseUtf8(encodePolicyFile(policy)));
    },
  };
};

const nameOf = (policy: WalletPolicy): string => `${policyId(policy)}.json`;
