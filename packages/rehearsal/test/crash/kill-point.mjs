// Loaded with `node --import` in front of a program: counts what it changes below QOIMA_CRASH_ROOT, and
// kills it at one of these effects. Without QOIMA_CRASH_AT all are done, and listed in QOIMA_CRASH_TRACE.
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { watchFileEffects } from './file-effects.mjs';

const {
  QOIMA_CRASH_ROOT: root = '',
  QOIMA_CRASH_AT: at,
  QOIMA_CRASH_HOW: how,
  QOIMA_CRASH_TRACE: trace,
} = process.env;
const seen = [];

const die = () => {
  process.kill(process.pid, 'SIGKILL');
};

watchFileEffects(root, (effect, run) => {
  if (!effect.changes) return run();
  const { name, path, from, half } = effect;
  seen.push({ name, path, from, hasHalf: half !== undefined });
  if (seen.length !== Number(at)) return run();
  if (how === 'half') half?.();
  try {
    if (how === 'after') run();
  } finally {
    // Also behind a call that failed, as the making of a lock that is there already does.
    die();
  }
  return undefined;
});

if (trace !== undefined) process.on('exit', () => writeFileSync(trace, JSON.stringify(seen)));
