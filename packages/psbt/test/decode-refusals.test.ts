import { concatBytes, formatHex, parseHex } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import {
  decodePsbt,
  encodePsbt,
  encodeUnsignedTransaction,
  GLOBAL,
  INPUT,
  MAX_PSBT_BYTES,
  OUTPUT,
  type Psbt,
  type PsbtMap,
  type PsbtRecord,
  record,
  type UnsignedTransaction,
} from '../src/index.ts';
import { errorOf } from './psbt-vectors.ts';

const txid = new Uint8Array(32).fill(7);
const script = parseHex('0014751e76e8199196d454941c45d1b3a323f1433bd6');
const publicKey = parseHex('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');
const origin = { fingerprint: Uint8Array.of(1, 2, 3, 4), path: [0, 1] };

const transaction: UnsignedTransaction = {
  version: 2,
  lockTime: 0,
  inputs: [
    { txid, vout: 0, sequence: 0xfffffffd },
    { txid, vout: 1, sequence: 0xfffffffd },
  ],
  outputs: [{ amount: 1000n, script }],
};

/** A record of any bytes, which `record` would refuse. */
const raw = (type: number, keyData: string, value: string | Uint8Array): PsbtRecord => ({
  type,
  keyData: parseHex(keyData),
  value: typeof value === 'string' ? parseHex(value) : value,
});

interface Maps {
  readonly global?: PsbtMap;
  readonly inputs?: readonly PsbtMap[];
  readonly outputs?: readonly PsbtMap[];
}

const version0 = ({ global, inputs, outputs }: Maps): Uint8Array =>
  encodePsbt({
    version: 0,
    transaction,
    global: global ?? [record(GLOBAL.unsignedTransaction, transaction)],
    inputs: inputs ?? [[], []],
    outputs: outputs ?? [[]],
  });

const globals2 = [
  record(GLOBAL.transactionVersion, 2),
  record(GLOBAL.inputCount, 1),
  record(GLOBAL.outputCount, 1),
  record(GLOBAL.version, 2),
];
const input2 = [record(INPUT.previousTxid, txid), record(INPUT.outputIndex, 0)];
const output2 = [record(OUTPUT.amount, 1000n), record(OUTPUT.script, script)];

const version2 = ({ global, inputs, outputs }: Maps): Uint8Array =>
  encodePsbt({
    version: 2,
    transaction,
    global: global ?? globals2,
    inputs: inputs ?? [input2],
    outputs: outputs ?? [output2],
  });

const inInput1 = (...records: PsbtRecord[]): Uint8Array => version0({ inputs: [[], records] });

const plain = version0({});
const unsigned = encodeUnsignedTransaction(transaction);
/** Where the first input map begins: magic, key, length, transaction, separator. */
const inputsAt = 5 + 2 + 1 + unsigned.length + 1;

const withTransaction = (change: (bytes: Uint8Array) => Uint8Array): Uint8Array =>
  version0({ global: [raw(0, '', change(unsigned.slice()))] });

const set = (bytes: Uint8Array, at: number, hex: string): Uint8Array => {
  const changed = bytes.slice();
  changed.set(parseHex(hex), at);
  return changed;
};

type Case = [what: string, bytes: Uint8Array, code: string, map?: string | undefined, at?: number];

