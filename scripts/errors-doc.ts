import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../packages/terminal/src/index.ts';
import type { Breach } from './breach.ts';
import { checkErrorTables, type PackageErrors, readErrorTables } from './error-tables.ts';
import { workspaceRoot } from './workspace.ts';

const PATH = 'docs/errors.md';

/** The text of `docs/errors.md`, made of nothing but the tables. */
export const formatErrorsDoc = (tables: readonly PackageErrors[]): string => {
  const sections = tables.map(({ name, table }) => {
    const rows = Object.entries(table).map(
      ([code, { kind, meaning, action }]) =>
        `| \`${code}\` | ${kind} (${exitCodes[kind]}) | ${cell(meaning)} | ${cell(action)} |`,
    );
    return [
      `## @qoima/${name}`,
      '',
      '| code | kind (exit code) | meaning | what to do |',
      '|---|---|---|---|',
      ...rows,
    ].join('\n');
  });
  return `${[HEAD, ...sections].join('\n\n')}\n`;
};

/** The tables themselves, and that the document says what they say. */
export const checkErrorsDoc = async (root: string): Promise<readonly Breach[]> => {
  const tables = await readErrorTables(root);
  const path = join(root, PATH);
  const isTrue = existsSync(path) && readFileSync(path, 'utf8') === formatErrorsDoc(tables);
  const stale = 'it differs from the error tables: run `npm run errors-doc`';
  return [
    ...checkErrorTables(tables),
    ...(isTrue ? [] : [{ rule: 'errors', where: PATH, what: stale }]),
  ];
};

const HEAD = `# Errors

Every error of Qoima is a \`QoimaError\` with a stable \`code\`, a \`kind\`, plain \`details\` (a mismatch carries \`expected\` and
\`actual\`) and a message that says what, where and what to do next. The bins print \`error CODE: message\`, or with \`--json\`
\`{"error": {"code", "message", "details"}}\` on stderr, and exit with the code of the kind:
${Object.entries(exitCodes)
  .map(([outcome, code]) => `${outcome} ${code}`)
  .join(' · ')}.

This page is written from the \`src/errors.ts\` of each package by \`npm run errors-doc\`; \`npm run verify\` holds the two together.`;

const cell = (text: string): string => text.replaceAll('|', '\\|');

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv.includes('--write')) {
  writeFileSync(join(workspaceRoot, PATH), formatErrorsDoc(await readErrorTables(workspaceRoot)));
}
