import fc from 'fast-check';
import { expect, it } from 'vitest';
import { proposalProperties } from '../fuzz/proposal-properties.ts';
import { spendProperties } from '../fuzz/spend-properties.ts';
import { FUZZ_SEED } from '../fuzz-property.ts';
import { describeProperties } from '../fuzz-suite.ts';

describeProperties([...proposalProperties, ...spendProperties]);

it('is the same in every run: a property of a test that names no seed has this one', () => {
  expect(fc.readConfigureGlobal().seed).toBe(FUZZ_SEED);
});
