import { formatDate, type JsonValue } from '@qoima/primitives';
import { encodeAddress } from './address.ts';
import { formatDescriptor } from './descriptor.ts';
import { policyId } from './policy-id.ts';
import { policyScripts } from './policy-scripts.ts';
import { policyKeys, policyTemplate } from './policy-template.ts';
import { defaultLimits, limitsJson, limitsSheet } from './spend-limits.ts';
import type { WalletPolicy } from './wallet-policy.ts';

/**
 * What custodians compare before they trust a policy, as labels and values: its name, its id, who
 * must sign, every key in order, the first address as a check on all of it, the birthday and the limits
 * of spends.
 */
export const policySheet = (
  policy: WalletPolicy,
): readonly (readonly [label: string, value: string])[] => {
  const { required, total } = policy.quorum;
  return [
    ['Policy', `${policy.name} (${policy.network})`],
    ['Id', policyId(policy)],
    ['Signatures', `${required} of ${total}`],
    ['Template', policyTemplate(policy)],
    ...policyKeys(policy).map((key, i): [string, string] => [policy.cosigners[i]?.name ?? '', key]),
    ['First address', firstAddress(policy)],
    ['Birthday', birthdayText(policy)],
    ...limitsSheet(policy.limits ?? defaultLimits),
  ];
};

/** The same as JSON, with the descriptor. */
export const policyJson = (policy: WalletPolicy): { readonly [key: string]: JsonValue } => ({
  id: policyId(policy),
  name: policy.name,
  network: policy.network,
  required: policy.quorum.required,
  total: policy.quorum.total,
  template: policyTemplate(policy),
  keys: policyKeys(policy),
  cosigners: policy.cosigners.map(({ name }) => name),
  descriptor: formatDescriptor(policy, 'both'),
  firstAddress: firstAddress(policy),
  birthday: policy.birthday ?? null,
  limits: limitsJson(policy.limits ?? defaultLimits),
});

const birthdayText = ({ birthday }: WalletPolicy): string =>
  birthday === undefined
    ? 'none; coins are looked for in the whole chain'
    : `${formatDate(birthday)}; no coin is older`;

const firstAddress = (policy: WalletPolicy): string =>
  encodeAddress(policyScripts(policy).at('receive', 0).scriptPubKey, policy.network);
