import { formatHex, parseUtf8 } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import { formatPsbtBase64, MAX_PSBT_BYTES, parsePsbt } from '../src/index.ts';
import { bytesOf, codeOf, errorOf, type PsbtEntry, psbtEntries } from './psbt-vectors.ts';

const entry = psbtEntries('psbt/bip174-valid.json', 'valid')[4] as PsbtEntry;
const binary = bytesOf(entry);
const base64 = entry.base64;
const hex = formatHex(binary);
const lines = (base64.match(/.{1,64}/g) ?? []).join('\r\n');

describe('parsePsbt', () => {
  it.each([
    ['binary', binary],
    ['base64', parseUtf8(base64)],
    ['base64 with a line end', parseUtf8(`${base64}\n`)],
    ['base64 in lines, as mail has it', parseUtf8(`\n ${lines}\r\n`)],
    ['hex', parseUtf8(hex)],
    ['hex in capitals', parseUtf8(hex.toUpperCase())],
    ['a Buffer', Buffer.from(base64)],
  ])('reads %s', (_, file) => {
    expect(formatPsbtBase64(parsePsbt(file))).toBe(base64);
  });

  it.each([
    ['an empty file', '', 'empty'],
    ['white space', ' \n', 'begins neither'],
    ['another text', 'hello', 'begins neither'],
    ['a transaction in hex', '0200000001', 'begins neither'],
    ['base64 with another letter in it', `${base64.slice(0, 60)}*${base64.slice(61)}`, 'not all'],
    ['base64 without its padding', base64.replace(/=+$/, ''), 'not all'],
    ['an odd number of hex digits', hex.slice(0, -1), 'not all'],
    ['two PSBTs in base64', `${base64}\n${base64}`, 'not all'],
  ])('refuses %s', (_, text, reason) => {
    const error = errorOf(() => parsePsbt(parseUtf8(text)));
    expect(error.code).toBe('PSBT_NOT_A_PSBT');
    expect(error.message).toContain(reason);
  });

  it('refuses a cut text for what it is', () => {
    const cut = base64.slice(0, 400);
    expect(codeOf(() => parsePsbt(parseUtf8(cut)))).toBe('PSBT_TRUNCATED');
    expect(codeOf(() => parsePsbt(parseUtf8(hex.slice(0, 400))))).toBe('PSBT_TRUNCATED');
  });

  it('refuses a file above the bound without decoding it', () => {
    const file = new Uint8Array(MAX_PSBT_BYTES + 1).fill(0x20);
    expect(codeOf(() => parsePsbt(file))).toBe('PSBT_TOO_LARGE');
  });
});
