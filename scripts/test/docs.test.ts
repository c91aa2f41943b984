import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { workspaceRoot } from '../workspace.ts';

const filesIn = (folder: string, ending: string): readonly string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      const isForeign = ['node_modules', 'dist', '.git'].includes(entry.name);
      return isForeign ? [] : filesIn(path, ending);
    }
    return entry.name.endsWith(ending) ? [path] : [];
  });

const pages = filesIn(workspaceRoot, '.md');
const read = (path: string): string => readFileSync(path, 'utf8');

describe('links between pages', () => {
  it.each(pages.map((path) => relative(workspaceRoot, path)))('%s', (page) => {
    const text = read(join(workspaceRoot, page)).replaceAll(/^```.*?^```$/gms, '');
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const missing = targets
      .filter((target) => !/^[a-z]+:/.test(target))
      .map((target) => target.split('#', 1)[0] ?? '')
      .filter((target) => !existsSync(join(workspaceRoot, dirname(page), target)));
    expect(missing).toEqual([]);
  });
});

it('each package has a README, and the first page leads to it', () => {
  const readme = read(join(workspaceRoot, 'README.md'));
  for (const name of readdirSync(join(workspaceRoot, 'packages'))) {
    expect(pages).toContain(join(workspaceRoot, 'packages', name, 'README.md'));
    expect(readme).toContain(`(packages/${name})`);
  }
});

it('docs/bips.md has every BIP that the code names', () => {
  const page = read(join(workspaceRoot, 'docs/bips.md'));
  const sources = filesIn(join(workspaceRoot, 'packages'), '.ts').filter((path) =>
    path.includes('/src/'),
  );
  const named = sources.flatMap((path) => [...read(path).matchAll(/\bBIP-(\d+)/g)]);
  const missing = named.map(([, bip = '']) => bip).filter((bip) => !page.match(`\\b${bip}\\b`));
  expect([...new Set(missing)]).toEqual([]);
});

it('decisions are numbered without a gap, and each has the four parts', () => {
  const folder = join(workspaceRoot, 'docs/decisions');
  for (const [i, name] of readdirSync(folder).sort().entries()) {
    const number = i + 1;
    expect(name.slice(0, 5)).toBe(`${String(number).padStart(4, '0')}-`);
    const headings = [...read(join(folder, name)).matchAll(/^#+ .*$/gm)].map(([line]) => line);
    expect(headings[0]).toMatch(new RegExp(`^# ${number}\\. `));
    expect(headings.slice(1), name).toEqual(
      expect.arrayContaining(['## Status', '## Context', '## Decision', '## Consequences']),
    );
  }
});
