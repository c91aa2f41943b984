import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { equalBytes } from '@qoima/primitives';
import { CORPUS, corpusFiles } from './corpus.ts';

const README = 'README.md';

const filesBelow = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
        .filter((path) => path !== README)
    : [];

/** Where the tree is not what the generator makes: paths below the corpus. */
export const differences = (root: string): readonly string[] => {
  const folder = join(root, CORPUS);
  const made = corpusFiles();
  const there = filesBelow(folder);
  return [
    ...there.filter((path) => !made.has(path)),
    ...[...made].flatMap(([path, bytes]) =>
      there.includes(path) && equalBytes(readFileSync(join(folder, path)), bytes) ? [] : [path],
    ),
  ];
};

/** Writes the corpus anew, without what is not in it any more; gives the number of files that changed. */
export const writeCorpus = (root: string): number => {
  const folder = join(root, CORPUS);
  const changed = differences(root);
  const made = corpusFiles();
  for (const path of changed) {
    const bytes = made.get(path);
    if (bytes === undefined) {
      rmSync(join(folder, path));
      continue;
    }
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return changed.length;
};
