import { readdirSync } from 'node:fs';
import type { Breach } from './breach.ts';

/** What may lie at the top of the workspace, beside dotfiles. */
const allowed: ReadonlySet<string> = new Set([
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'LICENSE',
  'README.md',
  'SECURITY.md',
  'docs',
  'node_modules',
  'package.json',
  'packages',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'scripts',
  'test-vectors',
  'tsconfig.json',
]);

/** A reader should find the way from the first listing: nothing else lies at the top. */
export const checkTop = (root: string): readonly Breach[] =>
  readdirSync(root)
    .filter((name) => !name.startsWith('.') && !allowed.has(name))
    .map((name) => ({ rule: 'top', where: name, what: 'it does not belong at the top' }));
