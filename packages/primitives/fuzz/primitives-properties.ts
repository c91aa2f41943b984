import fc from 'fast-check';
import { type FuzzProperty, fuzzProperty } from '../../../scripts/fuzz-property.ts';
import { unlessRefused } from '../../../scripts/unless-refused.ts';
import {
  byteReader,
  byteWriter,
  canonicalJson,
  equalBytes,
  formatBase64,
  formatBtc,
  formatFeeRate,
  formatHex,
  formatOutpoint,
  type JsonValue,
  MAX_SATS,
  parseBase64,
  parseBtc,
  parseFeeRate,
  parseHex,
  parseNetwork,
  parseOutpoint,
  parseSats,
  parseTxid,
  readCompactSize,
  writeCompactSize,
  writtenBytes,
} from '../src/index.ts';

/** Texts of few letters, which come near to being what is asked for. */
const near = (letters: string, maxLength: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.string({ unit: fc.constantFrom(...letters.split('')), maxLength }) },
    fc.string({ unit: 'binary', maxLength }),
  );

const wanted = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(what);
};

const amounts = fuzzProperty(
  'amount and fee rate: read exactly, or refused',
  { long: 20_000, short: 200 },
  fc.property(near('0123456789.-+e_ ', 24), (text) => {
    const btc = unlessRefused(() => parseBtc(text));
    if (btc !== undefined) {
      wanted(btc >= 0n && btc <= MAX_SATS, 'in range');
      const [whole = '', decimals = ''] = text.split('.');
      wanted(formatBtc(btc) === `${whole}.${decimals.padEnd(8, '0')}`, 'exact');
    }
    const sats = unlessRefused(() => parseSats(text));
    if (sats !== undefined) wanted(sats.toString() === text, 'exact');
    const rate = unlessRefused(() => parseFeeRate(text));
    if (rate !== undefined) wanted(parseFeeRate(formatFeeRate(rate)) === rate, 'the same rate');
  }),
);

const texts = fuzzProperty(
  'hex, base64, outpoint, network: one text for each value, or refused',
  { long: 10_000, short: 100 },
  fc.property(
    fc.oneof(
      near('0123456789abcdefABCDEF', 80),
      near('ABab01+/= \n', 40),
      fc
        .tuple(fc.uint8Array({ minLength: 32, maxLength: 32 }), near('0123456789:-', 12))
        .map(([hash, rest]) => `${formatHex(hash)}${rest}`),
    ),
    (text) => {
      const hex = unlessRefused(() => parseHex(text));
      if (hex !== undefined) wanted(formatHex(hex) === text.toLowerCase(), 'the same hex');
      const base64 = unlessRefused(() => parseBase64(text));
      if (base64 !== undefined) wanted(formatBase64(base64) === text, 'the same base64');
      const outpoint = unlessRefused(() => parseOutpoint(text));
      if (outpoint !== undefined) wanted(formatOutpoint(outpoint) === text, 'the same outpoint');
      unlessRefused(() => parseTxid(text));
      unlessRefused(() => parseNetwork(text));
    },
  ),
);

const sizes = fuzzProperty(
  'compact size: the shortest form alone',
  { long: 10_000, short: 100 },
  fc.property(
    fc
      .tuple(fc.constantFrom(0xfc, 0xfd, 0xfe, 0xff), fc.uint8Array({ maxLength: 8 }))
      .map(([first, rest]) => Uint8Array.of(first, ...rest)),
    (bytes) => {
      const reader = byteReader(bytes);
      const value = unlessRefused(() => readCompactSize(reader));
      if (value === undefined) return;
      const writer = byteWriter(9);
      writeCompactSize(writer, value);
      wanted(equalBytes(writtenBytes(writer), bytes.subarray(0, reader.offset)), 'the same bytes');
    },
  ),
);

const json = fuzzProperty(
  'canonical JSON: the same for equal values, and it reads back',
  { long: 5_000, short: 100 },
  fc.property(
    fc.letrec<{ value: JsonValue }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string({ unit: 'binary', maxLength: 8 }),
        fc.maxSafeInteger(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(
          fc.oneof(
            fc.string({ maxLength: 4 }),
            fc.constantFrom('__proto__', 'constructor', '10', '9'),
          ),
          tie('value'),
          { maxKeys: 4 },
        ),
      ),
    })).value,
    (value) => {
      const text = canonicalJson(value);
      const back = JSON.parse(text) as JsonValue;
      wanted(canonicalJson(back) === text, 'the same text');
      wanted(canonicalJson(turned(back)) === text, 'whatever the order of its keys');
    },
  ),
);

/** The same value with the members of every object the other way round. */
const turned = (value: JsonValue): JsonValue => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(turned);
  const members = Object.entries(value).map(([key, member]) => [key, turned(member)] as const);
  return Object.fromEntries(members.toReversed());
};

export const primitivesProperties: readonly FuzzProperty[] = [amounts, texts, sizes, json];
