import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { readJournal } from '@qoima/journal';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planFaults, tryFaults } from './fault-trials.ts';
import { planKills, tryKills } from './kill-trials.ts';
import { runAlone, type TracedEffect } from './killed-program.ts';
import { countExchanges, tryLeft } from './left-device.ts';
import { copyPlace } from './place.ts';
import {
  LEDGER_STEPS,
  STEP_NAMES,
  type StagedStep,
  type StepName,
  stageCeremony,
} from './staged-steps.ts';

/** `QOIMA_CRASH=all` tries every point, as `npm run crash` does; otherwise every so many-th. */
const isWhole = process.env['QOIMA_CRASH'] === 'all';
const KILL_STRIDE = isWhole ? 1 : 29;
const FAULT_STRIDE = isWhole ? 1 : 97;
const TIMEOUT = isWhole ? 3_600_000 : 120_000;

let folder: string;
let steps: ReadonlyMap<StepName, StagedStep>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'qoima-crash-'));
  steps = await stageCeremony(folder);
}, TIMEOUT);
afterAll(() => rmSync(folder, { recursive: true }));

const stepOf = (name: StepName): StagedStep => {
  const step = steps.get(name);
  if (step === undefined) throw new Error(`the ceremony has no step ${name}`);
  return step;
};

/** Each step begins elsewhere, so that all kinds of points have their turn. */
const sample = <Point>(
  points: readonly Point[],
  stride: number,
  name: StepName,
): readonly Point[] => points.filter((_, i) => (i + STEP_NAMES.indexOf(name) * 5) % stride === 0);

const bad = (trials: readonly { readonly problems: readonly string[] }[]): readonly unknown[] =>
  trials.filter(({ problems }) => problems.length > 0);

describe('a program that is killed while it writes', () => {
  it.each(STEP_NAMES)(
    'loses nothing, and does the rest when it is run again: %s',
    async (name) => {
      const step = stepOf(name);
      const plan = await planKills(step, folder);
      expect(unsyncedIn(plan.effects)).toEqual([]);
      const trials = await tryKills(step, plan, sample(plan.points, KILL_STRIDE, name), folder);
      expect(bad(trials)).toEqual([]);
    },
    TIMEOUT,
  );
});

describe('a disk that is full, read-only, forbidden or broken', () => {
  it.each(STEP_NAMES)(
    'is one clear error, and costs nothing: %s',
    async (name) => {
      const step = stepOf(name);
      const { points } = await planFaults(step, folder);
      expect(bad(await tryFaults(step, sample(points, FAULT_STRIDE, name), folder))).toEqual([]);
    },
    TIMEOUT,
  );
});

describe('a Ledger whose station was gone in the middle of a command', () => {
  it.each(LEDGER_STEPS)(
    'does it all when it is asked again: %s',
    async (name) => {
      const step = stepOf(name);
      const count = await countExchanges(step, folder);
      const stride = isWhole ? 1 : Math.ceil(count / 6);
      const trials: unknown[] = [];
      for (let exchange = 1; exchange <= count; exchange += stride) {
        trials.push(await tryLeft(step, exchange, folder));
      }
      expect(trials).toEqual(
        trials.map(() => ({ step: name, exchange: expect.any(Number) as number, problems: [] })),
      );
    },
    TIMEOUT,
  );
});

describe('several programs at once', () => {
  it('on one folder give out no address twice', async () => {
    const step = stepOf('address next');
    const place = copyPlace(step.before, join(folder, 'at once'));
    const call = step.call(place);
    const before = readJournal(`${place.home('coordinator')}/regtest/journal.jsonl`).entries.length;
    const ends = await Promise.all([1, 2, 3, 4].map(() => runAlone(place, call)));
    const given = ends.filter(({ code }) => code === 0).map(({ stdout }) => stdout.trim());
    expect(given.length).toBeGreaterThan(0);
    expect(new Set(given).size).toBe(given.length);
    for (const { code, stderr } of ends.filter((end) => end.code !== 0)) {
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringContaining('JOURNAL_LOCKED'),
      });
    }
    const after = readJournal(`${place.home('coordinator')}/regtest/journal.jsonl`).entries.length;
    expect(after - before).toBe(given.length);
  });
});

/**
 * What a power cut could undo, though SIGKILL does not: a file that got its name before its content was
 * synced, and a name or a folder that was never synced in the folder above it.
 */
const unsyncedIn = (effects: readonly TracedEffect[]): readonly string[] => {
  const unsynced = new Set<string>();
  const wrong: string[] = [];
  for (const { name, path, from } of effects) {
    const above = path.replace(/\/[^/]+$/, '');
    if (name === 'write' || name === 'ftruncate') unsynced.add(path);
    if (name === 'fsync') unsynced.delete(path);
    // Locks and temporary files need not outlive a power cut.
    const lasts = !/\.(tmp|lock|takeover)$/.test(path);
    if (['rename', 'link'].includes(name) && from !== undefined && unsynced.delete(from)) {
      wrong.push(`${path} got its name before its content was synced`);
    }
    if (lasts && ['rename', 'mkdir'].includes(name)) unsynced.add(above);
  }
  return [...wrong, ...[...unsynced].map((path) => `${path} was never synced`)];
};
