import { describe, expect, it } from 'vitest';
import { shortRun } from '../../../scripts/fuzz-property.ts';
import { emulatorProperties } from '../fuzz/emulator-properties.ts';

describe('holds for whatever the fuzzer makes', () => {
  it.each(emulatorProperties)(
    '$name',
    async (property) => {
      expect(
        await property.run(shortRun(property, process.env['QOIMA_FUZZ_RUNS'])),
      ).toBeUndefined();
    },
    600_000,
  );
});
