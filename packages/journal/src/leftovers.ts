import { type Dirent, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { isRunning } from './holder.ts';

/** The name of a file that is written before it gets the name it is meant for. */
export const temporaryName = (name: string): string => `.${name}.${process.pid}.tmp`;

const TEMPORARY = /^\.(.+)\.([1-9][0-9]{0,9})\.tmp$/;

/**
 * Removes what crashes left in a folder: files under a `temporaryName` whose writer is dead. With `name`
 * only those on the way to that name; without, those of all names, in the folders below as well.
 * Nothing ever reads such a file, so one that cannot be removed stays and is no error.
 *
 * A writer in another container may look dead from here. Its rename then fails, and it says so.
 */
export const removeLeftovers = (folder: string, name?: string): void => {
  for (const entry of entriesOf(folder)) {
    const [, target, writer] = TEMPORARY.exec(entry.name) ?? [];
    if (entry.isDirectory()) {
      if (name === undefined) removeLeftovers(join(folder, entry.name));
    } else if (target !== undefined && (name ?? target) === target && isLeft(Number(writer))) {
      remove(join(folder, entry.name));
    }
  }
};

/** A file of our own number is an earlier process's: this one is not writing while it asks. */
const isLeft = (writer: number): boolean => writer === process.pid || !isRunning(writer);

const entriesOf = (folder: string): readonly Dirent[] => {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
};

const remove = (path: string): void => {
  try {
    rmSync(path, { force: true });
  } catch {
    // It stays, and is tried again next time.
  }
};
