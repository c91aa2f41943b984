import type { WatchProgress } from '@qoima/chain';
import type { Progress } from '@qoima/terminal';

/** One stage for as long as the node searches the chain. */
export const rescanProgress = (progress: Progress): ((rescan: WatchProgress) => void) => {
  let stage: ReturnType<Progress['stage']> | undefined;
  return ({ fraction, seconds }) => {
    stage ??= progress.stage('The node searches the chain');
    if (fraction >= 1) stage.done();
    else stage.update(fraction, `${Math.round(seconds)} s`);
  };
};
