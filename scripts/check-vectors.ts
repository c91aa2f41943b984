import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Breach } from './breach.ts';
import { type MarkdownRow, namesIn, readMarkdownTable } from './markdown-table.ts';
import { readJson } from './workspace.ts';

/**
 * Holds `test-vectors/` and its README together, both ways: every file has a row, every row a file; the
 * row's sources, licences and number of cases are the file's own; every test it names reads the file;
 * and no licence is one that Qoima cannot pass on.
 */
export const checkVectors = (root: string): readonly Breach[] => {
  const folder = join(root, 'test-vectors');
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  const rows = new Map(
    readMarkdownTable(readme, 'file').map((row) => [namesIn(row.get('file') ?? '')[0] ?? '', row]),
  );
  const commits = new Map(
    readMarkdownTable(readme, 'repository').map((row) => [
      row.get('repository') ?? '',
      row.get('version') ?? '',
    ]),
  );
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'README.md')
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
  const recorded = recordingFiles(folder, files);
  const breaches = [...rows.keys()]
    .filter((path) => !files.includes(path))
    .map((path) => breach('README.md', `its row ${path} has no file`));
  for (const path of files.filter((file) => !recorded.has(file))) {
    const row = rows.get(path);
    const problems =
      row === undefined
        ? ['it has no row in test-vectors/README.md']
        : [...checkFile(join(folder, path), row, commits), ...checkReaders(root, path, row)];
    breaches.push(...problems.map((what) => breach(path, what)));
  }
  return [...breaches, ...checkDeviations(folder, readme)];
};

/**
 * The files that an `index.json` of `vectors` names, such as recordings or attacks: they stand with it in
 * its row.
 */
const recordingFiles = (folder: string, files: readonly string[]): ReadonlySet<string> =>
  new Set(
    files
      .filter((path) => basename(path) === 'index.json')
      .flatMap((path) => {
        const { vectors = [], setup = [] } = readJson(join(folder, path)) as VectorHeader;
        const named = vectors.flatMap(({ file, files: more = [] }) =>
          file === undefined ? more : [file, ...more],
        );
        return [...setup, ...named].map((file) => join(dirname(path), file));
      }),
  );

/**
 * The table of cases that Qoima treats otherwise: its files are there, and each id in `code` is one of
 * theirs. "the same" stands for the files of the row before.
 */
const checkDeviations = (folder: string, readme: string): readonly Breach[] => {
  let known = new Set<string>();
  return readMarkdownTable(readme, 'vectors').flatMap((row) => {
    const files = namesIn(row.get('vectors') ?? '');
    const missing = files.filter((file) => !existsSync(join(folder, file)));
    if (files.length > 0) {
      const present = files.filter((file) => !missing.includes(file));
      known = new Set(
        present.flatMap((file) => idsOf(readJson(join(folder, file)) as VectorHeader)),
      );
    }
    const strangers = namesIn(row.get('cases') ?? '').filter(
      (name) => /-[0-9]+$/.test(name) && !known.has(name),
    );
    return [
      ...missing.map((file) =>
        breach('README.md', `a deviation names ${file}, which is not there`),
      ),
      ...strangers.map((id) =>
        breach('README.md', `a deviation names ${id}, not a case of its file`),
      ),
    ];
  });
};

/** What each vector file says of itself; its entries may name sources of their own. */
interface VectorHeader {
  readonly source?: readonly {
    readonly repo: string;
    readonly licence: string;
    readonly commit?: string;
    readonly version?: string;
  }[];
  readonly entries?: readonly { readonly id: string }[];
  /** In an index of recordings, in place of entries. */
  readonly vectors?: readonly {
    readonly name: string;
    readonly file?: string;
    readonly files?: readonly string[];
  }[];
  /** In an index, the files that all its vectors need. */
  readonly setup?: readonly string[];
}

const idsOf = ({ entries = [], vectors = [] }: VectorHeader): readonly string[] => [
  ...entries.map(({ id }) => id),
  ...vectors.map(({ name }) => name),
];

const checkFile = (
  path: string,
  row: MarkdownRow,
  commits: ReadonlyMap<string, string>,
): readonly string[] => {
  const header = readJson(path) as VectorHeader;
  const count = idsOf(header).length;
  const problems: string[] = [];
  if (/commons clause|cc-by-sa/i.test(readFileSync(path, 'utf8'))) {
    problems.push('it holds something under Commons Clause or CC-BY-SA, which Qoima leaves out');
  }
  if (row.get('cases') !== String(count)) {
    problems.push(`it has ${count} cases and its row says ${row.get('cases')}`);
  }
  for (const { repo, licence, commit, version } of header.source ?? []) {
    if (!namesIn(row.get('source') ?? '').includes(repo)) problems.push(`its row lacks ${repo}`);
    if (!row.get('licence')?.includes(licence)) problems.push(`its row lacks licence ${licence}`);
    if (commits.get(repo)?.includes(commit ?? version ?? '?') !== true) {
      problems.push(`${repo} is not listed with the version ${commit ?? version}`);
    }
  }
  return problems;
};

const checkReaders = (root: string, path: string, row: MarkdownRow): readonly string[] => {
  const readers = namesIn(row.get('read by') ?? '');
  if (readers.length === 0) return ['no test is named that reads it'];
  return readers.flatMap((reader) => {
    if (!existsSync(join(root, reader))) return [`its reader ${reader} is not there`];
    return mentions(readFileSync(join(root, reader), 'utf8'), path)
      ? []
      : [`${reader} does not read it`];
  });
};

/** A test names the file whole, or its stem in quotes beside a template that ends in its folder. */
const mentions = (text: string, path: string): boolean => {
  const stem = basename(path, '.json');
  return (
    text.includes(`'${path}'`) ||
    (text.includes(`'${stem}'`) && text.includes(`\`${dirname(path)}/\${`))
  );
};

const breach = (path: string, what: string): Breach => ({
  rule: 'vectors',
  where: `test-vectors/${path}`,
  what,
});
