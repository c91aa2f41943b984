import { deriveChildKey, HARDENED } from '@qoima/policy';
import { equalBytes } from '@qoima/primitives';
import type { App } from '../app.ts';
import { HostFault } from '../app-error.ts';
import type { Dialogue } from '../dialogue.ts';
import { type MapVisitor, type MerkleMap, mapAt } from '../merkle-map.ts';
import type { MerkleTree } from '../merkle-proof.ts';
import type { Place } from '../policy-script.ts';
import { type Derivation, placeBelow, readDerivation } from './derivation.ts';
import type { OwnKey } from './own-keys.ts';
import { INPUT } from './psbt-field.ts';

/** What the keys of an input's map, or of an output's, say; nothing of it is proven yet. */
export interface Claims {
  readonly map: MerkleMap;
  /** Key types that are there. */
  readonly types: ReadonlySet<number>;
  /** Where the derivations put it, by the last that fits an own key. */
  readonly place: Place | undefined;
  /** The own keys that a derivation names. */
  readonly ownKeys: ReadonlySet<OwnKey>;
  /** A derivation that cannot be read. The app goes on and refuses when all keys were walked. */
  readonly unreadable: boolean;
}

export interface ClaimOptions {
  readonly app: App;
  readonly own: readonly OwnKey[];
  /** Key types of the derivations in this kind of map. */
  readonly derivation: number;
  readonly tapDerivation: number;
  /** Stop reading derivations at the first that fits: outputs, and everything in 2.3. */
  readonly firstOnly: boolean;
}

export const inputOptions = (app: App, own: readonly OwnKey[]): ClaimOptions => ({
  app,
  own,
  derivation: INPUT.bip32Derivation,
  tapDerivation: INPUT.tapBip32Derivation,
  firstOnly: app.version === '2.3.0',
});

/** Walks the map at `index` and reads its derivations in passing. @throws `HostFault` */
export function* readClaims(
  maps: MerkleTree,
  index: number,
  options: ClaimOptions,
): Dialogue<Claims> {
  const { app, own } = options;
  const types = new Set<number>();
  const ownKeys = new Set<OwnKey>();
  let place: Place | undefined;
  let unreadable = false;
  const visit: MapVisitor = function* (map, key, at) {
    const [type] = key;
    if (type === undefined) return;
    types.add(type);
    const taproot = type === options.tapDerivation;
    const wanted = taproot || type === options.derivation;
    if (!wanted || (options.firstOnly && place !== undefined)) return;
    try {
      const form = { taproot, maxSteps: app.maxPathSteps };
      const derivation = yield* readDerivation(map, key, at, form);
      if (derivation.path.length < 2) {
        if (app.version === '2.3.0') unreadable = true;
        return;
      }
      for (const ownKey of own) {
        const found = placeBelow(ownKey, derivation);
        if (found === undefined || !isOwnChild(app, ownKey, found, derivation)) continue;
        place = found;
        ownKeys.add(ownKey);
        if (options.firstOnly) break;
      }
    } catch (error) {
      if (!(error instanceof HostFault)) throw error;
      unreadable = true;
    }
  };
  const map = yield* mapAt(maps, index, visit);
  return { map, types, place, ownKeys, unreadable };
}

/** 2.3 derives the key and compares it with the field's; 2.4 leaves that to the script. */
const isOwnChild = (
  app: App,
  { key, expression }: OwnKey,
  { change, index }: Place,
  { publicKey }: Derivation,
): boolean => {
  if (app.version !== '2.3.0') return true;
  const branch = change ? expression.second : expression.first;
  if (branch >= HARDENED || index >= HARDENED) throw new HostFault('a hardened step');
  const child = deriveChildKey(deriveChildKey(key, branch), index).publicKey;
  return equalBytes(child.subarray(33 - publicKey.length), publicKey);
};
