import type { Network } from '@qoima/primitives';
import { formatCosignerKey, nameCosigners, parseCosignerKey } from './cosigner.ts';
import { policyError } from './errors.ts';
import { type Quorum, quorum } from './quorum.ts';
import { formatScriptExpression, parseScriptExpression } from './script-expression.ts';
import type { SpendLimits } from './spend-limits.ts';
import { type ScriptKind, type WalletPolicy, walletPolicy } from './wallet-policy.ts';

/** What a BIP-388 descriptor template says, without the keys. */
export interface PolicyTemplate {
  readonly scriptKind: ScriptKind;
  readonly sorted: boolean;
  readonly quorum: Quorum;
}

/** A wallet policy in BIP-388's own terms. */
export interface TemplatePolicy {
  readonly name: string;
  readonly network: Network;
  readonly template: string;
  /** `[fingerprint/path]xpub`, the key of placeholder `@i` at index i. */
  readonly keys: readonly string[];
  /** One for each key; `cosigner 1` … if left out. */
  readonly cosignerNames?: readonly string[];
  readonly birthday?: number | undefined;
  readonly limits?: SpendLimits | undefined;
}

/** `wsh(sortedmulti(3,@0/**,@1/**,@2/**,@3/**,@4/**))`. */
export const policyTemplate = (policy: WalletPolicy): string =>
  formatScriptExpression({
    scriptKind: policy.scriptKind,
    sorted: policy.sorted,
    required: policy.quorum.required,
    keys: policy.cosigners.map((_, i) => `@${i}/**`),
  });

/** BIP-388's keys information, in the order of the placeholders, with `'`, as a Ledger reads it. */
export const policyKeys = (policy: WalletPolicy): readonly string[] =>
  policy.cosigners.map((cosigner) => formatCosignerKey(cosigner));

/**
 * Reads a BIP-388 template with the placeholders `@0`, `@1` … each once and in order, followed by
 * `/**` or `/<0;1>/*`. Other branch numbers and repeated placeholders are valid in the BIP and not held.
 * @throws `POLICY_SCRIPT_UNSUPPORTED`, `POLICY_DESCRIPTOR_INVALID`, `POLICY_BRANCH_INVALID`,
 *   `POLICY_QUORUM_INVALID`
 */
export const parsePolicyTemplate = (template: string): PolicyTemplate => {
  const { scriptKind, sorted, required, keys } = parseScriptExpression(template);
  for (const [i, key] of keys.entries()) {
    const [, placeholder, branches] = /^(@[0-9]+)(.*)$/.exec(key) ?? [];
    if (placeholder !== `@${i}`) {
      throw policyError(
        'POLICY_DESCRIPTOR_INVALID',
        `Key ${i + 1} of the template is not the placeholder @${i}.`,
      );
    }
    if (branches !== '/**' && branches !== '/<0;1>/*') {
      throw policyError(
        'POLICY_BRANCH_INVALID',
        `The placeholder ${placeholder} is not followed by /** or /<0;1>/*.`,
      );
    }
  }
  return { scriptKind, sorted, quorum: quorum(required, keys.length) };
};

/**
 * Makes the policy of a template and its keys.
 * @throws what `parsePolicyTemplate`, `parseCosignerKey` and `walletPolicy` throw
 */
export const policyFromTemplate = (parts: TemplatePolicy): WalletPolicy => {
  const { name, network, keys, birthday, limits } = parts;
  const template = parsePolicyTemplate(parts.template);
  const cosigners = nameCosigners(
    keys.map((text, i) => parseCosignerKey(text, `Key ${i + 1}`)),
    parts.cosignerNames,
  );
  return walletPolicy({ name, network, ...template, cosigners, birthday, limits });
};
