import { equalBytes, formatBase64, formatHex, isQoimaError, parseUtf8 } from '@qoima/primitives';
import fc from 'fast-check';
import { type FuzzProperty, fuzzProperty } from '../../../scripts/fuzz-property.ts';
import { unlessRefused } from '../../../scripts/unless-refused.ts';
import {
  analyzePsbt,
  checkTransaction,
  combinePsbts,
  convertPsbt,
  decodePsbt,
  decodeSignature,
  decodeTransaction,
  decodeUnsignedTransaction,
  encodePsbt,
  encodeSignature,
  encodeTransaction,
  encodeUnsignedTransaction,
  extractTransaction,
  finalizePsbt,
  GLOBAL,
  matchPolicy,
  type Psbt,
  type PsbtMap,
  type PsbtRecord,
  parsePsbt,
  record,
  sortedMap,
  takeSignatures,
  transactionHash,
  transactionOutput,
  transactionWeight,
  unsignedTransactionId,
  updatePsbt,
  verifySignatures,
} from '../src/index.ts';
import { anyPsbt, anyTransaction } from '../test/generated-psbt.ts';
import { type OwnSpend, ownSpends, psbtCorpus } from './corpus.ts';
import { damagedPsbt } from './damage.ts';

const same = (a: Uint8Array, b: Uint8Array): void => {
  if (!equalBytes(a, b)) throw new Error(`${formatHex(a)}\nis not\n${formatHex(b)}`);
};

/** Where a text may be broken without becoming another PSBT. */
const spaces = fc.array(fc.tuple(fc.nat(), fc.constantFrom(' ', '\n', '\r\n', '\t')), {
  maxLength: 4,
});

const spaced = (text: string, gaps: readonly (readonly [number, string])[]): string =>
  gaps.reduce((broken, [at, gap]) => {
    const place = at % (broken.length + 1);
    return `${broken.slice(0, place)}${gap}${broken.slice(place)}`;
  }, text);

const identity = fuzzProperty(
  'psbt: parse and serialise is the identity, in all three forms',
  { long: 12_000, short: 100 },
  fc.property(anyPsbt(0, 2), spaces, (psbt, gaps) => {
    const bytes = encodePsbt(psbt);
    same(encodePsbt(parsePsbt(bytes)), bytes);
    same(encodePsbt(parsePsbt(parseUtf8(spaced(formatBase64(bytes), gaps)))), bytes);
    same(encodePsbt(parsePsbt(parseUtf8(spaced(formatHex(bytes), gaps)))), bytes);
  }),
);

/** Parses; the error of what is refused must be one of a PSBT. */
const parsed = (file: Uint8Array): Psbt | undefined => {
  try {
    return parsePsbt(file);
  } catch (error) {
    if (isQoimaError(error) && error.code.startsWith('PSBT_')) return undefined;
    throw error;
  }
};

const damaged = fuzzProperty(
  'psbt: damaged files are refused by name, or kept byte for byte',
  { long: 60_000, short: 300 },
  fc.property(damagedPsbt(psbtCorpus), (bytes) => {
    const psbt = parsed(bytes);
    if (psbt !== undefined) same(encodePsbt(psbt), bytes);
  }),
);

/** Every role, over something that parses and is otherwise not to be trusted. */
const play = (psbt: Psbt, { wallet, created }: OwnSpend): void => {
  const { scripts } = wallet;
  unlessRefused(() => analyzePsbt(psbt));
  unlessRefused(() => analyzePsbt(psbt, scripts));
  unsignedTransactionId(psbt);
  unlessRefused(() => extractTransaction(psbt));
  unlessRefused(() => updatePsbt(psbt, scripts, new Map()));
  unlessRefused(() => takeSignatures(created, psbt, scripts));
  unlessRefused(() => takeSignatures(psbt, created, scripts));
  unlessRefused(() => combinePsbts([psbt, created]));
  const combined = unlessRefused(() => combinePsbts([psbt]));
  if (combined !== undefined)
    same(encodePsbt(decodePsbt(encodePsbt(combined))), encodePsbt(combined));
  const match = unlessRefused(() => matchPolicy(psbt, scripts));
  if (match === undefined) return;
  const verified = unlessRefused(() => verifySignatures(psbt, match));
  const final = verified && unlessRefused(() => finalizePsbt(verified));
  if (final !== undefined) decodeTransaction(extractTransaction(final));
};

/** A damaged PSBT, and the number of the spend that it is held against. */
const damagedSpend: fc.Arbitrary<readonly [Uint8Array, number]> = fc.oneof(
  ...ownSpends.map(({ stages }, number) =>
    fc.tuple(damagedPsbt(stages.map(encodePsbt)), fc.constant(number)),
  ),
  fc.tuple(damagedPsbt(psbtCorpus), fc.nat(ownSpends.length - 1)),
);

