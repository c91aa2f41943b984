/** One call to the file system, below the folder that is watched. */
export interface FileEffect {
  /** Of the function, without its `Sync`: `write`, `rename`, `open`. */
  readonly name: string;
  /** The file or folder that it is about; for `rename` and `link` the new name. */
  readonly path: string;
  /** For `rename` and `link` the old name. */
  readonly from?: string;
  /** Whether it changes the disk, or makes a change last. */
  readonly changes: boolean;
  /** Writes half of the bytes; only a `write` has halves. */
  readonly half?: () => void;
}

/**
 * Has `around` do every call to the file system that is about something below `root`: it calls `run`, or
 * throws in its place. Gives the function that ends it. Only synchronous calls are seen; the programs make
 * no others.
 */
export const watchFileEffects: (
  root: string,
  around: (effect: FileEffect, run: () => unknown) => unknown,
) => () => void;
