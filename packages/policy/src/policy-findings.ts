import { type Finding, formatHex } from '@qoima/primitives';
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

const namesByFingerprint = (policy: WalletPolicy): ReadonlyMap<string, readonly string[]> => {
  const names = new Map<string, string[]>();
  for (const cosigner of policy.cosigners) {
    const fingerprint = formatHex(cosigner.origin.fingerprint);
    names.set(fingerprint, [...(names.get(fingerprint) ?? []), cosigner.name]);
  }
  return names;
};
