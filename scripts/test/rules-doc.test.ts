import { expect, it } from 'vitest';
import { formatBreach } from '../breach.ts';
import { checkRulesDoc, formatRulesDoc } from '../rules-doc.ts';
import { workspaceRoot } from '../workspace.ts';

it('docs/review-rules.md is what the rules make of it', () => {
  expect(checkRulesDoc(workspaceRoot).map(formatBreach)).toEqual([]);
});

it('a page that differs from the rules is found', () => {
  expect(checkRulesDoc('/nowhere')).toMatchObject([{ where: 'docs/review-rules.md' }]);
});

it('a rule becomes a row', () => {
  const rule = { id: 'a-b', severity: 'note', finds: 'a|b', source: 'c', judge: () => [] } as const;
  const text = formatRulesDoc({ fee: [rule, { ...rule, id: 'c', local: true }] });
  expect(text).toContain('## fee\n');
  expect(text).toContain('| `a-b` | note | a\\|b | c |');
  expect(text).toContain('| `c` | note, local | a\\|b | c |');
});
