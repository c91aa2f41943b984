import { isQoimaError } from '@qoima/primitives';
import {
  convertPsbt,
  decodePsbt,
  encodePsbt,
  GLOBAL,
  INPUT,
  type Psbt,
  type PsbtMap,
  type PsbtRecord,
} from '@qoima/psbt';
import { describe, expect, it } from 'vitest';
import { reviewPsbt } from '../src/index.ts';
import { signedSpend } from './signed.ts';
import { cleanSpend, own } from './spend.ts';

/** One change to one record of one map. */
interface Mutation {
  readonly what: string;
  readonly psbt: Psbt;
}

const changed = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = bytes.slice();
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
};

/** Takes the record out, changes a byte at either end or in the middle of it, cuts it, adds to it. */
const edits = (record: PsbtRecord): readonly (readonly [string, readonly PsbtRecord[]])[] => {
  const { keyData, value } = record;
  const places = (bytes: Uint8Array): readonly number[] =>
    [...new Set([0, bytes.length >> 1, bytes.length - 1])].filter(
      (at) => bytes.length > at && at >= 0,
    );
  return [
    ['is left out', []],
    ['is cut', [{ ...record, value: value.subarray(0, -1) }]],
    ['is longer', [{ ...record, value: Uint8Array.of(...value, 0) }]],
    ['stands twice', [record, record]],
    ...places(keyData).map(
      (at) =>
        [`has another key byte ${at}`, [{ ...record, keyData: changed(keyData, at) }]] as const,
    ),
    ...places(value).map(
      (at) => [`has another byte ${at}`, [{ ...record, value: changed(value, at) }]] as const,
    ),
  ];
};

const mutations = function* (psbt: Psbt): Generator<Mutation> {
  const maps: readonly (readonly [string, PsbtMap, (map: PsbtMap) => Psbt])[] = [
    ['global', psbt.global, (global) => ({ ...psbt, global })],
    ...(['inputs', 'outputs'] as const).flatMap((kind) =>
      psbt[kind].map(
        (map, at) =>
          [
            `${kind} ${at}`,
            map,
            (edited: PsbtMap) => ({
              ...psbt,
              [kind]: psbt[kind].map((other, i) => (i === at ? edited : other)),
            }),
          ] as const,
      ),
    ),
  ];
  for (const [where, map, put] of maps) {
    for (const [i, record] of map.entries()) {
      for (const [how, records] of edits(record)) {
        const what = `${where}, type ${record.type}: ${how}`;
        yield { what, psbt: put([...map.slice(0, i), ...records, ...map.slice(i + 1)]) };
      }
    }
    for (const type of [0x3f, 0xfc]) {
      const keyData = type === 0xfc ? Uint8Array.of(1, 0x78, 0) : new Uint8Array();
      const added = { type, keyData, value: Uint8Array.of(1) };
      yield { what: `${where}: type ${type} is added`, psbt: put([...map, added]) };
    }
  }
};

/** What may be done without a word. Each says nothing else than before, or less. */
const silent: readonly (readonly [what: RegExp, why: string])[] = [
  [
    new RegExp(`^inputs \\d, type ${INPUT.partialSignature.type}: is left out`),
    'a signature that is not there yet',
  ],
  [
    new RegExp(`^global, type ${GLOBAL.fallbackLockTime.type}: is left out`),
    'a fallback of 0 is the lock time without one (BIP-370)',
  ],
];

describe('one change to a signed spend', () => {
  it.each([
    ['wsh', 0],
    ['wsh', 2],
    ['sh-wsh', 0],
    ['sh', 2],
  ] as const)('%s in version %i is refused, or found', async (kind, version) => {
    const psbt = convertPsbt(await signedSpend([0, 3], cleanSpend(kind), kind), version);
    const clean = reviewPsbt(psbt, own[kind]);
    expect(clean.findings).toEqual([]);
    const tally = { refused: 0, found: 0, silent: 0 };
    for (const mutation of mutations(psbt)) {
      let read: Psbt;
      try {
        read = decodePsbt(encodePsbt(mutation.psbt));
      } catch (error) {
        expect(isQoimaError(error), mutation.what).toBe(true);
        tally.refused++;
        continue;
      }
      const report = reviewPsbt(read, own[kind]);
      if (report.findings.length > 0) tally.found++;
      else {
        expect(
          silent.some(([what]) => what.test(mutation.what)),
          mutation.what,
        ).toBe(true);
        expect(report.digest).toBe(clean.digest);
        tally.silent++;
      }
    }
    expect(tally.refused).toBeGreaterThan(80);
    expect(tally.found).toBeGreaterThan(100);
    expect(tally.silent).toBe(version === 0 ? 4 : 5);
  });
});
