import type { Finding, Network } from '@qoima/primitives';
import {
  type CosignerKey,
  formatCosignerKey,
  nameCosigners,
  parseKeyExpression,
} from './cosigner.ts';
import { descriptorChecksum, splitChecksum } from './descriptor-checksum.ts';
import { policyError } from './errors.ts';
import { policyFindings } from './policy-findings.ts';
import { quorum } from './quorum.ts';
import {
  formatScriptExpression,
  parseScriptExpression,
  type ScriptExpression,
} from './script-expression.ts';
import { type Branch, type WalletPolicy, walletPolicy } from './wallet-policy.ts';

/** Which addresses a descriptor is for; `both` is the multipath form of BIP-389. */
export type DescriptorBranch = Branch | 'both';

/** What follows each key. These three, and nothing else, are read and written. */
const BRANCH_SUFFIX: Readonly<Record<DescriptorBranch, string>> = {
  both: '/<0;1>/*',
  receive: '/0/*',
  change: '/1/*',
};

/** 15 keys with the longest path that BIP-32 allows stay below this. */
const MAX_DESCRIPTOR_LENGTH = 65_536;

/** What a descriptor does not say. */
export interface DescriptorOptions {
  /** `3 of 5` if left out. */
  readonly name?: string;
  /** If left out: mainnet for xpub, testnet for tpub. */
  readonly network?: Network;
  /** One for each key; `cosigner 1` … if left out. */
  readonly cosignerNames?: readonly string[];
  readonly birthday?: number | undefined;
}

/** A policy that came from outside, and what a person should know about it. */
export interface ParsedPolicy {
  readonly policy: WalletPolicy;
  readonly findings: readonly Finding[];
}

/**
 * The descriptor with its checksum (BIP-380), hardened steps with `h`: for `both` with `<0;1>`
 * (BIP-389), otherwise the one for receive or change alone.
 */
export const formatDescriptor = (policy: WalletPolicy, branch: DescriptorBranch): string => {
  const descriptor = formatScriptExpression({
    scriptKind: policy.scriptKind,
    sorted: policy.sorted,
    required: policy.quorum.required,
    keys: policy.cosigners.map(
      (cosigner) => formatCosignerKey(cosigner, 'h') + BRANCH_SUFFIX[branch],
    ),
  });
  return `${descriptor}#${descriptorChecksum(descriptor)}`;
};

/**
 * Reads one descriptor whose keys end with `/<0;1>/*`. Without a checksum it is read with the finding
 * `policy-checksum-missing`. No white space is skipped.
 * @throws `POLICY_CHECKSUM_WRONG`, `POLICY_DESCRIPTOR_INVALID`, `POLICY_SCRIPT_UNSUPPORTED`,
 *   `POLICY_BRANCH_INVALID`, `POLICY_HARDENED_STEP`, and what `parseCosignerKey` and `walletPolicy` throw
 */
export const parseDescriptor = (text: string, options: DescriptorOptions = {}): ParsedPolicy =>
  policyOf(readDescriptor(text, 'both'), options);

/**
 * Reads a pair of descriptors, alike but for `/0/*` in the first and `/1/*` in the second.
 * @throws `POLICY_DESCRIPTOR_PAIR`, and what `parseDescriptor` throws
 */
export const parseDescriptorPair = (
  receive: string,
  change: string,
  options: DescriptorOptions = {},
): ParsedPolicy => {
  const read = readDescriptor(receive, 'receive');
  const other = readDescriptor(change, 'change');
  if (withoutBranch(read) !== withoutBranch(other)) {
    throw policyError(
      'POLICY_DESCRIPTOR_PAIR',
      'The two descriptors differ in more than the branch.',
    );
  }
  return policyOf({ ...read, hasChecksum: read.hasChecksum && other.hasChecksum }, options);
};

interface ReadDescriptor {
  readonly expression: ScriptExpression;
  readonly keys: readonly CosignerKey[];
  readonly hasChecksum: boolean;
}

const readDescriptor = (text: string, branch: DescriptorBranch): ReadDescriptor => {
  if (text.length > MAX_DESCRIPTOR_LENGTH) {
    throw policyError('POLICY_DESCRIPTOR_INVALID', 'The descriptor is too long.', {
      expected: MAX_DESCRIPTOR_LENGTH,
      actual: text.length,
    });
  }
  const { descriptor, hasChecksum } = splitChecksum(text);
  const expression = parseScriptExpression(descriptor);
  quorum(expression.required, expression.keys.length);
  const keys = expression.keys.map((key, i) =>
    parseKeyExpression(key, BRANCH_SUFFIX[branch], `Key ${i + 1}`),
  );
  return { expression, keys, hasChecksum };
};

const withoutBranch = ({ expression, keys }: ReadDescriptor): string =>
  formatScriptExpression({ ...expression, keys: keys.map((key) => formatCosignerKey(key)) });

const policyOf = (read: ReadDescriptor, options: DescriptorOptions): ParsedPolicy => {
  const { scriptKind, sorted, required } = read.expression;
  const policy = walletPolicy({
    name: options.name ?? `${required} of ${read.keys.length}`,
    network: options.network ?? read.keys[0]?.key.network ?? 'mainnet',
    scriptKind,
    sorted,
    quorum: quorum(required, read.keys.length),
    cosigners: nameCosigners(read.keys, options.cosignerNames),
    birthday: options.birthday,
  });
  return {
    policy,
    findings: [...(read.hasChecksum ? [] : [CHECKSUM_MISSING]), ...policyFindings(policy)],
  };
};

const CHECKSUM_MISSING: Finding = {
  rule: 'policy-checksum-missing',
  severity: 'warn',
  where: 'policy',
  message: 'The descriptor has no checksum, so a slip in copying it would not show.',
  facts: {},
};
