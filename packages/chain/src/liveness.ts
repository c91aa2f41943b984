import type { Sleep } from './json-rpc.ts';

/** Between two looks at a node that works on a long call. */
export const POLL_MS = 1000;

const MAX_MISSED_LOOKS = 3;

/**
 * Lets a call last as long as the node shows by answering `look` that it is alive: a search through
 * years of blocks takes hours, and no timeout would be right for it. After three missed looks in a
 * row the call is given up, and the error of the last look is thrown.
 */
export const whileAlive = async <Result>(
  call: (untilAborted: AbortSignal) => Promise<Result>,
  look: () => Promise<unknown>,
  sleep: Sleep,
): Promise<Result> => {
  const abort = new AbortController();
  const done = new AbortController();
  let lost: unknown;

  const keepLooking = async (): Promise<void> => {
    for (let missed = 0; missed < MAX_MISSED_LOOKS; ) {
      await sleep(POLL_MS, done.signal).catch(() => undefined);
      if (done.signal.aborted) return;
      try {
        await look();
        missed = 0;
      } catch (cause) {
        missed += 1;
        lost = cause;
      }
    }
    abort.abort();
  };

  const looking = keepLooking();
  try {
    return await call(abort.signal);
  } catch (cause) {
    throw abort.signal.aborted ? lost : cause;
  } finally {
    done.abort();
    await looking;
  }
};
