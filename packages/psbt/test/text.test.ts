import { formatHex, parseUtf8 } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import {
  assemblePsbt,
  encodePsbt,
  formatPsbtBase64,
  GLOBAL,
  MAX_PSBT_BYTES,
  parsePsbt,
  record,
} from '../src/index.ts';
import { bytesOf, codeOf, errorOf, type PsbtEntry, psbtEntries } from './psbt-vectors.ts';

const entry = psbtEntries('psbt/bip174-valid.json', 'valid')[4] as PsbtEntry;
const binary = bytesOf(entry);
const base64 = entry.base64;
const hex = formatHex(binary);
/** Of a proprietary record: an identifier of no bytes, and subtype 0. */
const key = Uint8Array.of(0, 0);
const lines = (base64.match(/.{1,64}/g) ?? []).join('\r\n');

describe('parsePsbt', () => {
  it.each([
    ['binary', binary],
    ['base64', parseUtf8(base64)],
    ['base64 with a line end', parseUtf8(`${base64}\n`)],
    ['base64 in lines, as mail has it', parseUtf8(`\n ${lines}\r\n`)],
    ['base64 with a line end in its first letters', parseUtf8(`cHN\r\n${base64.slice(3)}`)],
    ['base64 behind many empty lines', parseUtf8(`${'\n'.repeat(500)}${base64}`)],
    ['base64 with its letters far apart', parseUtf8(base64.split('').join(' '.repeat(30)))],
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

  it('reads a text of several pieces, and refuses padding at the end of any but the last', () => {
    // A piece has 65,536 letters.
    const psbt = assemblePsbt(
      2,
      { version: 2, lockTime: 0, inputs: [], outputs: [] },
      {
        global: [record(GLOBAL.proprietary, new Uint8Array(70_000), key)],
        inputs: [],
        outputs: [],
      },
    );
    const text = formatPsbtBase64(psbt);
    const spaced = text.replaceAll('AAAAAAAA', 'AAAA\t \r\nAAAA');
    expect(encodePsbt(parsePsbt(parseUtf8(spaced)))).toEqual(encodePsbt(psbt));
    expect(encodePsbt(parsePsbt(parseUtf8(formatHex(encodePsbt(psbt)))))).toEqual(encodePsbt(psbt));
    for (const padding of ['A===', 'AA==', 'AAA=']) {
      const padded = `${text.slice(0, 65_532)}${padding}${text.slice(65_536)}`;
      expect(codeOf(() => parsePsbt(parseUtf8(padded)))).toBe('PSBT_NOT_A_PSBT');
    }
  });

  it('refuses a file above the bound without decoding it', () => {
    const file = new Uint8Array(MAX_PSBT_BYTES + 1).fill(0x20);
    expect(codeOf(() => parsePsbt(file))).toBe('PSBT_TOO_LARGE');
  });
});
