import { spawnSync } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Calls, type Line, lines, sum, timeOf } from './calls.ts';
import { qoima } from './qoima-session.ts';
import { spendOf } from './spend.ts';

/** What one input costs in one step, in spends of each of `growthSizes`. */
export interface Growth {
  readonly step: Line;
  /** CPU microseconds for each input. */
  readonly perInput: readonly number[];
  /** The whole spend costs as its inputs to this power: the slope that fits all sizes best. */
  readonly exponent: number;
}

export const growthSizes: readonly number[] = [100, 200, 500, 1000, 2000];

/** How often all sizes take their turn. */
const TURNS = 5;

/**
 * Qoima's sessions from 100 to 2000 inputs, on one thread, in a process of their own with these options
 * of Node. In its turn each size spends the same number of inputs, a large spend once or small ones many
 * times, and all of it counts, with all its garbage: a small call alone leaves its garbage to others, and
 * the fastest of many finds in the processor's cache what a user's call does not. Nothing is collected by
 * force, because that shrinks the young generation for who comes next.
 */
export const benchGrowth = (...options: readonly string[]): readonly Growth[] => {
  const script = fileURLToPath(import.meta.url);
  const { stdout, status } = spawnSync(
    process.execPath,
    [...process.execArgv, ...options, script],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error('the sessions failed in their own process');
  return JSON.parse(stdout) as Growth[];
};

const measureGrowth = async (): Promise<readonly Growth[]> => {
  const largest = Math.max(...growthSizes);
  const spends = growthSizes.map(spendOf);
  const runs: Calls[][] = growthSizes.map(() => []);
  await qoima.session(spendOf(1000));
  for (let turn = 0; turn < TURNS; turn++) {
    for (let i = 0; i < spends.length; i++) {
      const size = (turn + i) % spends.length;
      const spend = spends[size]!;
      for (let inputs = 0; inputs < largest; inputs += spend.coins.length) {
        runs[size]!.push((await qoima.session(spend)).calls);
      }
    }
  }
  const microseconds = (size: number, step: Line): number =>
    (1000 * sum(runs[size]!.map((calls) => timeOf(calls, step)))) / (TURNS * largest);
  return lines.map((step) => {
    const perInput = growthSizes.map((_, size) => microseconds(size, step));
    const exponent = 1 + slope(growthSizes.map(Math.log), perInput.map(Math.log));
    return { step, perInput, exponent };
  });
};

/** Of the straight line that fits best (least squares). */
const slope = (xs: readonly number[], ys: readonly number[]): number => {
  const [meanX, meanY] = [mean(xs), mean(ys)];
  const along = xs.map((x, i) => (x - meanX) * (ys[i]! - meanY));
  return sum(along) / sum(xs.map((x) => (x - meanX) ** 2));
};

const mean = (values: readonly number[]): number => sum(values) / values.length;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(JSON.stringify(await measureGrowth()));
}
