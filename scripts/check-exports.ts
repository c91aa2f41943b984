import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Breach } from './breach.ts';
import { readManifest, type WorkspacePackage } from './workspace.ts';

/**
 * The shape of a package's manifest: what all packages say alike, and `exports` that lead tests to
 * `src` and users to `dist`, types first.
 */
export const checkExports = (root: string, pkg: WorkspacePackage): readonly Breach[] => {
  const { manifest } = pkg;
  const top = readManifest(root);
  const breach = (what: string): Breach => ({
    rule: 'exports',
    where: `packages/${pkg.name}/package.json`,
    what,
  });
  const breaches: Breach[] = [];
  for (const field of ['version', 'license', 'type', 'engines'] as const) {
    if (JSON.stringify(manifest[field]) !== JSON.stringify(top[field])) {
      breaches.push(breach(`"${field}" differs from the one at the top`));
    }
  }
  const exported = Object.entries((manifest.exports ?? {}) as Record<string, unknown>);
  if (exported[0]?.[0] !== '.') breaches.push(breach('"exports" must begin with "."'));
  for (const [subpath, target] of exported) {
    const file = subpath === '.' ? 'index' : subpath.slice('./'.length);
    const wanted = {
      'qoima-source': `./src/${file}.ts`,
      types: `./dist/${file}.d.ts`,
      default: `./dist/${file}.js`,
    };
    // As text, because the order of conditions counts.
    if (JSON.stringify(target) !== JSON.stringify(wanted)) {
      breaches.push(breach(`"exports" → "${subpath}" must be ${JSON.stringify(wanted)}`));
    } else if (!existsSync(join(pkg.folder, wanted['qoima-source']))) {
      breaches.push(breach(`"exports" → "${subpath}" has no file ${wanted['qoima-source']}`));
    }
  }
  for (const [name, target] of Object.entries(manifest.bin ?? {})) {
    const source = join(pkg.folder, target.replace('./dist/', 'src/').replace(/\.js$/, '.ts'));
    const isProgram =
      existsSync(source) && readFileSync(source, 'utf8').startsWith('#!/usr/bin/env node\n');
    if (!isProgram) breaches.push(breach(`"bin" → "${name}" has no source with a #! line`));
  }
  return breaches;
};
