import { compareBytes } from '@qoima/primitives';
import { isQuorum, quorum } from './quorum.ts';

/** OP_1 … OP_15 are 0x51 … 0x5f. */
const OP_0 = 0x50;
const OP_CHECKMULTISIG = 0xae;
const KEY_LENGTH = 33;
/** One byte that pushes 33, and the key. */
const PUSHED_LENGTH = 1 + KEY_LENGTH;

/** The parts of a multisig script, in the order in which it has them. */
export interface MultisigScript {
  readonly required: number;
  readonly publicKeys: readonly Uint8Array[];
}

/** A copy in BIP-67's order, which is that of their bytes. */
export const sortKeys = (publicKeys: readonly Uint8Array[]): readonly Uint8Array[] =>
  publicKeys.toSorted(compareBytes);

/**
 * `k <key> … n OP_CHECKMULTISIG`, the keys in the order given, each 33 bytes.
 * @throws `POLICY_QUORUM_INVALID`
 */
export const multisigScript = (required: number, publicKeys: readonly Uint8Array[]): Uint8Array => {
  quorum(required, publicKeys.length);
  const script = new Uint8Array(3 + PUSHED_LENGTH * publicKeys.length);
  let at = 0;
  script[at++] = OP_0 + required;
  for (const publicKey of publicKeys) {
    if (publicKey.length !== KEY_LENGTH) throw new Error('a policy holds compressed keys only');
    script[at++] = KEY_LENGTH;
    script.set(publicKey, at);
    at += KEY_LENGTH;
  }
  script[at++] = OP_0 + publicKeys.length;
  script[at] = OP_CHECKMULTISIG;
  return script;
};

/**
 * Reads what `multisigScript` writes and nothing else: minimal pushes, 33-byte keys that begin with 2
 * or 3, 1 ≤ k ≤ n ≤ 15, and no byte more. Undefined for any other script. Not checked: that the
 * keys lie on the curve, differ, or are sorted.
 */
export const parseMultisigScript = (script: Uint8Array): MultisigScript | undefined => {
  const total = (script.length - 3) / PUSHED_LENGTH;
  const required = (script[0] ?? 0) - OP_0;
  if (!isQuorum(required, total)) return undefined;
  if (script.at(-2) !== OP_0 + total || script.at(-1) !== OP_CHECKMULTISIG) return undefined;
  const publicKeys: Uint8Array[] = [];
  for (let at = 1; publicKeys.length < total; at += PUSHED_LENGTH) {
    const parity = script[at + 1];
    if (script[at] !== KEY_LENGTH || (parity !== 2 && parity !== 3)) return undefined;
    publicKeys.push(script.slice(at + 1, at + PUSHED_LENGTH));
  }
  return { required, publicKeys };
};