const roles = fuzzProperty(
  'psbt: no role answers a damaged PSBT with an untyped error',
  { long: 20_000, short: 100 },
  fc.property(damagedSpend, ([bytes, number]) => {
    const psbt = parsed(bytes);
    if (psbt !== undefined) play(psbt, ownSpends[number] as OwnSpend);
  }),
);

const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
  const copy = bytes.slice();
  const at = Math.floor(bit / 8) % copy.length;
  copy[at] = (copy[at] as number) ^ (1 << (bit % 8));
  return copy;
};

/** Bytes with some bits changed and an end cut off, or none of it. */
const damagedBytes = (whole: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(whole, fc.array(fc.nat(0x7fffffff), { maxLength: 3 }), fc.option(fc.nat(5), { freq: 3 }))
    .map(([bytes, bits, cut]) =>
      bits
        .reduce((changed, bit) => (changed.length === 0 ? changed : flipped(changed, bit)), bytes)
        .subarray(0, cut === null ? undefined : Math.max(0, bytes.length - cut)),
    );

const transactions = fuzzProperty(
  'transaction: read in both ways alike, and written as it was',
  { long: 30_000, short: 200 },
  fc.property(damagedBytes(anyTransaction.map(encodeTransaction)), (bytes) => {
    const transaction = unlessRefused(() => decodeTransaction(bytes));
    // The walk that builds nothing must agree with the reading that does.
    const hash = unlessRefused(() => transactionHash(bytes));
    if ((hash === undefined) !== (transaction === undefined)) throw new Error('they disagree');
    unlessRefused(() => decodeUnsignedTransaction(bytes));
    if (transaction === undefined) return;
    same(encodeTransaction(transaction), bytes);
    if (transactionWeight(bytes) < bytes.length) throw new Error('too light');
    transaction.outputs.forEach(({ amount, script }, vout) => {
      const output = transactionOutput(bytes, vout);
      if (output?.amount !== amount) throw new Error(`output ${vout}`);
      same(output.script, script);
    });
  }),
);

const unsigned = fuzzProperty(
  'transaction: unsigned, written as it was',
  { long: 10_000, short: 100 },
  fc.property(damagedBytes(anyTransaction.map(encodeUnsignedTransaction)), (bytes) => {
    const transaction = unlessRefused(() => decodeUnsignedTransaction(bytes));
    if (transaction !== undefined) same(encodeUnsignedTransaction(transaction), bytes);
  }),
);

const scalar = fc.oneof(
  fc.uint8Array({ minLength: 32, maxLength: 32 }),
  fc
    .tuple(fc.integer({ min: 1, max: 32 }), fc.uint8Array({ minLength: 32, maxLength: 32 }))
    .map(([zeros, bytes]) => bytes.fill(0, 0, zeros)),
);

const signature = fc
  .record({ r: scalar, s: scalar, flag: fc.constantFrom(0, 1, 2, 3, 0x81, 0x82, 0x83) })
  .map(({ r, s, flag }) => encodeSignature({ compact: Uint8Array.of(...r, ...s), flag }));

const der = fuzzProperty(
  'signature: strict DER, one spelling of each',
  { long: 40_000, short: 300 },
  fc.property(fc.oneof(damagedBytes(signature), fc.uint8Array({ maxLength: 80 })), (bytes) => {
    const decoded = unlessRefused(() => decodeSignature(bytes));
    if (decoded !== undefined) same(encodeSignature(decoded), bytes);
  }),
);

/** Splits a PSBT into three that have all of it together; what every PSBT needs is in each. */
const parts = (psbt: Psbt, shares: readonly number[]): readonly [Psbt, Psbt, Psbt] => {
  let next = 0;
  const share = (map: PsbtMap, needed: readonly number[], own: number): PsbtMap =>
    map.filter(({ type }, i) => {
      const dice = shares[(next + i) % shares.length] as number;
      return needed.includes(type) || (dice & (1 << own)) !== 0 || (dice & 7) === 0;
    });
  const part = (own: number): Psbt => {
    next = 0;
    const from = (maps: readonly PsbtMap[], needed: readonly number[]): readonly PsbtMap[] =>
      maps.map((map) => {
        next += 7;
        return share(map, needed, own);
      });
    return {
      ...psbt,
      global: share(psbt.global, [0x00, 0x02, 0x03, 0x04, 0x05, 0xfb], own),
      inputs: from(psbt.inputs, [0x0e, 0x0f, 0x10]),
      outputs: from(psbt.outputs, [0x03, 0x04]),
    };
  };
  return [part(0), part(1), part(2)];
};

/** With different flags, and sometimes a record that contradicts. */
const disturbed = (psbt: Psbt, flags: number | null, conflict: boolean): Psbt => {
  const global = psbt.global.filter(({ type }) => type !== GLOBAL.modifiable.type);
  if (flags !== null && psbt.version === 2) global.push(record(GLOBAL.modifiable, flags));
  const [first, ...rest] = psbt.inputs;
  const odd: PsbtRecord = { type: 0xf0, keyData: new Uint8Array(), value: Uint8Array.of(1) };
  if (!conflict || first === undefined) return { ...psbt, global };
  return {
    ...psbt,
    global,
    inputs: [[...first.filter(({ type }) => type !== 0xf0), odd], ...rest],
  };
};

const combining = fuzzProperty(
  'combine: in any order and grouping, and again, the same',
  { long: 10_000, short: 100 },
  fc.property(
    anyPsbt(0, 2),
    fc.array(fc.nat(7), { minLength: 5, maxLength: 30 }),
    fc.array(fc.tuple(fc.option(fc.nat(255)), fc.nat(30)), { minLength: 3, maxLength: 3 }),
    (psbt, shares, changes) => {
      const [a, b, c] = parts(psbt, shares).map((part, i) => {
        const [flags, dice] = changes[i] as readonly [number | null, number];
        return disturbed(part, flags, dice === 0);
      }) as [Psbt, Psbt, Psbt];
      const bytes = (...psbts: readonly Psbt[]): Uint8Array | undefined =>
        unlessRefused(() => encodePsbt(combinePsbts(psbts)));
      const pair = (one: Psbt, two: Psbt): readonly Psbt[] => {
        const both = unlessRefused(() => combinePsbts([one, two]));
        return both === undefined ? [] : [both];
      };
      const all = bytes(a, b, c);
      const others = [
        bytes(c, a, b),
        bytes(b, a, c),
        bytes(a, b, c, b, a),
        bytes(...pair(a, b), c),
        bytes(a, ...pair(b, c)),
        bytes(...pair(...([a, c] as const)), b),
      ];
      if (all === undefined) return;
      for (const other of others) {
        if (other === undefined) throw new Error('one way combines and another refuses');
        same(other, all);
      }
      same(bytes(decodePsbt(all)) as Uint8Array, all);
    },
  ),
);

const inOrder = (psbt: Psbt): Psbt => ({
  ...psbt,
  global: sortedMap(psbt.global),
  inputs: psbt.inputs.map(sortedMap),
  outputs: psbt.outputs.map(sortedMap),
});

/** What version 0 has no place for, when it says nothing. */
const converting = fuzzProperty(
  'convert: version 0 to 2 and back loses nothing, version 2 to 0 keeps the transaction',
  { long: 10_000, short: 100 },
  fc.property(anyPsbt(0, 2), fc.option(fc.nat(7)), (psbt, flags) => {
    if (psbt.version === 0) {
      same(encodePsbt(convertPsbt(convertPsbt(psbt, 2), 0)), encodePsbt(inOrder(psbt)));
      return;
    }
    const two = flags === null ? psbt : disturbed(psbt, flags, false);
    const zero = unlessRefused(() => convertPsbt(two, 0));
    if (zero === undefined) {
      if ((flags ?? 0) === 0) throw new Error('refused without a flag');
      return;
    }
    const back = convertPsbt(decodePsbt(encodePsbt(zero)), 2);
    same(encodeUnsignedTransaction(back.transaction), encodeUnsignedTransaction(two.transaction));
    const kept = (map: PsbtMap): PsbtMap =>
      sortedMap(map.filter(({ type }) => type !== GLOBAL.modifiable.type));
    // The fallback stands for every wish that the lock time came from; here there was no other.
    same(
      encodePsbt({ ...back, global: kept(back.global) }),
      encodePsbt({ ...inOrder(two), global: kept(two.global) }),
    );
  }),
);

/** Of each spend what it was matched with, and its finished transaction. */
const finishedSpends = ownSpends.map(({ signed, wallet }) => {
  const match = matchPolicy(signed, wallet.scripts);
  return { match, bytes: extractTransaction(finalizePsbt(verifySignatures(signed, match))) };
});

const finished = fuzzProperty(
  'transaction: finished, no bit of it changed passes its last check',
  { long: 6_000, short: 60 },
  fc.property(fc.nat(finishedSpends.length - 1), fc.nat(0x7fffffff), (number, bit) => {
    const { match, bytes } = finishedSpends[number] as (typeof finishedSpends)[number];
    const passes = (): true => {
      checkTransaction(flipped(bytes, bit), match);
      return true;
    };
    if (unlessRefused(passes) === true) throw new Error(`bit ${bit} passes`);
  }),
);

export const psbtProperties: readonly FuzzProperty[] = [
  finished,
  identity,
  damaged,
  roles,
  transactions,
  unsigned,
  der,
  combining,
  converting,
];
