import { join } from 'node:path';
import { ensureFolder, listFolder, readFileBounded, writeFileAtomically } from '@qoima/journal';
import {
  decodePolicyFile,
  encodePolicyFile,
  haveSameScripts,
  policyId,
  type WalletPolicy,
} from '@qoima/policy';
import { excerpt, formatUtf8, parseUtf8 } from '@qoima/primitives';
import { coordinatorError } from './errors.ts';

/** The policies of one network, a file each in `policies/`, named by id. */
export interface PolicyStore {
  list(): readonly WalletPolicy[];
  /**
   * The policy of that whole id, or else the one of that name or whose id begins so; without a selector
   * the only one there is.
   * @throws `COORDINATOR_NO_POLICY`, `COORDINATOR_POLICY_AMBIGUOUS`
   */
  find(selector?: string): WalletPolicy;
  /** The policy of that id, which is whole; a name is none. @throws `COORDINATOR_NO_POLICY` */
  get(id: string): WalletPolicy;
  /**
   * What a new policy must not share with another, in the store as a whole.
   * @throws `COORDINATOR_POLICY_EXISTS`, `COORDINATOR_POLICY_NAME`, `COORDINATOR_POLICY_SAME_KEYS`
   */
  check(policy: WalletPolicy): void;
  add(policy: WalletPolicy): void;
  /** Puts a policy in the place of the one with its id: what is not under the id may differ. */
  replace(policy: WalletPolicy): void;
}

const MAX_POLICY_BYTES = 1 << 18;

export const openPolicyStore = (network: string): PolicyStore => {
  const folder = join(network, 'policies');
  const list = (): readonly WalletPolicy[] => {
    const names = listFolder(folder).filter((name) => name.endsWith('.json'));
    return names.map((name) => {
      const path = join(folder, name);
      return decodePolicyFile(formatUtf8(readFileBounded(path, MAX_POLICY_BYTES)), path).policy;
    });
  };
  const check = (policy: WalletPolicy): void => {
    if (/^[0-9a-f]{64}$/i.test(policy.name)) {
      throw coordinatorError('COORDINATOR_POLICY_NAME', `The name ${policy.name} reads as an id.`);
    }
    const others = list();
    if (others.some(({ name }) => name === policy.name)) {
      throw coordinatorError('COORDINATOR_POLICY_EXISTS', `Policy ${policy.name} is already here.`);
    }
    const same = others.find((other) => haveSameScripts(other, policy));
    if (same !== undefined) {
      throw coordinatorError(
        'COORDINATOR_POLICY_SAME_KEYS',
        `The policy ${same.name} (${policyId(same).slice(0, 8)}) has the same keys and quorum, and so every address that ${policy.name} would have.`,
        { policy: policyId(same) },
      );
    }
  };
  const write = (policy: WalletPolicy): void => {
    ensureFolder(folder);
    const path = join(folder, `${policyId(policy)}.json`);
    writeFileAtomically(path, parseUtf8(encodePolicyFile(policy)));
  };
  const get = (id: string): WalletPolicy => {
    const policy = list().find((other) => policyId(other) === id);
    if (policy !== undefined) return policy;
    throw coordinatorError('COORDINATOR_NO_POLICY', `No policy has the id ${id}.`);
  };
  return {
    list,
    get,
    find: (selector) => {
      const all = list();
      const beginning = selector?.toLowerCase() ?? '';
      const exact = all.find((policy) => policyId(policy) === beginning);
      if (exact !== undefined) return exact;
      const found = all.filter(
        (policy) => policy.name === selector || policyId(policy).startsWith(beginning),
      );
      const [policy] = found;
      if (policy === undefined) {
        throw coordinatorError(
          'COORDINATOR_NO_POLICY',
          selector === undefined
            ? 'There is no policy here.'
            : `No policy ${excerpt(selector, 70)}.`,
        );
      }
      if (found.length > 1) {
        const names = found.map((other) => `${other.name} (${policyId(other).slice(0, 8)})`);
        throw coordinatorError('COORDINATOR_POLICY_AMBIGUOUS', `There are ${names.join(', ')}.`, {
          policies: found.map(policyId),
        });
      }
      return policy;
    },
    check,
    add: (policy) => {
      check(policy);
      write(policy);
    },
    replace: write,
  };
};