const cases: readonly Case[] = [
  ['nothing', new Uint8Array(), 'PSBT_NOT_A_PSBT'],
  ['half of the magic', plain.subarray(0, 4), 'PSBT_NOT_A_PSBT', undefined, 0],
  ['a network transaction', unsigned, 'PSBT_NOT_A_PSBT', undefined, 0],
  ['only the magic', plain.subarray(0, 5), 'PSBT_TRUNCATED', 'global', 5],
  ['an end within the transaction', plain.subarray(0, 40), 'PSBT_TRUNCATED', 'global', 5],
  ['no input map', plain.subarray(0, inputsAt), 'PSBT_TRUNCATED', 'input 0', inputsAt],
  [
    'no second input map',
    plain.subarray(0, inputsAt + 1),
    'PSBT_TRUNCATED',
    'input 1',
    inputsAt + 1,
  ],
  ['no output map', plain.subarray(0, -1), 'PSBT_TRUNCATED', 'output 0', plain.length - 1],
  [
    'a value that is longer than the file',
    set(inInput1(raw(0x30, '', '0011')), inputsAt + 3, 'fd'),
    'PSBT_TRUNCATED',
    'input 1',
    inputsAt + 1,
  ],
  [
    'a byte after the end',
    concatBytes(plain, Uint8Array.of(0)),
    'PSBT_TRAILING_BYTES',
    undefined,
    plain.length,
  ],
  [
    'a key length not in its shortest form',
    concatBytes(plain.subarray(0, inputsAt), parseHex('fd0100f00000000000')),
    'PSBT_NON_CANONICAL',
    'input 0',
    inputsAt,
  ],
  [
    'a type not in its shortest form',
    concatBytes(plain.subarray(0, inputsAt), parseHex('03fdf000000000')),
    'PSBT_NON_CANONICAL',
    'input 0',
    inputsAt,
  ],
  [
    'a value length not in its shortest form',
    concatBytes(plain.subarray(0, inputsAt), parseHex('01f0fe000000000000')),
    'PSBT_NON_CANONICAL',
    'input 0',
    inputsAt,
  ],
  [
    'a length above 2^53',
    concatBytes(plain.subarray(0, inputsAt), parseHex('01f0ffffffffffffffffff')),
    'PSBT_NON_CANONICAL',
    'input 0',
    inputsAt,
  ],
  [
    'a length of 2^32',
    concatBytes(plain.subarray(0, inputsAt), parseHex('01f0ff0000000001000000')),
    'PSBT_TRUNCATED',
    'input 0',
    inputsAt,
  ],
  [
    'a key that ends within its type',
    concatBytes(plain.subarray(0, inputsAt), parseHex('01fd0001000000')),
    'PSBT_FIELD_INVALID',
    'input 0',
    inputsAt,
  ],
  ['no unsigned transaction', version0({ global: [] }), 'PSBT_FIELD_MISSING', 'global', 5],
  [
    'version 1',
    version0({ global: [record(GLOBAL.version, 1)] }),
    'PSBT_VERSION_UNKNOWN',
    'global',
    5,
  ],
  [
    'version 3',
    version0({
      global: [record(GLOBAL.unsignedTransaction, transaction), record(GLOBAL.version, 3)],
    }),
    'PSBT_VERSION_UNKNOWN',
    'global',
    inputsAt - 1,
  ],
  [
    'a version of one byte',
    version0({ global: [raw(0xfb, '', '00')] }),
    'PSBT_FIELD_INVALID',
    'global',
    5,
  ],
  [
    'a version with key data',
    version0({ global: [raw(0xfb, '01', '02000000')] }),
    'PSBT_FIELD_INVALID',
    'global',
    5,
  ],
  [
    'a key twice, side by side',
    inInput1(raw(3, '', '01000000'), raw(3, '', '02000000')),
    'PSBT_DUPLICATE_KEY',
    'input 1',
    inputsAt + 8,
  ],
  [
    'an unknown key twice, with another between',
    inInput1(raw(0xf0, '0a', '01'), raw(0xf1, '', ''), raw(0xf0, '0a', '02')),
    'PSBT_DUPLICATE_KEY',
    'input 1',
    inputsAt + 1 + 5 + 3,
  ],
  [
    'a key twice in a large map out of order',
    inInput1(
      ...Array.from({ length: 100 }, (_, i) => raw(0xf0, formatHex(Uint8Array.of(99 - i)), '')),
      raw(0xf0, '32', 'ff'),
    ),
    'PSBT_DUPLICATE_KEY',
    'input 1',
    inputsAt + 1 + 400,
  ],
  [
    'a scriptSig in the unsigned transaction',
    withTransaction((bytes) =>
      concatBytes(bytes.subarray(0, 41), parseHex('0151'), bytes.subarray(42)),
    ),
    'PSBT_ALREADY_SIGNED',
    'global',
    5,
  ],
  [
    'an unsigned transaction in the witness serialisation',
    withTransaction((bytes) =>
      concatBytes(bytes.subarray(0, 4), parseHex('0001'), bytes.subarray(4)),
    ),
    'PSBT_FIELD_INVALID',
    'global',
    5,
  ],
  [
    'a byte after the unsigned transaction',
    withTransaction((b) => concatBytes(b, Uint8Array.of(0))),
    'PSBT_FIELD_INVALID',
    'global',
    5,
  ],
  [
    'an empty unsigned transaction',
    withTransaction(() => new Uint8Array()),
    'PSBT_FIELD_INVALID',
    'global',
    5,
  ],
  [
    '2^32 inputs in the unsigned transaction',
    withTransaction(() => parseHex('02000000ff000000000100000000000000')),
    'PSBT_FIELD_INVALID',
    'global',
    5,
  ],
  [
    'an output above 21 million bitcoin',
    withTransaction((bytes) => set(bytes, 4 + 1 + 82 + 1, '0140075af0750700')),
    'PSBT_AMOUNT_OUT_OF_RANGE',
    'global',
    5,
  ],
  [
    'an output of -1',
    withTransaction((bytes) => set(bytes, 4 + 1 + 82 + 1, 'ffffffffffffffff')),
    'PSBT_AMOUNT_OUT_OF_RANGE',
    'global',
    5,
  ],
  [
    'a witness UTXO above 21 million bitcoin',
    inInput1(raw(1, '', '0140075af075070000')),
    'PSBT_AMOUNT_OUT_OF_RANGE',
    'input 1',
    inputsAt + 1,
  ],
  [
    'the same coin twice',
    withTransaction((bytes) => set(bytes, 4 + 1 + 41 + 32, '00000000')),
    'PSBT_DUPLICATE_INPUT',
    'input 1',
  ],
  [
    'a witness UTXO with bytes after it',
    inInput1(raw(1, '', '01000000000000000000')),
    'PSBT_FIELD_INVALID',
    'input 1',
    inputsAt + 1,
  ],
  [
    'a previous transaction that is none',
    inInput1(raw(0, '', '0200')),
    'PSBT_FIELD_INVALID',
    'input 1',
    inputsAt + 1,
  ],
  [
    'a previous transaction without the spent output',
    inInput1(raw(0, '', encodeUnsignedTransaction(transaction))),
    'PSBT_FIELD_INVALID',
    'input 1',
  ],
  [
    'a public key of 32 bytes',
    inInput1(raw(2, '02'.repeat(32), '30')),
    'PSBT_FIELD_INVALID',
    'input 1',
    inputsAt + 1,
  ],
  [
    'a public key from 04 of 33 bytes',
    inInput1(raw(6, '04'.repeat(33), '00000000')),
    'PSBT_FIELD_INVALID',
    'input 1',
    inputsAt + 1,
  ],
  [
    'an empty partial signature',
    inInput1(raw(2, formatHex(publicKey), '')),
    'PSBT_FIELD_INVALID',
    'input 1',
    inputsAt + 1,
  ],
  [
    'a derivation path of three bytes more',
    inInput1(raw(6, formatHex(publicKey), '01020304000000')),
    'PSBT_FIELD_INVALID',
    'input 1',
    inputsAt + 1,
  ],
  [
    'a derivation without fingerprint',
    inInput1(raw(6, formatHex(publicKey), '')),
    'PSBT_FIELD_INVALID',
    'input 1',
    inputsAt + 1,
  ],
  [
    'a sighash type of one byte',
    inInput1(raw(3, '', '01')),
    'PSBT_FIELD_INVALID',
    'input 1',
    inputsAt + 1,
  ],
  [
    'a final witness with an item too few',
    inInput1(raw(8, '', '0200')),
    'PSBT_FIELD_INVALID',
    'input 1',
    inputsAt + 1,
  ],
  [
    'a final witness of 2^32 items',
    inInput1(raw(8, '', 'ff0000000001000000')),
    'PSBT_FIELD_INVALID',
    'input 1',
    inputsAt + 1,
  ],
  [
    'a proprietary key without subtype',
    inInput1(raw(0xfc, '0161', '')),
    'PSBT_FIELD_INVALID',
    'input 1',
    inputsAt + 1,
  ],
  [
    'a field of version 2 in version 0',
    inInput1(record(INPUT.sequence, 0)),
    'PSBT_FIELD_FORBIDDEN',
    'input 1',
    inputsAt + 1,
  ],
  [
    'an amount of version 2 in version 0',
    version0({ outputs: [[record(OUTPUT.amount, 1n)]] }),
    'PSBT_FIELD_FORBIDDEN',
    'output 0',
    inputsAt + 2,
  ],
  [
    'an extended key of another depth than its path',
    version0({
      global: [
        record(GLOBAL.unsignedTransaction, transaction),
        {
          type: GLOBAL.extendedKey.type,
          keyData: concatBytes(parseHex('043587cf01'), new Uint8Array(40), publicKey),
          value: GLOBAL.extendedKey.value.encode(origin),
        },
      ],
    }),
    'PSBT_FIELD_INVALID',
    'global',
    inputsAt - 1,
  ],
  [
    'an extended private key',
    version0({
      global: [
        record(GLOBAL.unsignedTransaction, transaction),
        raw(
          1,
          formatHex(concatBytes(parseHex('0435839400'), new Uint8Array(72), Uint8Array.of(1))),
          '00000000',
        ),
      ],
    }),
    'PSBT_FIELD_INVALID',
    'global',
    inputsAt - 1,
  ],
  [
    'an unsigned transaction in version 2',
    version2({ global: [record(GLOBAL.unsignedTransaction, transaction), ...globals2] }),
    'PSBT_FIELD_FORBIDDEN',
    'global',
    5,
  ],
  ...globals2
    .slice(0, 3)
    .map(
      (missing): Case => [
        `version 2 without global type ${missing.type}`,
        version2({ global: globals2.filter((kept) => kept !== missing) }),
        'PSBT_FIELD_MISSING',
        'global',
        5,
      ],
    ),
  ...input2.map(
    (missing): Case => [
      `version 2 without input type ${missing.type}`,
      version2({ inputs: [input2.filter((kept) => kept !== missing)] }),
      'PSBT_FIELD_MISSING',
      'input 0',
    ],
  ),
  ...output2.map(
    (missing): Case => [
      `version 2 without output type ${missing.type}`,
      version2({ outputs: [output2.filter((kept) => kept !== missing)] }),
      'PSBT_FIELD_MISSING',
      'output 0',
    ],
  ),
  [
    'a count of 2^32 inputs',
    version2({ global: globals2.with(1, raw(4, '', 'ff0000000001000000')) }),
    'PSBT_COUNT_ABSURD',
    'global',
  ],
  [
    'a count of outputs that the file cannot hold',
    version2({ global: globals2.with(2, record(GLOBAL.outputCount, 200)) }),
    'PSBT_COUNT_ABSURD',
    'global',
  ],
  [
    'a count of two bytes',
    version2({ global: globals2.with(1, raw(4, '', '0100')) }),
    'PSBT_FIELD_INVALID',
    'global',
  ],
  [
    'an amount above 21 million bitcoin in version 2',
    version2({ outputs: [[raw(3, '', '0140075af0750700'), ...output2.slice(1)]] }),
    'PSBT_AMOUNT_OUT_OF_RANGE',
    'output 0',
  ],
  [
    'an amount of seven bytes in version 2',
    version2({ outputs: [[raw(3, '', '01020304050607'), ...output2.slice(1)]] }),
    'PSBT_FIELD_INVALID',
    'output 0',
  ],
  [
    'a required time that is a height',
    version2({ inputs: [[...input2, raw(0x11, '', 'ff64cd1d')]] }),
    'PSBT_FIELD_INVALID',
    'input 0',
  ],
  [
    'a required height that is a time',
    version2({ inputs: [[...input2, raw(0x12, '', '0065cd1d')]] }),
    'PSBT_FIELD_INVALID',
    'input 0',
  ],
  [
    'a required height of 0',
    version2({ inputs: [[...input2, raw(0x12, '', '00000000')]] }),
    'PSBT_FIELD_INVALID',
    'input 0',
  ],
  [
    'an empty taproot tree',
    version0({ outputs: [[raw(6, '', '')]] }),
    'PSBT_FIELD_INVALID',
    'output 0',
  ],
  [
    'a taproot tree with one branch',
    version0({ outputs: [[raw(6, '', '01c000')]] }),
    'PSBT_FIELD_INVALID',
    'output 0',
  ],
  [
    'a taproot tree with three halves',
    version0({ outputs: [[raw(6, '', '01c00001c00001c000')]] }),
    'PSBT_FIELD_INVALID',
    'output 0',
  ],
  [
    'a taproot tree that is not depth first',
    version0({ outputs: [[raw(6, '', '02c00001c00002c000')]] }),
    'PSBT_FIELD_INVALID',
    'output 0',
  ],
  [
    'a taproot tree with an odd leaf version',
    version0({ outputs: [[raw(6, '', '00c100')]] }),
    'PSBT_FIELD_INVALID',
    'output 0',
  ],
  [
    'a path of more steps than a key can be deep',
    inInput1(raw(6, `02${'11'.repeat(32)}`, '01020304'.repeat(257))),
    'PSBT_FIELD_INVALID',
    'input 1',
  ],
];

