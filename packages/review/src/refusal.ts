import type { ErrorDetails, Finding, Severity } from '@qoima/primitives';
import { findingJson } from './report.ts';
import { findingLine } from './sheet.ts';

/** What a program's error says when findings stop it: the first in words, all of them in the details. */
export interface Refusal {
  readonly message: string;
  readonly details: ErrorDetails;
}

/** The refusal for all findings of one severity, but for the rules accepted; undefined if there are none. */
export const refusalOf = (
  findings: readonly Finding[],
  severity: Severity,
  acceptedRules: readonly string[] = [],
): Refusal | undefined => {
  const open = findings.filter(
    (finding) => finding.severity === severity && !acceptedRules.includes(finding.rule),
  );
  const [first] = open;
  if (first === undefined) return undefined;
  const others = open.length === 1 ? '' : ` (And ${open.length - 1} more.)`;
  return {
    message: `${findingLine(first)}${others}`,
    details: { findings: open.map(findingJson) },
  };
};
