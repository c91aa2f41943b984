import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Breach } from './breach.ts';
import { readLaw } from './check-layers.ts';
import { type Fence, usesThing } from './layers.ts';
import { readModuleUses } from './module-uses.ts';
import { optionalPeers, readManifest, runtimeDependencies, sourceFiles } from './workspace.ts';

/**
 * Walks the installed dependencies of each fenced program of the workspace at `root`, reads every
 * source file in them, and reports what the fence keeps out with the chain of packages that lets it in.
 * Every file of a package is read, whether an import reaches it or not.
 */
export const checkFences = (root: string): readonly Breach[] => {
  const sources = sourceReader();
  return readLaw(root).fences.flatMap((fence) => checkFence(root, fence, sources));
};

/** A package as installed, and the way to it: names from the program down. */
interface Installed {
  readonly folder: string;
  readonly chain: readonly string[];
}

const checkFence = (root: string, fence: Fence, sources: SourceReader): readonly Breach[] => {
  const breaches: Breach[] = [];
  const start = realpathSync(join(root, 'packages', fence.program));
  const queue: Installed[] = [{ folder: start, chain: [readManifest(start).name] }];
  const seen = new Set([start]);
  const globals = new Set(
    fence.things
      .filter((thing) => thing.startsWith('globalThis.'))
      .map((thing) => thing.slice('globalThis.'.length)),
  );
  const rule = `fence of ${fence.program}`;
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { folder, chain } = next;
    const way = chain.join(' → ');
    const name = chain.at(-1) as string;
    if (fence.things.some((thing) => usesThing(name, thing))) {
      breaches.push({ rule, where: way, what: `${name} is in the closure` });
      continue;
    }
    const uses = sources(folder, globals);
    for (const { file, use, line } of uses) {
      if (fence.things.some((thing) => usesThing(use, thing))) {
        breaches.push({ rule, where: `${file}:${line}`, what: `${use}, by way of ${way}` });
      }
    }
    const manifest = readManifest(folder);
    // A peer that may be absent counts only if some file imports it.
    const peers = optionalPeers(manifest).filter((peer) =>
      uses.some(({ use }) => usesThing(use, peer)),
    );
    for (const dependency of [...runtimeDependencies(manifest), ...peers]) {
      const found = findInstalled(folder, dependency);
      if (found === undefined) {
        // An optional dependency for another platform may be absent: then nothing of it runs.
        if (manifest.dependencies?.[dependency] === undefined) continue;
        breaches.push({ rule, where: way, what: `${dependency} is not installed` });
      } else if (!seen.has(found)) {
        seen.add(found);
        queue.push({ folder: found, chain: [...chain, dependency] });
      }
    }
  }
  return breaches;
};

/** Where Node would find a package from `folder`: the nearest node_modules upwards, links followed. */
const findInstalled = (folder: string, name: string): string | undefined => {
  for (let at = folder; ; at = dirname(at)) {
    const candidate = join(at, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
    if (dirname(at) === at) return undefined;
  }
};

interface Use {
  readonly file: string;
  readonly use: string;
  readonly line: number;
}

type SourceReader = (folder: string, globals: ReadonlySet<string>) => readonly Use[];

/** Reads what the files of a package use, each package once for each set of globals. */
const sourceReader = (): SourceReader => {
  const read = new Map<string, readonly Use[]>();
  return (folder, globals) => {
    const key = [folder, ...globals].join(' ');
    const known = read.get(key);
    if (known !== undefined) return known;
    // Of Qoima's own packages the source counts: the build comes out of it, tests do not go along.
    const isOwn = existsSync(join(folder, 'src', 'index.ts'));
    const uses = sourceFiles(isOwn ? join(folder, 'src') : folder).flatMap((path) => {
      const found = readModuleUses(path, readFileSync(path, 'utf8'), globals);
      const file = relative(join(folder, '..'), path);
      return [
        ...found.imports.map(({ specifier, line }) => ({ file, use: specifier, line })),
        ...found.globals.map(({ name, line }) => ({ file, use: name, line })),
      ];
    });
    read.set(key, uses);
    return uses;
  };
};
