import { readFileSync } from 'node:fs';

/** A file of published test vectors: see `test-vectors/README.md` for where each comes from. */
export interface VectorFile<Entry> {
  readonly title: string;
  readonly count: number;
  readonly entries: readonly Entry[];
}

/** What every entry has; its other fields differ from file to file. */
export interface VectorEntry {
  readonly id: string;
  readonly kind: string;
  readonly expect?: string;
}

/**
 * Reads `test-vectors/<path>`. The entry type is the test's own word for what it reads: the files are
 * fixed, and a field that is not there fails the test that wants it.
 */
export const readVectors = <Entry extends VectorEntry>(path: string): VectorFile<Entry> =>
  JSON.parse(
    readFileSync(new URL(`../test-vectors/${path}`, import.meta.url), 'utf8'),
  ) as VectorFile<Entry>;
