import { argv, memoryUsage, resourceUsage, stdout } from 'node:process';
import { isQoimaError } from '@qoima/primitives';
import { parsePsbt } from '../src/index.ts';
import { hostileFiles } from './hostile-files.ts';

/**
 * A process of its own, so that its memory is that of one reading. Reads the hostile file of a number
 * at a quarter of its size and then in full, and prints what that took.
 */
const [, , number, size] = argv;
const file = hostileFiles[Number(number)];
if (file === undefined || gc === undefined) throw new Error('a number of a file, and --expose-gc');

const cpuOf = (bytes: Uint8Array): { readonly code: string | undefined; readonly ms: number } => {
  const start = process.cpuUsage();
  let code: string | undefined;
  try {
    parsePsbt(bytes);
  } catch (error) {
    if (!isQoimaError(error)) throw error;
    code = error.code;
  }
  const { user, system } = process.cpuUsage(start);
  return { code, ms: (user + system) / 1000 };
};

// The first reading compiles what the others run.
cpuOf(file.make(20_000));
const quarter = cpuOf(file.make(Number(size) / 4));
gc();
const bytes = file.make(Number(size));
const before = memoryUsage.rss();
const whole = cpuOf(bytes);
const peak = resourceUsage().maxRSS * 1024;
const reading = {
  bytes: bytes.length,
  code: whole.code,
  quarterMs: quarter.ms,
  ms: whole.ms,
  extraMb: Math.max(0, peak - before) / 1e6,
};
stdout.write(JSON.stringify(reading));
