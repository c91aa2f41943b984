import { canonicalJson, type Finding, formatHex } from '@qoima/primitives';
import { defaultLimits, limitsJson } from './spend-limits.ts';
import type { WalletPolicy } from './wallet-policy.ts';

/**
 * What a person should know about a policy that is valid as it stands:
 * `policy-unsorted-keys`, and `policy-fingerprint-shared` once for each fingerprint.
 */
export const policyFindings = (policy: WalletPolicy): readonly Finding[] => {
  const findings: Finding[] = [];
  if (!policy.sorted) {
    findings.push({
      rule: 'policy-unsorted-keys',
      severity: 'warn',
      where: 'policy',
      message:
        'The policy uses multi(): its addresses depend on the order of the keys, so every copy must keep it.',
      facts: { expected: 'sortedmulti', actual: 'multi' },
    });
  }
  for (const [fingerprint, names] of namesByFingerprint(policy)) {
    if (names.length < 2) continue;
    findings.push({
      rule: 'policy-fingerprint-shared',
      severity: 'warn',
      where: 'policy',
      message: `${names.join(', ')} give the same master fingerprint: if one person holds that seed, they count more than once.`,
      facts: { fingerprint, cosigners: names },
    });
  }
  return findings;
};

/**
 * `policy-limits-differ` where a file has other limits than the policy of the same id that is known: the
 * id does not say so.
 */
export const limitsFindings = (known: WalletPolicy, read: WalletPolicy): readonly Finding[] => {
  const [expected, actual] = [known, read].map(({ limits = defaultLimits }) =>
    canonicalJson(limitsJson(limits)),
  ) as [string, string];
  return expected === actual
    ? []
    : [
        {
          rule: 'policy-limits-differ',
          severity: 'warn',
          where: 'policy',
          message: 'The file has other limits of spends than the policy that is here.',
          facts: { expected, actual },
        },
      ];
};

/**
 * `policy-names-differ` where a file gives the cosigners other names than the policy of the same id that
 * is known: the id does not say so.
 */
export const namesFindings = (known: WalletPolicy, read: WalletPolicy): readonly Finding[] => {
  const [expected, actual] = [known, read].map(({ cosigners }) =>
    cosigners.map(({ name }) => name).join(', '),
  ) as [string, string];
  return expected === actual
    ? []
    : [
        {
          rule: 'policy-names-differ',
          severity: 'warn',
          where: 'policy',
          message: 'The file gives the cosigners other names than the policy that is here.',
          facts: { expected, actual },
        },
      ];
};

const namesByFingerprint = (policy: WalletPolicy): ReadonlyMap<string, readonly string[]> => {
  const names = new Map<string, string[]>();
  for (const cosigner of policy.cosigners) {
    const fingerprint = formatHex(cosigner.origin.fingerprint);
    names.set(fingerprint, [...(names.get(fingerprint) ?? []), cosigner.name]);
  }
  return names;
};
