import { workerData } from 'node:worker_threads';
import { answerBlocks, beginHelp, endHelp } from './shared-checks.ts';

const help = async (memory: SharedArrayBuffer): Promise<void> => {
  // Before the curve is there: it is not even loaded when nothing is left to do.
  if (!beginHelp(memory)) return;
  try {
    const { verifyEcdsaAt } = await import('./public.ts');
    answerBlocks(memory, verifyEcdsaAt);
  } finally {
    endHelp(memory);
  }
};

/** What a worker of `verifyEcdsaMany` runs: it answers until nothing is left, and ends. */
void help(workerData as SharedArrayBuffer);
