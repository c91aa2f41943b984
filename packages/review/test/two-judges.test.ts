import { isQoimaError } from '@qoima/primitives';
import {
  createPsbt,
  decodePsbt,
  encodePsbt,
  matchPolicy,
  type Psbt,
  type PsbtMap,
  type PsbtRecord,
} from '@qoima/psbt';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reportJson, reviewPsbt, signingSheet } from '../src/index.ts';
import { signedSpend } from './signed.ts';
import { BTC, cleanSpend, coinOf, editTransaction, foreign, own, strangerScript } from './spend.ts';

/** A change to a PSBT, at random; what the codec then refuses is no longer a matter for review. */
type Mutation = (psbt: Psbt) => Psbt;

const theirs = createPsbt({
  scripts: foreign,
  coins: [coinOf(foreign, 'receive', 0), coinOf(foreign, 'change', 3)],
  outputs: [
    { kind: 'payment', scriptPubKey: strangerScript, amount: BTC },
    { kind: 'change', index: 4, amount: BTC },
  ],
});

const pick = <Item>(items: readonly Item[], at: number): Item => items[at % items.length] as Item;

const kinds = ['global', 'inputs', 'outputs'] as const;

/** Edits the map that a number names. */
const inMap =
  (number: number, edit: (map: PsbtMap) => PsbtMap): Mutation =>
  (psbt) => {
    const kind = pick(kinds, number);
    if (kind === 'global') return { ...psbt, global: edit(psbt.global) };
    const at = Math.floor(number / 3) % psbt[kind].length;
    return { ...psbt, [kind]: psbt[kind].map((map, i) => (i === at ? edit(map) : map)) };
  };

const inRecord = (map: number, at: number, edit: (record: PsbtRecord) => PsbtRecord): Mutation =>
  inMap(map, (records) =>
    records.map((record, i) => (i === at % records.length ? edit(record) : record)),
  );

const flip = (bytes: Uint8Array, at: number, bit: number): Uint8Array => {
  const flipped = bytes.slice();
  if (flipped.length > 0) {
    const index = at % flipped.length;
    flipped[index] = (flipped[index] as number) ^ (1 << (bit % 8));
  }
  return flipped;
};

const nat = fc.nat({ max: 10_000 });

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc
    .tuple(nat, nat)
    .map(([map, at]) => inMap(map, (all) => all.filter((_, i) => i !== at % all.length))),
  fc
    .tuple(nat, nat, nat, nat)
    .map(([map, at, byte, bit]) =>
      inRecord(map, at, (one) => ({ ...one, value: flip(one.value, byte, bit) })),
    ),
  fc
    .tuple(nat, nat, nat, nat)
    .map(([map, at, byte, bit]) =>
      inRecord(map, at, (one) => ({ ...one, keyData: flip(one.keyData, byte, bit) })),
    ),
  fc
    .tuple(nat, fc.nat({ max: 0x20 }), fc.uint8Array({ maxLength: 40 }))
    .map(([map, type, value]) =>
      inMap(map, (all) => [...all, { type, keyData: new Uint8Array(), value }]),
    ),
  fc.tuple(fc.boolean(), fc.nat({ max: 1 }), fc.nat({ max: 1 })).map(
    ([input, to, from]): Mutation =>
      (psbt) => {
        const kind = input ? 'inputs' : 'outputs';
        const map = theirs[kind][from] as PsbtMap;
        return { ...psbt, [kind]: psbt[kind].map((one, i) => (i === to ? map : one)) };
      },
  ),
  fc.constantFrom('inputs', 'outputs').map(
    (kind): Mutation =>
      (psbt) => ({ ...psbt, [kind]: [...psbt[kind]].reverse() }),
  ),
  fc.tuple(fc.nat({ max: 1 }), fc.bigInt(0n, 30n * BTC)).map(
    ([at, amount]): Mutation =>
      (psbt) =>
        editTransaction(psbt, (tx) => ({
          ...tx,
          outputs: tx.outputs.map((one, i) => (i === at ? { ...one, amount } : one)),
        })),
  ),
  fc.tuple(fc.nat({ max: 1 }), fc.constantFrom('change', 'receive'), fc.nat({ max: 6 })).map(
    ([at, branch, index]): Mutation =>
      (psbt) =>
        editTransaction(psbt, (tx) => ({
          ...tx,
          outputs: tx.outputs.map((one, i) =>
            i === at ? { ...one, script: own.wsh.at(branch, index).scriptPubKey } : one,
          ),
        })),
  ),
);

const kindsOfScript = ['wsh', 'sh-wsh', 'sh'] as const;
const signed = await Promise.all(
  kindsOfScript.map(async (kind) => ({
    kind,
    psbt: await signedSpend([1, 4], cleanSpend(kind), kind),
  })),
);
const spends = kindsOfScript
  .flatMap((kind) => [
    { kind, psbt: cleanSpend(kind, 0) },
    { kind, psbt: cleanSpend(kind, 2) },
  ])
  .concat(signed);

/** The PSBT after all changes, if it still is one. */
const mutated = (psbt: Psbt, mutations: readonly Mutation[]): Psbt | undefined => {
  try {
    return decodePsbt(encodePsbt(mutations.reduce((now, change) => change(now), psbt)));
  } catch (error) {
    if (isQoimaError(error)) return undefined;
    throw error;
  }
};

describe('review beside the code that signs', () => {
  it('never throws, and blocks whatever matchPolicy refuses', () => {
    let judged = 0;
    let blocked = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...spends),
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        ({ kind, psbt }, mutations) => {
          const changed = mutated(psbt, mutations);
          if (changed === undefined) return;
          judged++;
          const report = reviewPsbt(changed, own[kind]);
          expect(report.digest).toMatch(/^[0-9a-f]{64}$/);
          expect(signingSheet(report).length).toBeGreaterThan(5);
          JSON.stringify(reportJson(report));
          if (report.findings.some(({ severity }) => severity === 'block')) {
            blocked++;
            return;
          }
          const match = matchPolicy(changed, own[kind]);
          expect(report.fee).toBe(match.fee);
          expect(report.coins.map(({ amount }) => amount)).toEqual(
            match.inputs.map(({ amount }) => amount),
          );
          expect(report.change.map(({ changeIndex }) => changeIndex)).toEqual(
            match.outputs.flatMap((script) => (script === undefined ? [] : [script.index])),
          );
        },
      ),
      { numRuns: 600, seed: 20260131 },
    );
    // Enough of them must still have been PSBTs, of either kind.
    expect(judged).toBeGreaterThan(150);
    expect(blocked).toBeGreaterThan(75);
    expect(judged - blocked).toBeGreaterThan(25);
  });

  it('never throws over bytes that were changed anywhere', () => {
    const bytes = spends.map(({ kind, psbt }) => ({ kind, file: encodePsbt(psbt) }));
    fc.assert(
      fc.property(fc.constantFrom(...bytes), fc.nat(), nat, ({ kind, file }, at, bit) => {
        let psbt: Psbt;
        try {
          psbt = decodePsbt(flip(file, at, bit));
        } catch (error) {
          expect(isQoimaError(error)).toBe(true);
          return;
        }
        signingSheet(reviewPsbt(psbt, own[kind]));
      }),
      { numRuns: 500 },
    );
  });
});
