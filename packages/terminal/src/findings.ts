import type { Finding, JsonValue, Severity } from '@qoima/primitives';
import type { Colors } from './colors.ts';
import { printable } from './printable.ts';

/**
 * Findings as lines, in the order given: `BLOCK  input 3  sentence [rule]`, and under it what was
 * expected and what is there.
 */
export const formatFindings = (findings: readonly Finding[], colors: Colors): string[] =>
  findings.flatMap((finding) => {
    const word = marks(colors)[finding.severity];
    const where = printable(finding.where);
    const line = `${word}  ${where}: ${printable(finding.message)} ${colors.dim(`[${printable(finding.rule)}]`)}`;
    const mismatch = (['expected', 'actual'] as const)
      .filter((side) => finding.facts[side] !== undefined)
      .map((side) => `       ${side}: ${printable(plainText(finding.facts[side] as JsonValue))}`);
    return [line, ...mismatch];
  });

const marks = (colors: Colors): Readonly<Record<Severity, string>> => ({
  block: colors.bold(colors.red('BLOCK')),
  warn: colors.yellow('WARN '),
  note: colors.dim('note '),
});

const plainText = (value: JsonValue): string =>
  typeof value === 'string' ? value : JSON.stringify(value);
