import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { Breach } from './breach.ts';
import { checkExports } from './check-exports.ts';
import { checkTop } from './check-top.ts';
import { type Law, type Layer, parseLaw, usesThing } from './layers.ts';
import { type ModuleImport, readModuleUses } from './module-uses.ts';
import {
  readJson,
  readWorkspace,
  runtimeDependencies,
  sourceFiles,
  type TsConfig,
  type WorkspacePackage,
} from './workspace.ts';

/**
 * Holds manifests, tsconfig references and imports of the workspace at `root` to the tables of its
 * `docs/architecture.md`. The installed tree is `checkFences`' business.
 */
export const checkLayers = (root: string): readonly Breach[] => {
  const law = readLaw(root);
  const packages = readWorkspace(root);
  const breaches: Breach[] = [
    ...checkTop(root),
    ...checkTable(law, packages),
    ...checkSolution(root, packages),
  ];
  for (const pkg of packages) {
    const layer = law.layers.get(pkg.name);
    if (layer === undefined) continue;
    breaches.push(
      ...checkManifest(pkg, layer),
      ...checkReferences(pkg),
      ...checkExports(root, pkg),
      ...checkSources(root, pkg, law),
    );
  }
  return breaches;
};

export const readLaw = (root: string): Law =>
  parseLaw(readFileSync(join(root, 'docs/architecture.md'), 'utf8'));

const OWN = '@qoima/';

const checkTable = (law: Law, packages: readonly WorkspacePackage[]): readonly Breach[] => {
  const where = 'docs/architecture.md';
  const present = new Set(packages.map(({ name }) => name));
  const breaches: Breach[] = [];
  for (const name of present) {
    const layer = law.layers.get(name);
    if (layer === undefined) {
      breaches.push({ rule: 'table', where, what: `packages/${name} has no row` });
    } else if (layer.isPlanned) {
      breaches.push({
        rule: 'table',
        where,
        what: `${name} is here: its row is no longer planned`,
      });
    }
  }
  for (const { name, isPlanned } of law.layers.values()) {
    if (!isPlanned && !present.has(name)) {
      breaches.push({ rule: 'table', where, what: `the row ${name} has no package` });
    }
  }
  return breaches;
};

/** `tsc -b` at the top must reach every package, and `scripts`, which takes the tests along. */
const checkSolution = (root: string, packages: readonly WorkspacePackage[]): readonly Breach[] =>
  differences(
    [...packages.map(({ name }) => `packages/${name}`), 'scripts'],
    (readJson(join(root, 'tsconfig.json')) as TsConfig).references?.map(({ path }) => path) ?? [],
  ).map(({ kind, name }) => ({
    rule: 'reference',
    where: 'tsconfig.json',
    what: kind === 'missing' ? `no reference to ${name}` : `a reference to ${name}, not a package`,
  }));

const checkManifest = (pkg: WorkspacePackage, layer: Layer): readonly Breach[] => {
  const where = `packages/${pkg.name}/package.json`;
  const breaches: Breach[] = [];
  if (pkg.manifest.name !== OWN + pkg.name) {
    breaches.push({ rule: 'manifest', where, what: `its name must be ${OWN}${pkg.name}` });
  }
  for (const dependency of runtimeDependencies(pkg.manifest)) {
    const isOwn = dependency.startsWith(OWN);
    const isAllowed = isOwn
      ? layer.mayImport.has('*') || layer.mayImport.has(dependency.slice(OWN.length))
      : layer.thirdParty.has(dependency);
    if (!isAllowed) {
      const what = `the table does not let ${pkg.name} depend on ${dependency}`;
      breaches.push({ rule: 'manifest', where, what });
    }
  }
  return breaches;
};

const checkReferences = (pkg: WorkspacePackage): readonly Breach[] => {
  const where = `packages/${pkg.name}/tsconfig.json`;
  const wanted = runtimeDependencies(pkg.manifest)
    .filter((name) => name.startsWith(OWN))
    .map((name) => `../${name.slice(OWN.length)}`);
  const breaches: Breach[] = differences(
    wanted,
    pkg.tsConfig.references?.map(({ path }) => path) ?? [],
  ).map(({ kind, name }) => ({
    rule: 'reference',
    where,
    what: kind === 'missing' ? `no reference to ${name}` : `a reference to ${name}, no dependency`,
  }));
  const options = Object.keys(pkg.tsConfig.compilerOptions ?? {});
  for (const option of options) {
    if (!['rootDir', 'outDir', 'tsBuildInfoFile'].includes(option)) {
      const what = `the compiler option ${option} is set for all packages at the top, not in one`;
      breaches.push({ rule: 'reference', where, what });
    }
  }
  return breaches;
};

