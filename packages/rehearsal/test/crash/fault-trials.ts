import { constants } from 'node:os';
import { join } from 'node:path';
import type { RunningNode } from '../../src/running-node.ts';
import type { End } from '../programs-at-hand.ts';
import { type FileEffect, watchFileEffects } from './file-effects.mjs';
import { judgeEnd, judgeLeft } from './judge.ts';
import { runAgain } from './kill-trials.ts';
import { type Call, copyPlace, type Place, runHere } from './place.ts';
import type { StagedStep } from './staged-steps.ts';

/** What the system says: once, or from then on to everything that changes the disk. */
export interface Fault {
  readonly errno: 'ENOSPC' | 'EROFS' | 'EACCES' | 'EMFILE' | 'EIO';
  readonly lasts: boolean;
}

/** A full disk and a medium that goes read-only last; any of them may also come once. */
const FAULTS: readonly Fault[] = [
  { errno: 'ENOSPC', lasts: false },
  { errno: 'ENOSPC', lasts: true },
  { errno: 'EROFS', lasts: false },
  { errno: 'EROFS', lasts: true },
  { errno: 'EACCES', lasts: false },
  { errno: 'EMFILE', lasts: false },
  { errno: 'EIO', lasts: false },
];

/** What came of one fault. */
export interface FaultTrial {
  readonly step: string;
  readonly effect: string;
  readonly fault: Fault;
  /** The program's error code; undefined where it could do without what failed. */
  readonly code: string | undefined;
  readonly problems: readonly string[];
}

/** A call to the file system that is to fail, by its number (from 1), and how. */
export interface FaultPoint {
  readonly at: number;
  readonly fault: Fault;
}

/** Every call that a step makes to the file system, those that only look among them, with every fault. */
export const planFaults = async (
  step: StagedStep,
  folder: string,
): Promise<{ readonly effects: number; readonly points: readonly FaultPoint[] }> => {
  const place = copyPlace(step.before, join(folder, 'faulty'));
  const node = await step.node?.();
  let effects = 0;
  await runWatched(place, step.call(place, node), (_effect, run) => {
    effects += 1;
    return run();
  });
  await node?.stop();
  const numbers = Array.from({ length: effects }, (_, i) => i + 1);
  return { effects, points: numbers.flatMap((at) => FAULTS.map((fault) => ({ at, fault }))) };
};

/** Has one call after the other fail, and judges what the program says and leaves. */
export const tryFaults = async (
  step: StagedStep,
  points: readonly FaultPoint[],
  folder: string,
): Promise<readonly FaultTrial[]> => {
  const trials: FaultTrial[] = [];
  let node = await step.node?.();
  for (const point of points) {
    trials.push(await tryFault(step, point, node, folder));
    if (step.changesNode === true) {
      await node?.stop();
      node = await step.node?.();
    }
  }
  await node?.stop();
  return trials;
};

const tryFault = async (
  step: StagedStep,
  { at, fault }: FaultPoint,
  node: RunningNode | undefined,
  folder: string,
): Promise<FaultTrial> => {
  const place = copyPlace(step.before, join(folder, 'faulty'));
  const call = step.call(place, node);
  let count = 0;
  let failed: FileEffect | undefined;
  const end = await runWatched(place, call, (effect, run) => {
    count += 1;
    if (count === at) failed = effect;
    const isNow = count === at || (count > at && fault.lasts && effect.changes);
    if (!isNow) return run();
    // Node's own answer where it does not tell what is wrong.
    if (effect.name === 'exists') return false;
    // A file is closed whatever the system says.
    if (effect.name === 'close') run();
    throw systemError(effect, fault.errno);
  });
  const words = withoutProgress(end.stderr);
  const code = /^error ([A-Z_]+): /.exec(words)?.[1];
  const problems = [...badWords(end.code, words, place, fault), ...judgeLeft(step, place)];
  const again = await runAgain(step, place, call, node);
  problems.push(...again.problems);
  if (again.problems.length === 0) {
    problems.push(...judgeEnd(step, place, again.isIdle).problems);
  }
  const path = failed?.path.replace(`${place.folder}/`, '') ?? '';
  return { step: step.name, effect: `${failed?.name} ${path}`, fault, code, problems };
};

/** How far a Ledger is, or that it has done its part: no fault of a disk is a failure of the device. */
const withoutProgress = (stderr: string): string =>
  stderr.replaceAll(/^The Ledger [^\n:]+: (?:done|[0-9]+ % [^\n]+)\n/gm, '');

/** One line that names the file and the errno, with a code of its own, and exit code 1. */
const badWords = (exit: number, words: string, place: Place, fault: Fault): readonly string[] => {
  const isRight =
    exit === 0
      ? words === ''
      : exit === 1 &&
        /^error FILE_[A-Z_]+: [^\n]+\.\n$/.test(words) &&
        words.includes(place.folder) &&
        words.includes(fault.errno);
  return isRight ? [] : [`${exit} ${words.trim()}`];
};

const runWatched = async (
  place: Place,
  call: Call,
  around: Parameters<typeof watchFileEffects>[1],
): Promise<End> => {
  const unwatch = watchFileEffects(place.folder, around);
  try {
    return await runHere(place, call);
  } finally {
    unwatch();
  }
};

const systemError = ({ name, path }: FileEffect, code: Fault['errno']): Error =>
  Object.assign(new Error(`${code}: as a test has it, ${name} '${path}'`), {
    errno: -constants.errno[code],
    code,
    syscall: name,
    path,
  });
