import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { proposalProperties } from '../fuzz/proposal-properties.ts';
import { spendProperties } from '../fuzz/spend-properties.ts';
import { FUZZ_SEED, shortRun } from '../fuzz-property.ts';

describe('holds for whatever the fuzzer makes', () => {
  it.each([...proposalProperties, ...spendProperties])(
    '$name',
    async (property) => {
      expect(
        await property.run(shortRun(property, process.env['QOIMA_FUZZ_RUNS'])),
      ).toBeUndefined();
    },
    600_000,
  );
});

it('is the same in every run: a property of a test that names no seed has this one', () => {
  expect(fc.readConfigureGlobal().seed).toBe(FUZZ_SEED);
});
