const OP_PUSHDATA1 = 0x4c;
const OP_PUSHDATA2 = 0x4d;

/**
 * The items that a script pushes, if it does nothing else and pushes each in the shortest way
 * (BIP-62, rules 2 and 3); else undefined. Views of `script`. Of OP_1 … OP_16 and OP_1NEGATE it knows
 * nothing: no signature or script is a single such byte.
 */
export const readPushes = (script: Uint8Array): readonly Uint8Array[] | undefined => {
  const items: Uint8Array[] = [];
  let at = 0;
  while (at < script.length) {
    const [opcode = 0, low = 0, high = 0] = script.subarray(at, at + 3);
    const [prefix, length, least] =
      opcode < OP_PUSHDATA1
        ? [1, opcode, 0]
        : opcode === OP_PUSHDATA1
          ? [2, low, OP_PUSHDATA1]
          : opcode === OP_PUSHDATA2
            ? [3, low + 256 * high, 0x100]
            : [0, 0, 0];
    const end = at + prefix + length;
    if (prefix === 0 || length < least || end > script.length) return undefined;
    const item = script.subarray(at + prefix, end);
    if (item.length === 1 && isOpcode(item[0] as number)) return undefined;
    items.push(item);
    at = end;
  }
  return items;
};

/** Bytes that OP_1 … OP_16 and OP_1NEGATE push in one byte less. */
const isOpcode = (byte: number): boolean => (byte >= 1 && byte <= 16) || byte === 0x81;
