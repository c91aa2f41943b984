import { join } from 'node:path';
import type { RunningNode } from '../../src/running-node.ts';
import { type Difference, judgeEnd, judgeLeft } from './judge.ts';
import { type KillPoint, runKilled, type TracedEffect, traceEffects } from './killed-program.ts';
import { type Call, copyPlace, type Place, runHere, treeOf } from './place.ts';
import type { StagedStep } from './staged-steps.ts';

/** What came of one kill. */
export interface KillTrial {
  readonly step: string;
  readonly point: KillPoint;
  /** `rename regtest/journal.jsonl`. */
  readonly effect: string;
  readonly difference: Difference;
  /** The second run said that all had been done. */
  readonly isSaidDone: boolean;
  /** What must not be; none when all is well. */
  readonly problems: readonly string[];
}

/** What a step changes on the disk, and every point at which it can be killed there. */
export interface KillPlan {
  readonly effects: readonly TracedEffect[];
  readonly points: readonly KillPoint[];
}

export const planKills = async (step: StagedStep, folder: string): Promise<KillPlan> => {
  const place = copyPlace(step.before, join(folder, 'traced'));
  const node = await step.node?.();
  const effects = await traceEffects(place, step.call(place, node));
  await node?.stop();
  const points = effects.flatMap(({ hasHalf }, i): readonly KillPoint[] => [
    { at: i + 1, how: 'before' },
    ...(hasHalf ? [{ at: i + 1, how: 'half' } as const] : []),
    { at: i + 1, how: 'after' },
  ]);
  return { effects, points };
};

/** Kills a step at some of its points, each time runs it again as its user would, and judges both states. */
export const tryKills = async (
  step: StagedStep,
  plan: KillPlan,
  points: readonly KillPoint[],
  folder: string,
): Promise<readonly KillTrial[]> => {
  const trials: KillTrial[] = [];
  let node = await step.node?.();
  for (const point of points) {
    const place = copyPlace(step.before, join(folder, 'killed'));
    const call = step.call(place, node);
    // As JSON, because a sheet may be shown before, and a result may not.
    const json = { ...call, argv: ['--json', ...call.argv] };
    const killed = await runKilled(place, json, point);
    const problems = [...judgeLeft(step, place)];
    if (killed.stdout !== '') problems.push('a result was shown before all was done');
    const again = await runAgain(step, place, call, node);
    const { problems: wrong, difference } =
      again.problems.length > 0
        ? { problems: [], difference: 'none' as const }
        : judgeEnd(step, place, again.isIdle);
    const effect = plan.effects[point.at - 1];
    trials.push({
      step: step.name,
      point,
      effect: `${effect?.name} ${effect?.path.replace(/^.*\/(?=[^/]+\/[^/]+$)/, '')}`,
      difference,
      isSaidDone: again.isSaidDone,
      problems: [...problems, ...again.problems, ...wrong],
    });
    if (step.changesNode === true) {
      await node?.stop();
      node = await step.node?.();
    }
  }
  await node?.stop();
  return trials;
};

interface Again {
  /** It changed nothing of what had been left. */
  readonly isIdle: boolean;
  /** It said that all had been done. */
  readonly isSaidDone: boolean;
  readonly problems: readonly string[];
}

/** The same command once more; where it says that all is done, the command that it names. */
export const runAgain = async (
  step: StagedStep,
  place: Place,
  call: Call,
  node: RunningNode | undefined,
): Promise<Again> => {
  const stateOf = (): string => JSON.stringify([...treeOf(place)]);
  const left = stateOf();
  const end = await runHere(place, step.call(place, node));
  const isIdle = stateOf() === left;
  if (end.code === 0) return { isIdle, isSaidDone: false, problems: [] };
  const { codes = [], fetch } = step.alreadyDone ?? {};
  if (!codes.some((code) => end.stderr.startsWith(`error ${code}: `))) {
    return { isIdle, isSaidDone: false, problems: [`the second run: ${end.stderr.trim()}`] };
  }
  if (fetch === undefined) return { isIdle, isSaidDone: true, problems: [] };
  const { code: exit, stderr } = await runHere(place, { ...call, argv: fetch(place) });
  return {
    isIdle,
    isSaidDone: true,
    problems: exit === 0 ? [] : [`the command it names: ${stderr.trim()}`],
  };
};
