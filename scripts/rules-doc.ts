import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Rule, ruleGroups } from '../packages/review/src/index.ts';
import type { Breach } from './breach.ts';
import { workspaceRoot } from './workspace.ts';

const PATH = 'docs/review-rules.md';

/** The text of `docs/review-rules.md`, made of nothing but the rules. */
export const formatRulesDoc = (groups: Readonly<Record<string, readonly Rule[]>>): string => {
  const sections = Object.entries(groups).map(([name, rules]) => {
    const rows = rules.map(
      ({ id, severity, finds, source, local }) =>
        `| \`${id}\` | ${severity}${local ? ', local' : ''} | ${cell(finds)} | ${cell(source)} |`,
    );
    return [
      `## ${name}`,
      '',
      '| rule | severity | found when | comes from |',
      '|---|---|---|---|',
      ...rows,
    ].join('\n');
  });
  return `${[HEAD, ...sections].join('\n\n')}\n`;
};

/** Holds `docs/review-rules.md` of a workspace against the rules. */
export const checkRulesDoc = (root: string): readonly Breach[] => {
  const path = join(root, PATH);
  const isTrue = existsSync(path) && readFileSync(path, 'utf8') === formatRulesDoc(ruleGroups);
  const what = 'it differs from the rules of packages/review: run `npm run rules-doc`';
  return isTrue ? [] : [{ rule: 'rules', where: PATH, what }];
};

const HEAD = `# The rules of the review

What \`@qoima/review\` holds against every spend, on the coordinator and on each station, from the bytes of the PSBT and the
machine's own policy file alone. Findings come in this order, those of one rule in the order of inputs or outputs. Ids and
severities are stable.

| severity | what it does |
|---|---|
| block | nothing is proposed or signed; no option waves it through |
| warn | nothing is proposed or signed until a person names the rule (\`--accept-warning RULE\`), which the journal keeps |
| note | it is shown |

A *local* rule judges what this machine alone knows: its memory of earlier spends, whose key is to sign, who has signed by now. Its
findings stop a spend like any other, and are not in the report's digest, which has to be the same everywhere.

What the codec refuses before any rule is asked (a key twice, a field of the wrong version, bytes after the end, an amount out of
range, a coin spent twice) is in the [list of errors](errors.md). Limits of fee and change index are in the policy file
([formats](formats.md)); the numbers below are the usual ones.

This page is written from the rules by \`npm run rules-doc\`; \`npm run verify\` holds the two together.`;

const cell = (text: string): string => text.replaceAll('|', '\\|');

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv.includes('--write')) {
  writeFileSync(join(workspaceRoot, PATH), formatRulesDoc(ruleGroups));
}
