import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isLocalRule, RULES, ruleGroups } from '../src/index.ts';

const tests = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
  .join('\n');

describe('the table of rules', () => {
  it.each(RULES.map((rule) => [rule.id, rule] as const))('%s is a whole row', (id, rule) => {
    expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(RULES.filter((other) => other.id === id)).toHaveLength(1);
    for (const text of [rule.finds, rule.source]) expect(text).toMatch(/^[^ ].*[^ .]$/);
    // Some test has to name the one finding that a breach gives.
    expect(tests).toContain(`'${rule.severity} ${id}, `);
  });

  it('has its groups in the order of a report', () => {
    expect(Object.keys(ruleGroups)).toEqual([
      'structure',
      'inputs',
      'outputs',
      'fee',
      'signatures',
      'history',
    ]);
  });

  it('keeps out of the digest what machines do not share', () => {
    expect(RULES.filter(({ local }) => local).map(({ id }) => id)).toEqual([
      'signer-not-involved',
      'signer-not-named',
      'signer-has-signed',
      'signatures-complete',
      'history-amount-differs',
      'history-coin-signed',
      'history-superseded',
    ]);
    expect(isLocalRule('input-not-ours')).toBe(false);
  });
});