/** Imports of `src` against the manifest and the walls; tests and benches only for reaching too far. */
const checkSources = (root: string, pkg: WorkspacePackage, law: Law): readonly Breach[] => {
  const globals = new Set(
    law.walls
      .flatMap(({ things }) => things)
      .filter((thing) => thing.startsWith('globalThis.'))
      .map((thing) => thing.slice('globalThis.'.length)),
  );
  const dependencies = runtimeDependencies(pkg.manifest);
  const unused = new Set(dependencies);
  const breaches: Breach[] = [];
  for (const file of sourceFiles(join(pkg.folder, 'src'))) {
    const path = relative(root, file);
    const uses = readModuleUses(file, readFileSync(file, 'utf8'), globals);
    for (const { what, line } of uses.unreadable) {
      const why = `${what}: what it imports cannot be read off the source`;
      breaches.push({ rule: 'import', where: `${path}:${line}`, what: why });
    }
    for (const use of uses.imports) {
      const name = packageOf(use.specifier);
      if (name !== undefined) unused.delete(name);
      const what = importBreach(pkg, file, use.specifier, dependencies);
      if (what !== undefined) breaches.push({ rule: 'import', where: `${path}:${use.line}`, what });
      for (const written of writtenUses(use)) {
        breaches.push(...wallBreaches(law, pkg.name, written, `${path}:${use.line}`));
      }
    }
    for (const { name, line } of uses.globals) {
      breaches.push(...wallBreaches(law, pkg.name, name, `${path}:${line}`));
    }
  }
  for (const name of unused) {
    const where = `packages/${pkg.name}/package.json`;
    breaches.push({ rule: 'manifest', where, what: `src does not import the dependency ${name}` });
  }
  return [...breaches, ...checkReach(root, pkg)];
};

/** Tests and benches import what they like, but not the files of another package. */
const checkReach = (root: string, pkg: WorkspacePackage): readonly Breach[] =>
  ['test', 'bench', 'fuzz']
    .flatMap((folder) => sourceFiles(join(pkg.folder, folder)))
    .flatMap((file) =>
      readModuleUses(file, readFileSync(file, 'utf8'), new Set()).imports.flatMap((use) => {
        if (!use.specifier.startsWith('.')) return [];
        const target = resolve(dirname(file), use.specifier);
        const isNear = isInside(target, pkg.folder) || isInside(target, join(root, 'scripts'));
        const where = `${relative(root, file)}:${use.line}`;
        const what = `${use.specifier} is a file of another package: import the package`;
        return isNear ? [] : [{ rule: 'import', where, what }];
      }),
    );

const importBreach = (
  pkg: WorkspacePackage,
  file: string,
  specifier: string,
  dependencies: readonly string[],
): string | undefined => {
  if (specifier.startsWith('node:')) return undefined;
  const name = packageOf(specifier);
  if (name !== undefined) {
    return dependencies.includes(name) ? undefined : `${specifier} is not among its dependencies`;
  }
  const target = resolve(dirname(file), specifier);
  if (!isInside(target, join(pkg.folder, 'src'))) return `${specifier} leads out of its src`;
  return existsSync(target) ? undefined : `${specifier} is not there`;
};

/** An import as the walls name it: the module itself, and each name taken from it. */
const writtenUses = ({ specifier, names }: ModuleImport): readonly string[] => [
  specifier,
  ...names.map((name) => `${specifier}#${name}`),
];

const wallBreaches = (law: Law, name: string, use: string, where: string): readonly Breach[] =>
  law.walls
    .filter(({ things, packages }) => {
      return !packages.has(name) && things.some((thing) => usesThing(use, thing));
    })
    .map((wall) => {
      const allowed = wall.packages.size === 0 ? 'nobody' : `only ${[...wall.packages].join(', ')}`;
      return { rule: 'wall', where, what: `${use} is behind the wall "${wall.name}": ${allowed}` };
    });

/** `@scope/name` or `name` of a bare specifier; undefined for a path or a Node module. */
const packageOf = (specifier: string): string | undefined =>
  /^[./]|^node:/.test(specifier)
    ? undefined
    : specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

const isInside = (path: string, folder: string): boolean => path.startsWith(folder + sep);

const differences = (
  wanted: readonly string[],
  found: readonly string[],
): readonly { readonly kind: 'missing' | 'superfluous'; readonly name: string }[] => [
  ...wanted
    .filter((name) => !found.includes(name))
    .map((name) => ({ kind: 'missing' as const, name })),
  ...found
    .filter((name) => !wanted.includes(name))
    .map((name) => ({ kind: 'superfluous' as const, name })),
];
