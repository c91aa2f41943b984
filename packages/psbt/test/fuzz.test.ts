import { describe, expect, it } from 'vitest';
import { shortRun } from '../../../scripts/fuzz-property.ts';
import { oracleProperties } from '../fuzz/oracle-properties.ts';
import { psbtProperties } from '../fuzz/psbt-properties.ts';

describe('holds for whatever the fuzzer makes', () => {
  it.each([...psbtProperties, ...oracleProperties])(
    '$name',
    async (property) => {
      expect(
        await property.run(shortRun(property, process.env['QOIMA_FUZZ_RUNS'])),
      ).toBeUndefined();
    },
    600_000,
  );
});
