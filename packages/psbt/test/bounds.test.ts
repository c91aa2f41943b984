import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { MAX_PSBT_BYTES } from '../src/index.ts';
import { type HostileReading, hostileFiles } from './hostile-files.ts';

const reader = fileURLToPath(new URL('hostile-reader.ts', import.meta.url));

/** Reads one hostile file in a process of its own. */
const read = async (number: number): Promise<HostileReading> => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    '--conditions=qoima-source',
    '--import=tsx',
    reader,
    String(number),
    String(MAX_PSBT_BYTES),
  ]);
  return JSON.parse(stdout) as HostileReading;
};

describe('a hostile file of the greatest size costs its reader less than 50 MB beyond its bytes', () => {
  it.each(hostileFiles.map(({ what, code }, number) => ({ what, code, number })))(
    '$what',
    async ({ code, number }) => {
      const reading = await read(number);
      expect(reading.code).toBe(code);
      expect(reading.extraMb).toBeLessThan(50);
      // Linear would be 4; the rest is for other programs on the machine, and what is not worth a clock.
      expect(reading.ms).toBeLessThan(8 * reading.quarterMs + 500);
      expect(reading.ms).toBeLessThan(15_000);
    },
  );
});