describe('decodePsbt refuses', () => {
  it.each<Case>(cases)('%s', (_, bytes, code, map, offset) => {
    const error = errorOf(() => decodePsbt(bytes));
    expect(error.code).toBe(code);
    if (map !== undefined) {
      expect(error.details['map']).toBe(map);
      expect(error.message.toLowerCase()).toContain(map.replace(' 1', ''));
    }
    if (offset !== undefined) expect(error.details['offset']).toBe(offset);
  });

  it('more than MAX_PSBT_BYTES, before it reads them', () => {
    const bytes = new Uint8Array(MAX_PSBT_BYTES + 1);
    expect(errorOf(() => decodePsbt(bytes)).code).toBe('PSBT_TOO_LARGE');
  });

  it('more than a hundred thousand records and maps, before they fill the memory', () => {
    const records = Array.from({ length: 99_996 }, (_, i) => {
      const keyData = new Uint8Array(4);
      new DataView(keyData.buffer).setUint32(0, i);
      return { type: 0x30, keyData, value: new Uint8Array() };
    });
    // Beside them there are one record and four maps.
    const most = inInput1(...records.slice(1));
    expect(encodePsbt(decodePsbt(most))).toEqual(most);
    expect(errorOf(() => decodePsbt(inInput1(...records))).code).toBe('PSBT_TOO_LARGE');
  });

  it('lock times of both kinds that no input can share', () => {
    const wants = (...records: PsbtRecord[]): PsbtMap => [...input2, ...records];
    const second = [record(INPUT.previousTxid, txid), record(INPUT.outputIndex, 1)];
    const bytes = version2({
      global: globals2.with(1, record(GLOBAL.inputCount, 2)),
      inputs: [
        wants(record(INPUT.requiredHeight, 10)),
        [...second, record(INPUT.requiredTime, 1_700_000_000)],
      ],
    });
    const error = errorOf(() => decodePsbt(bytes));
    expect(error.code).toBe('PSBT_LOCK_TIME_CONFLICT');
    expect(error.details).toMatchObject({ height: 0, time: 1 });
  });
});

