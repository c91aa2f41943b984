import { concatBytes, parseHex } from '@qoima/primitives';

/** The opcodes that the multisig cases of Bitcoin Core's script tests name. */
const opcodes: Readonly<Record<string, number>> = {
  CHECKMULTISIG: 0xae,
  CHECKMULTISIGVERIFY: 0xaf,
  CHECKSIG: 0xac,
  CHECKSIGVERIFY: 0xad,
  CODESEPARATOR: 0xab,
  DEPTH: 0x74,
  DROP: 0x75,
  DUP: 0x76,
  ENDIF: 0x68,
  EQUAL: 0x87,
  EQUALVERIFY: 0x88,
  HASH160: 0xa9,
  IF: 0x63,
  NOP: 0x61,
  NOT: 0x91,
  SWAP: 0x7c,
  VERIFY: 0x69,
};

/** Assembles the notation of script_tests.json: numbers, 'text', 0xraw and names of opcodes. */
export const assemble = (text: string): Uint8Array =>
  concatBytes(...text.split(' ').filter(Boolean).map(assembleWord));

const assembleWord = (word: string): Uint8Array => {
  if (word.startsWith('0x')) return parseHex(word.slice(2));
  if (word.startsWith("'")) return pushOf(new TextEncoder().encode(word.slice(1, -1)));
  if (/^-?[0-9]+$/.test(word)) {
    const value = Number(word);
    if (value === 0) return Uint8Array.of(0);
    if (value >= -1 && value <= 16) return Uint8Array.of(0x50 + value);
    return pushOf(Uint8Array.of(value));
  }
  const opcode = opcodes[word.replace('OP_', '')];
  if (opcode === undefined) throw new Error(`no opcode ${word}`);
  return Uint8Array.of(opcode);
};

const pushOf = (bytes: Uint8Array): Uint8Array => concatBytes(Uint8Array.of(bytes.length), bytes);

/** What a script that only pushes leaves on the stack; undefined if it does anything else. */
export const pushes = (script: Uint8Array): readonly Uint8Array[] | undefined => {
  const found: Uint8Array[] = [];
  let at = 0;
  while (at < script.length) {
    const opcode = script[at++] as number;
    if (opcode > 0x60) return undefined;
    if (opcode === 0x4f || opcode > 0x50) {
      found.push(Uint8Array.of(opcode === 0x4f ? 0x81 : opcode - 0x50));
      continue;
    }
    let length = opcode;
    if (opcode >= 0x4c) {
      const size = opcode === 0x4c ? 1 : opcode === 0x4d ? 2 : 4;
      length = 0;
      for (let i = size - 1; i >= 0; i--) length = length * 256 + (script[at + i] ?? 0);
      at += size;
    }
    if (at + length > script.length) return undefined;
    found.push(script.slice(at, at + length));
    at += length;
  }
  return found;
};
