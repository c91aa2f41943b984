import { spawnSync } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { equalBytes } from '@qoima/primitives';
import { combinePsbts, decodePsbt, encodePsbt } from '../src/index.ts';
import { bitcoinjs } from './bitcoinjs-session.ts';
import { qoima } from './qoima-session.ts';
import {
  type Calls,
  type Contestant,
  paperwork,
  type SessionRun,
  type Step,
  spendOf,
  steps,
} from './spend.ts';

/** CPU milliseconds of one step, or of the whole session, by Qoima and by bitcoinjs-lib. */
export interface BenchRow {
  readonly name: string;
  readonly oursMs: number;
  readonly theirsMs: number;
  /** How many times faster Qoima is. */
  readonly ratio: number;
}

export interface SessionBench {
  /** Against the expert use, and up to 1000 inputs against the idiomatic one. */
  readonly rows: readonly BenchRow[];
  /** Qoima's time grows as the inputs to this power, from 100 to 2000 inputs. */
  readonly growth: readonly Growth[];
  /** Peak memory of a fresh process that runs one session of 1000 inputs. */
  readonly memory: readonly { readonly contestant: string; readonly peakMib: number }[];
}

/** Two exponents of one step, for two questions. */
export interface Growth {
  readonly step: string;
  /** Of the fastest call, which no collector and no other program came across: the step's own work. */
  readonly fastest: number;
  /** Of whole sessions, the median, with the garbage that each step finds: what a user waits for. */
  readonly inSession: number;
}

const contestants = {
  qoima,
  expert: bitcoinjs('expert'),
  idiomatic: bitcoinjs('idiomatic'),
} as const satisfies Record<string, Contestant>;

type Name = keyof typeof contestants;
const names = Object.keys(contestants) as Name[];

/** How often each plays; medians count. What takes most of a minute plays once, or not at all. */
const rounds: readonly {
  readonly inputs: number;
  readonly sessions: Readonly<Record<Name, number>>;
  readonly paperwork: number;
}[] = [
  { inputs: 100, sessions: { qoima: 9, expert: 5, idiomatic: 3 }, paperwork: 25 },
  { inputs: 1000, sessions: { qoima: 5, expert: 3, idiomatic: 1 }, paperwork: 31 },
  { inputs: 2000, sessions: { qoima: 5, expert: 1, idiomatic: 0 }, paperwork: 15 },
];

type Line = Step | 'session';
const lines: readonly Line[] = [...steps, 'session'];

/** CPU milliseconds. */
type Times = Readonly<Record<Line, number>>;

/**
 * A whole 3-of-5 `wsh(sortedmulti)` session: create, three times parse, sign and serialise, three times
 * parse, combine, policy check, verify every signature, finalise, extract. One thread, the contestants
 * taking turns in one process; every PSBT has the same records and every final transaction is the same
 * to the byte.
 *
 * Both are given the coins' scripts before the clock runs (deriving them is another benchmark); both
 * derive them anew in the policy check. Qoima's signer proves every input and checks every signature
 * before it is added, for which bitcoinjs-lib has no counterpart.
 *
 * The session is measured as a whole, with the garbage that was collected on its way. So are its steps
 * on the curve: sign, policy check, verify. The others take milliseconds: they are run again many times,
 * in turns, and their median call counts.
 */
export const benchSession = async (): Promise<SessionBench> => {
  const rows: BenchRow[] = [];
  const inSession = new Map<number, Times>();
  const fastest = new Map<number, Times>();
  for (const round of rounds) {
    const { times, ours, calls } = await compete(round);
    inSession.set(round.inputs, timesOf(ours, []));
    fastest.set(round.inputs, fastestOf(ours, calls));
    for (const name of ['expert', 'idiomatic'] as const) {
      if (round.sessions[name] === 0) continue;
      for (const line of lines) {
        const [oursMs, theirsMs] = [times.qoima[line], times[name][line]];
        const what = `${round.inputs} inputs, ${line}, against ${name} use`;
        rows.push({ name: what, oursMs, theirsMs, ratio: theirsMs / oursMs });
      }
    }
  }
  const exponent = (times: ReadonlyMap<number, Times>, line: Line): number =>
    Math.log(times.get(2000)![line] / times.get(100)![line]) / Math.log(2000 / 100);
  const growth = lines.map((step) => ({
    step,
    fastest: exponent(fastest, step),
    inSession: exponent(inSession, step),
  }));
  const memory = names.map((contestant) => ({
    contestant,
    peakMib: peakOfFreshProcess(contestant, 1000),
  }));
  return { rows, growth, memory };
};

