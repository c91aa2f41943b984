import { networkNames } from '@qoima/primitives';
import * as v from 'valibot';
import type { ParsedPolicy } from './descriptor.ts';
import { policyError } from './errors.ts';
import { parseJsonFile } from './json-file.ts';
import { policyFindings } from './policy-findings.ts';
import { policyId } from './policy-id.ts';
import { policyFromTemplate, policyKeys, policyTemplate } from './policy-template.ts';
import { limitsJson, limitsSchema } from './spend-limits.ts';
import type { WalletPolicy } from './wallet-policy.ts';

const FORMAT = 'qoima-policy/1';

const policyFile = v.strictObject({
  format: v.literal(FORMAT),
  id: v.string(),
  name: v.string(),
  network: v.picklist(networkNames),
  template: v.string(),
  keys: v.array(v.string()),
  cosigners: v.array(v.string()),
  birthday: v.optional(v.number()),
  limits: v.optional(limitsSchema),
});

/**
 * The policy as `qoima-policy/1`: JSON of one layout, so that equal policies give equal bytes.
 * `cosigners` are the names, in the order of `keys`; they, the birthday and the limits are not under the
 * id.
 */
export const encodePolicyFile = (policy: WalletPolicy): string => {
  const file: v.InferInput<typeof policyFile> = {
    format: FORMAT,
    id: policyId(policy),
    name: policy.name,
    network: policy.network,
    template: policyTemplate(policy),
    keys: [...policyKeys(policy)],
    cosigners: policy.cosigners.map(({ name }) => name),
    birthday: policy.birthday,
    limits: policy.limits && limitsJson(policy.limits),
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
};

/**
 * Reads a policy file (`what` names it in errors), checks everything in it as if it were new, and then its id.
 * @throws `POLICY_FILE_INVALID`, `POLICY_ID_MISMATCH`, and what `policyFromTemplate` throws
 */
export const decodePolicyFile = (text: string, what = 'The policy file'): ParsedPolicy => {
  const { name, network, template, keys, cosigners, birthday, limits, id } = parseJsonFile(
    policyFile,
    text,
    what,
  );
  const policy = policyFromTemplate({
    name,
    network,
    template,
    keys,
    cosignerNames: cosigners,
    birthday,
    limits,
  });
  const expected = policyId(policy);
  if (id !== expected) {
    throw policyError('POLICY_ID_MISMATCH', `${what} does not have its own id.`, {
      expected,
      actual: id.slice(0, 64),
    });
  }
  return { policy, findings: policyFindings(policy) };
};
