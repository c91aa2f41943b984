import type { Finding } from '@qoima/primitives';
import type { Evidence } from './evidence.ts';
import { feeRules } from './fee.ts';
import { historyRules } from './history.ts';
import { inputRules } from './inputs.ts';
import { outputRules } from './outputs.ts';
import type { Rule } from './rule.ts';
import { signatureRules } from './signatures.ts';
import { structureRules } from './structure.ts';

/** The rules by what they look at, in the order in which they are judged and findings are listed. */
export const ruleGroups: Readonly<Record<string, readonly Rule[]>> = {
  structure: structureRules,
  inputs: inputRules,
  outputs: outputRules,
  fee: feeRules,
  signatures: signatureRules,
  history: historyRules,
};

/** Everything that is held against a spend, in its order. */
export const RULES: readonly Rule[] = Object.values(ruleGroups).flat();

const localRules: ReadonlySet<string> = new Set(
  RULES.filter(({ local }) => local).map(({ id }) => id),
);

/** True for a rule that judges what not every machine knows: what it finds is not in the digest. */
export const isLocalRule = (id: string): boolean => localRules.has(id);

/** All findings: in the order of the rules, and of one rule in the order of inputs or outputs. */
export const judge = (evidence: Evidence): readonly Finding[] =>
  RULES.flatMap((rule) =>
    rule.judge(evidence).map(({ where, message, facts }) => ({
      rule: rule.id,
      severity: rule.severity,
      where,
      message,
      facts,
    })),
  );
