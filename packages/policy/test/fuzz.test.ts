import { describe, expect, it } from 'vitest';
import { shortRun } from '../../../scripts/fuzz-property.ts';
import { policyProperties } from '../fuzz/policy-properties.ts';

describe('holds for whatever the fuzzer makes', () => {
  it.each(policyProperties)(
    '$name',
    async (property) => {
      expect(
        await property.run(shortRun(property, process.env['QOIMA_FUZZ_RUNS'])),
      ).toBeUndefined();
    },
    600_000,
  );
});