const compete = async (
  round: (typeof rounds)[number],
): Promise<{
  times: Readonly<Record<Name, Times>>;
  ours: readonly SessionRun[];
  calls: readonly Calls[];
}> => {
  const spend = spendOf(round.inputs);
  const runs: Record<Name, SessionRun[]> = { qoima: [], expert: [], idiomatic: [] };
  for (let i = 0; i < Math.max(...Object.values(round.sessions)); i++) {
    for (const name of names) {
      if (i >= round.sessions[name]) continue;
      collectGarbage();
      runs[name].push(await contestants[name].session(spend));
    }
  }
  checkAlike(Object.values(runs).flat());
  const calls: Record<Name, Calls[]> = { qoima: [], expert: [], idiomatic: [] };
  const signed = runs.qoima[0]!.returned;
  for (let i = 0; i < round.paperwork; i++) {
    for (const name of ['qoima', 'expert'] as const) {
      calls[name].push(contestants[name].paperwork(spend, signed));
    }
  }
  const times = {
    qoima: timesOf(runs.qoima, calls.qoima),
    expert: timesOf(runs.expert, calls.expert),
    idiomatic: timesOf(runs.idiomatic, calls.idiomatic),
  };
  return { times, ours: runs.qoima, calls: calls.qoima };
};

const checkAlike = ([first, ...others]: readonly SessionRun[]): void => {
  for (const run of others) {
    if (!equalBytes(run.transaction, first!.transaction)) throw new Error('transactions differ');
    if (!equalBytes(sorted(run.psbt), sorted(first!.psbt))) throw new Error('PSBTs differ');
  }
};

/** bitcoinjs-lib writes records as they were added. */
const sorted = (psbt: Uint8Array): Uint8Array => encodePsbt(combinePsbts([decodePsbt(psbt)]));

/** Medians: of the paperwork's calls where a step was run again, else of what whole sessions spent. */
const timesOf = (runs: readonly SessionRun[], paper: readonly Calls[]): Times => {
  const timeOf = (line: Line): number => {
    if (line === 'session')
      return median(runs.map(({ calls }) => sum(Object.values(calls).flat())));
    const again = paper.flatMap((calls) => calls[line]);
    if (again.length > 0) return median(again) * (paperwork[line] ?? 0);
    return median(runs.map(({ calls }) => sum(calls[line])));
  };
  return Object.fromEntries(lines.map((line) => [line, timeOf(line)])) as Times;
};

/** The fastest call of each step, and the fastest session. */
const fastestOf = (runs: readonly SessionRun[], paper: readonly Calls[]): Times => {
  const sessions = runs.map(({ calls }) => calls);
  const timeOf = (line: Line): number =>
    line === 'session'
      ? Math.min(...sessions.map((calls) => sum(Object.values(calls).flat())))
      : Math.min(...[...sessions, ...paper].flatMap((calls) => calls[line]));
  return Object.fromEntries(lines.map((line) => [line, timeOf(line)])) as Times;
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0);

/** So that nobody pays for what the one before left behind. */
const collectGarbage = (): void => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  gc();
};

const peakOfFreshProcess = (contestant: Name, inputs: number): number => {
  const script = fileURLToPath(import.meta.url);
  const { stdout, status } = spawnSync(
    process.execPath,
    [...process.execArgv, script, '--peak', contestant, String(inputs)],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`the session of ${contestant} failed in its own process`);
  return Number(stdout.trim());
};

const main = async (): Promise<void> => {
  const [flag, contestant, inputs] = process.argv.slice(2);
  if (flag === '--peak') {
    await contestants[contestant as Name].session(spendOf(Number(inputs)));
    console.log(Math.round(process.resourceUsage().maxRSS / 1024));
    return;
  }
  const { rows, growth, memory } = await benchSession();
  const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
  console.table(
    rows.map(({ name, oursMs, theirsMs, ratio }) => ({
      name,
      'ours, ms': rounded(oursMs, 1),
      'theirs, ms': rounded(theirsMs, 1),
      ratio: rounded(ratio, 1),
    })),
  );
  console.table(
    growth.map(({ step, fastest, inSession }) => ({
      step,
      fastest: rounded(fastest, 2),
      inSession: rounded(inSession, 2),
    })),
  );
  console.table(memory);
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
