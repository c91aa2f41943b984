import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { LedgerDevices } from '@qoima/signer-ledger';
import { emulatedLedger } from '../../src/emulated-ledger.ts';
import { type End, qoima, station } from '../programs-at-hand.ts';

/** What the programs of a ceremony keep, and the media between them, below one folder. */
export interface Place {
  readonly folder: string;
  readonly home: (who: string) => string;
  readonly medium: (name: string) => string;
}

export const placeAt = (folder: string): Place => ({
  folder,
  home: (who) => join(folder, 'homes', who),
  medium: (name) => join(folder, 'media', name),
});

/** A place with all that another holds. */
export const copyPlace = (from: Place, folder: string): Place => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(from.folder, folder, { recursive: true });
  return placeAt(folder);
};

/** Every file below a place by its path from there; a folder is there with an empty content and a `/`. */
export type Tree = ReadonlyMap<string, string>;

export const treeOf = ({ folder }: Place): Tree => {
  const tree = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path);
    if (entry.isDirectory()) tree.set(`${name}/`, '');
    else tree.set(name, readFileSync(path, 'latin1'));
  }
  return tree;
};

/** A command of one of the programs. */
export interface Call {
  readonly program: 'coordinator' | 'station';
  /** Whose home it works in. */
  readonly who: string;
  readonly argv: readonly string[];
  readonly words?: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** The file of the emulated Ledger at the station's side; it lies in no place, as a device does not. */
  readonly ledger?: string;
}

export const argumentsOf = (place: Place, { who, argv }: Call): readonly string[] => [
  '--home',
  place.home(who),
  '--network',
  'regtest',
  ...argv,
];

/** Runs a command in this process; `devices` are plugged in, or else the call's own. */
export const runHere = (place: Place, call: Call, devices?: LedgerDevices): Promise<End> => {
  const argv = argumentsOf(place, call);
  if (call.program === 'coordinator') return qoima(argv, call.env);
  const own = call.ledger === undefined ? undefined : emulatedLedger(call.ledger, '');
  return station(argv, call.env, call.words, devices ?? own);
};
