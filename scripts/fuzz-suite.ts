import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { type FuzzProperty, shortRun } from './fuzz-property.ts';

/** The properties of a package within `npm test`, each with its short budget. */
export const describeProperties = (properties: readonly FuzzProperty[]): void => {
  describe('holds for whatever the fuzzer makes', () => {
    it.each(properties)(
      '$name',
      async (property) => {
        const runs = shortRun(property, process.env['QOIMA_FUZZ_RUNS']);
        expect(await property.run(runs)).toBeUndefined();
      },
      600_000,
    );
  });
};
