import { cpSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureFolder, isThere, writeFileAtomically } from '@qoima/journal';

/*
 * What an act of a rehearsal found, kept in `undo/` until the act is noted as done. Whoever comes after a kill
 * has the act done again from there, so that it is done once, whatever had become of it.
 *
 * Not kept is `devices/`: a device forgets nothing because a program was killed.
 */

/** The record of the ceremony is the last, as it is what makes the folder one. */
export const RECORD = 'ceremony.json';
const FOLDERS = ['coordinator', 'stations', 'media'];

const undoOf = (folder: string): string => join(folder, 'undo');
/** On its way to be kept, or to be forgotten: of no meaning to whoever finds it. */
const partOf = (folder: string): string => join(folder, 'undo.part');

export const keepState = (folder: string): void => {
  remove(partOf(folder));
  ensureFolder(partOf(folder));
  for (const name of [...FOLDERS, RECORD]) copy(name, folder, partOf(folder));
  renameSync(partOf(folder), undoOf(folder));
};

export const forgetState = (folder: string): void => {
  renameSync(undoOf(folder), partOf(folder));
  remove(partOf(folder));
};

/** Whether an act was cut off, and not noted. */
export const hasState = (folder: string): boolean => isThere(undoOf(folder));

/** Puts back what the act that was cut off had found; after a kill in the middle, once more. */
export const restoreState = (folder: string): void => {
  remove(partOf(folder));
  if (!hasState(folder)) return;
  for (const name of FOLDERS) {
    remove(join(folder, name));
    copy(name, undoOf(folder), folder);
  }
  writeFileAtomically(join(folder, RECORD), readFileSync(join(undoOf(folder), RECORD)));
  forgetState(folder);
};

const copy = (name: string, from: string, to: string): void => {
  if (isThere(join(from, name))) cpSync(join(from, name), join(to, name), { recursive: true });
};

const remove = (path: string): void => {
  rmSync(path, { recursive: true, force: true });
};
