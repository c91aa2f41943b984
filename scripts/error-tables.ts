import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ErrorTable } from '../packages/primitives/src/index.ts';
import type { Breach } from './breach.ts';
import { readWorkspace, sourceFiles } from './workspace.ts';

/** The error table that a package's index exports, as `<name>Errors`. */
export interface PackageErrors {
  readonly name: string;
  readonly folder: string;
  readonly table: ErrorTable;
}

/** The tables of all packages at `root` that have an `src/errors.ts`, by name of package. */
export const readErrorTables = async (root: string): Promise<readonly PackageErrors[]> => {
  const tables: PackageErrors[] = [];
  for (const { name, folder } of readWorkspace(root)) {
    if (!existsSync(join(folder, 'src/errors.ts'))) continue;
    const index = (await import(pathToFileURL(join(folder, 'src/index.ts')).href)) as Record<
      string,
      ErrorTable | undefined
    >;
    const exported = `${name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())}Errors`;
    const table = index[exported];
    if (table === undefined) throw new Error(`packages/${name}/src/index.ts lacks ${exported}`);
    tables.push({ name, folder, table });
  }
  return tables;
};

/** A code belongs to one package, is written like a code, and is named where it is thrown. */
export const checkErrorTables = (tables: readonly PackageErrors[]): readonly Breach[] => {
  const owners = new Map<string, string>();
  const breaches: Breach[] = [];
  for (const { name, folder, table } of tables) {
    const where = `packages/${name}/src/errors.ts`;
    const source = sourceFiles(join(folder, 'src'))
      .filter((file) => basename(file) !== 'errors.ts')
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    for (const [code, row] of Object.entries(table)) {
      const problems = [
        owners.has(code) && `is also a code of ${owners.get(code)}`,
        !/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(code) && 'is not in the form PREFIX_SNAKE',
        !source.includes(`'${code}'`) && 'is thrown nowhere in src',
        !/[.?]$/.test(row.meaning) && 'has a meaning that is no sentence',
        !/[.?]$/.test(row.action) && 'has an action that is no sentence',
      ];
      owners.set(code, name);
      for (const problem of problems) {
        if (problem !== false) breaches.push({ rule: 'errors', where, what: `${code} ${problem}` });
      }
    }
  }
  return breaches;
};
