import { isPublicKey } from '@qoima/curve';
import {
  deriveChildKey,
  type ExtendedKey,
  HARDENED,
  multisigScript,
  payToScriptHash,
  payToWitnessScriptHash,
  sortKeys,
} from '@qoima/policy';
import { hash160 } from '@qoima/primitives';
import type { App } from './app.ts';
import { HostFault } from './app-error.ts';
import type { KeyExpression, Template } from './descriptor-template.ts';
import type { Dialogue } from './dialogue.ts';
import { extendedKeyOf, keyInformation } from './key-information.ts';
import type { MerkleTree } from './merkle-proof.ts';

/** Where an address stands: on the second branch of every key, or on the first. */
export interface Place {
  readonly change: boolean;
  readonly index: number;
}

/** A policy whose scripts can be made, for the time of one command. */
export interface ScriptSource {
  readonly app: App;
  readonly version: 1 | 2;
  readonly template: Template;
  readonly keys: MerkleTree;
  /** Public keys derived so far: the app derives them again each time, and asks for their keys. */
  readonly derived: Map<string, Uint8Array>;
  readonly branchKeys: Map<string, ExtendedKey>;
}

export const scriptSource = (
  parts: Pick<ScriptSource, 'app' | 'version' | 'template' | 'keys'>,
): ScriptSource => ({ ...parts, derived: new Map(), branchKeys: new Map() });

/**
 * The scriptPubKey of a place, asking the host for the keys as often as the app does: it has no room for
 * all of them, so sorting asks anew for each key that is left.
 * @throws `HostFault`
 */
export function* policyScript(source: ScriptSource, place: Place): Dialogue<Uint8Array> {
  const { wrapping, script } = source.template;
  if (script.kind !== 'multisig') {
    const keyHash = hash160(yield* derivedKey(source, script.keys[0] as KeyExpression, place));
    const witness = Uint8Array.of(0, 20, ...keyHash);
    if (script.kind === 'pkh') return Uint8Array.of(0x76, 0xa9, 20, ...keyHash, 0x88, 0xac);
    return wrapping === 'sh' ? payToScriptHash(witness) : witness;
  }
  const publicKeys = script.sorted
    ? yield* keysAskedInOrder(source, script.keys, place)
    : yield* keysAskedOnce(source, script.keys, place);
  const multisig = multisigScript(script.required, publicKeys);
  switch (wrapping) {
    case 'wsh':
      return payToWitnessScriptHash(multisig);
    case 'sh-wsh':
      return payToScriptHash(payToWitnessScriptHash(multisig));
    case 'sh':
      return payToScriptHash(multisig);
    case 'bare':
      throw new HostFault('no address without a wrapping');
  }
}

function* keysAskedOnce(
  source: ScriptSource,
  keys: readonly KeyExpression[],
  place: Place,
): Dialogue<readonly Uint8Array[]> {
  const publicKeys: Uint8Array[] = [];
  for (const key of keys) publicKeys.push(yield* derivedKey(source, key, place));
  return publicKeys;
}

function* keysAskedInOrder(
  source: ScriptSource,
  keys: readonly KeyExpression[],
  place: Place,
): Dialogue<readonly Uint8Array[]> {
  const left = [...keys];
  let publicKeys = yield* keysAskedOnce(source, left, place);
  const sorted = sortKeys(publicKeys);
  for (const smallest of sorted.slice(0, -1)) {
    left.splice(publicKeys.indexOf(smallest), 1);
    publicKeys = yield* keysAskedOnce(source, left, place);
  }
  return sorted;
}

function* derivedKey(
  source: ScriptSource,
  { keyIndex, first, second }: KeyExpression,
  { change, index }: Place,
): Dialogue<Uint8Array> {
  const information = yield* keyInformation(source.app, source.keys, keyIndex, source.version);
  const branch = change ? second : first;
  if (branch >= HARDENED || index >= HARDENED) throw new HostFault('a hardened step');
  const name = `${information.text} ${branch}`;
  const known = source.derived.get(`${name} ${index}`);
  if (known !== undefined) return known;
  const branchKey =
    source.branchKeys.get(name) ?? childOf(extendedKeyOf(information, source.app), branch);
  source.branchKeys.set(name, branchKey);
  const { publicKey } = childOf(branchKey, index);
  source.derived.set(`${name} ${index}`, publicKey);
  return publicKey;
}

const MAX_DEPTH = 255;

const childOf = (key: ExtendedKey, index: number): ExtendedKey => {
  if (!isPublicKey(key.publicKey) || key.depth === MAX_DEPTH) {
    throw new HostFault('a key without children');
  }
  return deriveChildKey(key, index);
};