describe('decodePsbt takes', () => {
  it.each([
    ['version 0', plain],
    [
      'version 0 that says so',
      version0({
        global: [record(GLOBAL.unsignedTransaction, transaction), record(GLOBAL.version, 0)],
      }),
    ],
    ['version 2', version2({})],
    [
      'a whole taproot tree',
      version0({ outputs: [[raw(6, '', '02c00002c0000151c00051'.slice(0, 12) + '01c00151')]] }),
    ],
    ['a taproot tree of one leaf', version0({ outputs: [[raw(6, '', '00c00151')]] })],
    ['a path of 255 steps', inInput1(raw(6, `02${'11'.repeat(32)}`, '01020304'.repeat(256)))],
    ['an uncompressed public key', inInput1(raw(6, `04${'11'.repeat(64)}`, '01020304'))],
    [
      'MuSig2 keys by their shape, on the curve or not',
      inInput1(raw(0x1a, `02${'ff'.repeat(32)}`, `03${'ff'.repeat(32)}`.repeat(3))),
    ],
    ['long unknown types', inInput1(raw(0x12345678, '00', '01'), raw(0xfd, '', ''))],
  ])('%s', (_, bytes) => {
    expect(encodePsbt(decodePsbt(bytes))).toEqual(bytes);
  });

  it('a Buffer, and gives plain byte arrays', () => {
    const psbt: Psbt = decodePsbt(Buffer.from(inInput1(raw(0xf0, 'aa', 'bb'))));
    const [{ keyData, value } = raw(0, '', '')] = psbt.inputs[1] ?? [];
    expect(keyData.constructor).toBe(Uint8Array);
    expect(value.constructor).toBe(Uint8Array);
    expect(psbt.transaction.inputs[0]?.txid.constructor).toBe(Uint8Array);
  });

  it('fallback lock time and final sequence where version 2 says nothing', () => {
    expect(decodePsbt(version2({})).transaction).toMatchObject({
      lockTime: 0,
      inputs: [{ sequence: 0xffffffff }],
    });
    const fallback = [...globals2, record(GLOBAL.fallbackLockTime, 840_000)];
    expect(decodePsbt(version2({ global: fallback })).transaction.lockTime).toBe(840_000);
  });
});
