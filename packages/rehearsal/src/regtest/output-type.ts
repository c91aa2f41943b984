/** Kinds of scriptPubKey, by the names that Bitcoin Core prints. */
export type OutputType =
  | 'pubkeyhash'
  | 'scripthash'
  | 'witness_v0_keyhash'
  | 'witness_v0_scripthash'
  | 'witness_v1_taproot'
  | 'witness_unknown'
  | 'nulldata'
  | 'nonstandard';

/**
 * The kind of a script. Bare keys and bare multisig, which Core passes on too, count as nonstandard
 * here: nothing in a rehearsal makes them.
 */
export const outputType = (script: Uint8Array): OutputType => {
  const [first = 0xff, second = 0] = script;
  const { length } = script;
  if (first === OP_RETURN && isPushOnly(script.subarray(1))) return 'nulldata';
  if (length === 25 && startsWith(script, 0x76, 0xa9, 20) && endsWith(script, 0x88, 0xac)) {
    return 'pubkeyhash';
  }
  if (length === 23 && startsWith(script, 0xa9, 20) && endsWith(script, 0x87)) return 'scripthash';
  if (length !== second + 2 || length < 4 || length > 42) return 'nonstandard';
  if (first === 0) {
    if (second === 20) return 'witness_v0_keyhash';
    return second === 32 ? 'witness_v0_scripthash' : 'nonstandard';
  }
  if (first < OP_1 || first > OP_16) return 'nonstandard';
  return first === OP_1 && second === 32 ? 'witness_v1_taproot' : 'witness_unknown';
};

/** True for `OP_RETURN` outputs, which can never be spent. */
export const isUnspendable = (script: Uint8Array): boolean => script[0] === OP_RETURN;

/** True when a script only pushes data and every push is whole. */
export const isPushOnly = (script: Uint8Array): boolean => pushes(script) !== undefined;

/** What a push-only script puts on the stack; undefined for any other script. */
export const pushes = (script: Uint8Array): readonly Uint8Array[] | undefined => {
  const found: Uint8Array[] = [];
  for (let at = 0; at < script.length; ) {
    const opcode = script[at] as number;
    if (opcode > OP_16) return undefined;
    const lengthBytes =
      opcode < OP_PUSHDATA1 || opcode > OP_PUSHDATA4 ? 0 : 1 << (opcode - OP_PUSHDATA1);
    let length = opcode < OP_PUSHDATA1 ? opcode : 0;
    for (let i = lengthBytes; i > 0; i--) length = length * 256 + (script[at + i] ?? 0);
    const start = at + 1 + lengthBytes;
    if (start + length > script.length) return undefined;
    const isNumber = opcode > OP_PUSHDATA4;
    found.push(isNumber ? pushedNumber(opcode) : script.subarray(start, start + length));
    at = start + length;
  }
  return found;
};

const OP_PUSHDATA1 = 0x4c;
const OP_PUSHDATA4 = 0x4e;
const OP_1 = 0x51;
const OP_16 = 0x60;
const OP_RETURN = 0x6a;

/** OP_1NEGATE, OP_1 … OP_16; OP_RESERVED between them fails when it is run. */
const pushedNumber = (opcode: number): Uint8Array =>
  Uint8Array.of(opcode < OP_1 ? 0x81 : opcode - OP_1 + 1);

const startsWith = (script: Uint8Array, ...bytes: readonly number[]): boolean =>
  bytes.every((byte, i) => script[i] === byte);

const endsWith = (script: Uint8Array, ...bytes: readonly number[]): boolean =>
  bytes.every((byte, i) => script[script.length - bytes.length + i] === byte);
