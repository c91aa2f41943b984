import { type MarkdownRow, namesIn, readMarkdownTable } from './markdown-table.ts';

/** One package's row of the law. Names are without `@qoima/`. */
export interface Layer {
  readonly name: string;
  readonly floor: number;
  /** The row stands before its package does. */
  readonly isPlanned: boolean;
  readonly mayImport: ReadonlySet<string>;
  readonly thirdParty: ReadonlySet<string>;
}

/** Things that only the named packages may use; a thing is written as `usesThing` reads it. */
export interface Wall {
  readonly name: string;
  readonly things: readonly string[];
  readonly packages: ReadonlySet<string>;
}

/** Things that nothing in a program's installed dependencies may be or use. */
export interface Fence {
  readonly program: string;
  readonly things: readonly string[];
}

/** What `docs/architecture.md` lays down. */
export interface Law {
  readonly layers: ReadonlyMap<string, Layer>;
  readonly walls: readonly Wall[];
  readonly fences: readonly Fence[];
}

/** Reads the three tables. Throws when they are not there or contradict themselves. */
export const parseLaw = (markdown: string): Law => {
  const rows = readMarkdownTable(markdown, 'floor').map(parseLayer);
  const layers = new Map(rows.map((row) => [row.name, row]));
  for (const row of rows) checkRow(row, layers);
  const walls = readMarkdownTable(markdown, 'wall').map((row) => ({
    name: cell(row, 'wall'),
    things: namesIn(cell(row, 'what is behind it')),
    packages: new Set(namesIn(cell(row, 'who alone may use it'))),
  }));
  const fences = readMarkdownTable(markdown, 'closure of').map((row) => ({
    program: namesIn(cell(row, 'closure of'))[0] ?? '',
    things: namesIn(cell(row, 'holds none of')),
  }));
  for (const name of [
    ...walls.flatMap(({ packages }) => [...packages]),
    ...fences.map(({ program }) => program),
  ]) {
    if (!layers.has(name)) throw new Error(`a wall or fence names ${name}, which has no row`);
  }
  return { layers, walls, fences };
};

/**
 * True if `use` is `thing` or lies inside it. Both are written as a specifier (`bip39`, `node:dns`,
 * `@qoima/curve/secret`), as one name of a module (`@qoima/psbt#createPsbt`) or as a global
 * (`globalThis.fetch`). `@scope/*` is everything of a scope; a `use` of `module#*` is every name of it.
 */
export const usesThing = (use: string, thing: string): boolean => {
  if (use === thing || use.startsWith(`${thing}/`)) return true;
  if (thing.endsWith('/*')) return use.startsWith(thing.slice(0, -1));
  return use.endsWith('#*') && thing.startsWith(use.slice(0, -1));
};

const parseLayer = (row: MarkdownRow): Layer => {
  const floor = /^(\d+)( \(planned\))?$/.exec(cell(row, 'floor'));
  const name = namesIn(cell(row, 'package'))[0];
  if (floor === null || name === undefined)
    throw new Error(`not a package row: ${[...row.values()].join(' | ')}`);
  return {
    name,
    floor: Number(floor[1]),
    isPlanned: floor[2] !== undefined,
    mayImport: new Set(namesIn(cell(row, 'may import'))),
    thirdParty: new Set(namesIn(cell(row, 'third-party, at most'))),
  };
};

const checkRow = (row: Layer, layers: ReadonlyMap<string, Layer>): void => {
  for (const name of row.mayImport) {
    if (name === '*') continue;
    const below = layers.get(name);
    if (below === undefined) throw new Error(`${row.name} may import ${name}, which has no row`);
    if (below.floor >= row.floor) {
      throw new Error(`${row.name} may import ${name}, which is not on a floor below it`);
    }
  }
};

const cell = (row: MarkdownRow, heading: string): string => {
  const text = row.get(heading);
  if (text === undefined) throw new Error(`a table has no column "${heading}"`);
  return text;
};
