import { describe, expect, it } from 'vitest';
import { shortRun } from '../../../scripts/fuzz-property.ts';
import { journalProperties } from '../fuzz/journal-properties.ts';

describe('holds for whatever the fuzzer makes', () => {
  it.each(journalProperties)(
    '$name',
    async (property) => {
      expect(
        await property.run(shortRun(property, process.env['QOIMA_FUZZ_RUNS'])),
      ).toBeUndefined();
    },
    600_000,
  );
});
