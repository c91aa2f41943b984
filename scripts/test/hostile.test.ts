import { isQoimaError } from '@qoima/primitives';
import { decodePsbt, encodePsbt, INPUT, type Psbt, type PsbtMap } from '@qoima/psbt';
import { RULES, reviewPsbt } from '@qoima/review';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostileCases, unreachableRules } from '../hostile/corpus.ts';
import { type Homes, openHomes } from '../hostile/homes.ts';
import { judgeCase } from '../hostile/judge.ts';
import { own } from '../hostile/reserve.ts';
import { formatTarget, judgeTarget } from '../hostile/target.ts';
import { differences } from '../hostile/tree.ts';
import { readVectors } from '../read-vectors.ts';
import { workspaceRoot } from '../workspace.ts';

let homes: Homes;
beforeAll(async () => {
  homes = await openHomes();
});
afterAll(() => homes.remove());

describe('the hostile corpus', () => {
  it('is in the tree as its generator makes it', () => {
    expect(differences(workspaceRoot)).toEqual([]);
    expect(readVectors('spends/hostile/index.json').count).toBe(hostileCases.length);
  });

  it('has an attack for every rule that stops a spend, or says why there is none', () => {
    const tripped = new Set(hostileCases.map(({ expected: { rule } }) => rule));
    const stopping = RULES.filter(({ severity }) => severity !== 'note').map(({ id }) => id);
    expect(stopping.filter((id) => !tripped.has(id)).sort()).toEqual(
      Object.keys(unreachableRules).sort(),
    );
  });

  it.each(hostileCases.map((one) => [one.kind, one.id, one] as const))(
    '%s %s is refused as expected on both sides, and its sibling is clean',
    async (_kind, _id, one) => {
      const { problems, clean } = await judgeCase(one, homes);
      expect(problems).toEqual([]);
      expect(clean).toBe(true);
    },
  );
});

describe('another program', () => {
  it('that takes everything is told which attacks it took', () => {
    const verdicts = judgeTarget(':');
    expect(verdicts.filter(({ good }) => good).every(({ wanted }) => wanted === 'tell')).toBe(true);
    expect(formatTarget(verdicts)).toMatch(/signature-garbled +attack taken .* NOT AS EXPECTED/);
  });
});

describe('the digest of a clean sibling', () => {
  const siblings = new Map(
    hostileCases
      .filter(({ kind }) => kind === 'psbt' || kind === 'returned')
      // A byte of a payroll is a byte like any other.
      .filter(({ files }) => files.clean.length < 8192)
      .map(({ policy, files }) => [Buffer.from(files.clean).toString('hex'), policy] as const),
  );

  it('changes with a byte of any field but a signature, or the PSBT is refused', () => {
    expect(siblings.size).toBeGreaterThan(5);
    for (const [hex, policy] of siblings) {
      const psbt = decodePsbt(Buffer.from(hex, 'hex'));
      const { digest, words } = reviewPsbt(psbt, own(policy));
      for (const flipped of flips(psbt)) {
        let read: Psbt;
        try {
          read = decodePsbt(encodePsbt(flipped));
        } catch (error) {
          expect(isQoimaError(error)).toBe(true);
          continue;
        }
        const other = reviewPsbt(read, own(policy));
        expect(other.digest).not.toBe(digest);
        expect(other.words).not.toEqual(words);
      }
    }
  });
});

/** The PSBT with the last byte of one value flipped, for each record but signatures. */
function* flips(psbt: Psbt): Generator<Psbt> {
  const edits = (map: PsbtMap): readonly PsbtMap[] =>
    map.flatMap((record, at) => {
      if (record.value.length === 0) return [];
      const value = record.value.map((byte, i) =>
        i === record.value.length - 1 ? byte ^ 1 : byte,
      );
      return [map.with(at, { ...record, value })];
    });
  for (const global of edits(psbt.global)) yield { ...psbt, global };
  for (const [at, map] of psbt.inputs.entries()) {
    const rest = map.filter(({ type }) => type !== INPUT.partialSignature.type);
    for (const edited of edits(rest)) yield { ...psbt, inputs: psbt.inputs.with(at, edited) };
  }
  for (const [at, map] of psbt.outputs.entries()) {
    for (const edited of edits(map)) yield { ...psbt, outputs: psbt.outputs.with(at, edited) };
  }
}
