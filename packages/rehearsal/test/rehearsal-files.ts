import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The files of a rehearsal by name, without what the devices have shown. */
export const filesOf = (folder: string): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .sort()
      .filter((name) => statSync(join(folder, name)).isFile() && !name.endsWith('.screens'))
      .map((name) => [name, readFileSync(join(folder, name), 'hex')]),
  );
