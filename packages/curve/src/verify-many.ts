import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { curveInUse, verifyEcdsaAt } from './public.ts';
import {
  answerBlocks,
  answerRest,
  awaitHelpers,
  type EcdsaCheck,
  shareChecks,
} from './shared-checks.ts';

/** How many verifications are shared out. */
export interface VerifyOptions {
  /** How many workers help this thread. By default as many as pay. */
  readonly workers?: number;
}

/**
 * ECDSA of each check, as `verifyEcdsa` has it, in their order; worker threads help where there are enough
 * checks to pay for starting them, and on a machine with another core.
 */
export const verifyEcdsaMany = (
  checks: readonly EcdsaCheck[],
  { workers = workersFor(checks.length) }: VerifyOptions = {},
): readonly boolean[] =>
  workers === 0
    ? checks.map(({ hash, point, signature }) => verifyEcdsaAt(hash, point, signature))
    : verifyWithWorkers(checks, workers, workerFile);

/** One for each core beside this thread's; no more than two, because more were not measured. */
export const workersFor = (checks: number): number =>
  checks < FEWEST_CHECKS[curveInUse] ? 0 : Math.min(2, availableParallelism() - 1);

/**
 * A worker must be started and must load the curve before it can help. With fewer checks than these,
 * this thread alone is as soon done: measured, docs/decisions/0027.
 */
const FEWEST_CHECKS = { native: 1500, wasm: 400 } as const;

/** The compiled file also where this one runs from source: Node 20 runs no TypeScript. */
export const workerFile: URL = new URL('../dist/verify-worker.js', import.meta.url);

/**
 * This thread works as well, and what no worker has answered it answers itself. So one that cannot start,
 * starts too late or dies costs time and changes nothing.
 *
 * No worker is stopped: a thread that is, while it is in a compiled library, may take the process with it.
 * Nor may the program end then. So the end of those that are at work is waited for: it is a block away, or
 * the loading of the curve. One that comes later finds nothing to do, ends by itself, and keeps no
 * program alive.
 */
export const verifyWithWorkers = (
  checks: readonly EcdsaCheck[],
  count: number,
  file: URL,
): readonly boolean[] => {
  const memory = shareChecks(checks);
  startWorkers(count, file, memory);
  answerBlocks(memory, verifyEcdsaAt);
  const answers = answerRest(memory, verifyEcdsaAt);
  awaitHelpers(memory, DEAD_AFTER);
  return answers;
};

/** Milliseconds; the worst that a worker needs is the tenth of a second in which it loads the curve. */
const DEAD_AFTER = 2000;

const startWorkers = (count: number, file: URL, workerData: SharedArrayBuffer): void => {
  try {
    for (let i = 0; i < count; i++) {
      // Without this process's flags: a loader among them would take longer than the work.
      const worker = new Worker(file, { workerData, execArgv: [] });
      // An error that nobody hears would end the program.
      worker.on('error', () => {});
      worker.unref();
    }
  } catch {
    // There are no more threads to be had: those that are must do.
  }
};
