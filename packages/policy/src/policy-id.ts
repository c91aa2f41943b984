import { formatHex, hashJson } from '@qoima/primitives';
import { policyKeys, policyTemplate } from './policy-template.ts';
import type { WalletPolicy } from './wallet-policy.ts';

/**
 * The identity of a policy, 64 hex digits: SHA-256 of the canonical JSON of exactly
 * `{keys, name, network, template}`. What a Ledger binds its registration to is in it (name, template,
 * order of keys), and the network. The names of the cosigners, the birthday and the limits
 * are not.
 */
export const policyId = (policy: WalletPolicy): string =>
  formatHex(
    hashJson({
      keys: policyKeys(policy),
      name: policy.name,
      network: policy.network,
      template: policyTemplate(policy),
    }),
  );
