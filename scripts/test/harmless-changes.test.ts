import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  convertPsbt,
  decodePsbt,
  decodeTransaction,
  encodePsbt,
  encodeTransaction,
  fieldOf,
  GLOBAL,
  INPUT,
  type Psbt,
  record,
  withoutTypes,
  withRecords,
} from '@qoima/psbt';
import { reviewPsbt } from '@qoima/review';
import { describe, expect, it } from 'vitest';
import { ownSpends } from '../../packages/psbt/fuzz/corpus.ts';
import { harmlessChange, harmlessChanges } from '../fuzz/harmless-changes.ts';
import { workspaceRoot } from '../workspace.ts';

const { signed, wallet } = ownSpends[0]!;
const two = convertPsbt(signed, 2);

/** The previous transaction of the second input without its witness. */
const unwitnessed = (psbt: Psbt): Psbt => ({
  ...psbt,
  inputs: psbt.inputs.map((map) => {
    const { inputs, ...rest } = decodeTransaction(fieldOf(map, INPUT.nonWitnessUtxo)!);
    const bare = inputs.map((input) => ({ ...input, witness: [] }));
    const bytes = encodeTransaction({ ...rest, inputs: bare });
    return withRecords(map, [record(INPUT.nonWitnessUtxo, bytes)]);
  }),
});

const samples: readonly (readonly [what: string, clean: Psbt, changed: Psbt])[] = [
  [
    'the records of a map in another order',
    signed,
    { ...signed, inputs: signed.inputs.map((map) => map.toReversed()) },
  ],
  [
    'no fallback lock time where it was 0, or the other way round',
    two,
    { ...two, global: withoutTypes(two.global, new Set([GLOBAL.fallbackLockTime.type])) },
  ],
  [
    'flags of what is modifiable, of which none is set',
    two,
    { ...two, global: withRecords(two.global, [record(GLOBAL.modifiable, 0)]) },
  ],
  [
    'a version 0 that says so',
    signed,
    { ...signed, global: withRecords(signed.global, [record(GLOBAL.version, 0)]) },
  ],
  ['another witness, or none, in a previous transaction', signed, unwitnessed(signed)],
  [
    'change without any of its fields',
    signed,
    { ...signed, outputs: signed.outputs.map(() => []) },
  ],
];

describe('a change that may pass', () => {
  it.each(samples)('%s: is known, and passes', (what, clean, changed) => {
    const psbt = decodePsbt(encodePsbt(changed));
    const harmless = harmlessChange(psbt, clean);
    expect(harmless?.what).toBe(what);
    const [before, after] = [clean, psbt].map((each) => reviewPsbt(each, wallet.scripts));
    expect(after?.findings).toEqual(before?.findings);
    expect(after?.digest !== before?.digest).toBe(harmless?.otherDigest);
  });

  it('is in the table of docs/fuzzing.md, each and no other', () => {
    expect(samples.map(([what]) => what)).toEqual(harmlessChanges.map(({ what }) => what));
    const page = readFileSync(join(workspaceRoot, 'docs/fuzzing.md'), 'utf8');
    for (const { what, because } of harmlessChanges)
      expect(page).toContain(`| ${what} | ${because} |`);
  });
});
