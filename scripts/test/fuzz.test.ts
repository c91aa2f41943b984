import { describe, expect, it } from 'vitest';
import { proposalProperties } from '../fuzz/proposal-properties.ts';
import { spendProperties } from '../fuzz/spend-properties.ts';
import { shortRun } from '../fuzz-property.ts';

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
