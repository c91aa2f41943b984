import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { equalBytes } from '@qoima/primitives';
import { combinePsbts, decodePsbt, encodePsbt } from '@qoima/psbt';
import { type Calls, type Line, lines, median, timeOf } from './calls.ts';
import { paperwork, type SessionRun } from './contestant.ts';
import type { Name, Reply, Request } from './contestant-main.ts';

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
  /** Peak memory of a fresh process that runs one session of 1000 inputs. */
  readonly memory: readonly { readonly contestant: string; readonly peakMib: number }[];
}

const names = ['qoima', 'expert', 'idiomatic'] as const satisfies readonly Name[];

/** How often each plays; medians count. What takes most of a minute plays once, or not at all. */
const rounds: readonly {
  readonly inputs: number;
  readonly sessions: Readonly<Record<Name, number>>;
  readonly paperwork: number;
}[] = [
  { inputs: 100, sessions: { qoima: 9, expert: 5, idiomatic: 3 }, paperwork: 25 },
  { inputs: 1000, sessions: { qoima: 9, expert: 5, idiomatic: 1 }, paperwork: 31 },
  { inputs: 2000, sessions: { qoima: 5, expert: 1, idiomatic: 0 }, paperwork: 15 },
];

/** CPU milliseconds. */
type Times = Readonly<Record<Line, number>>;

/**
 * A whole 3-of-5 `wsh(sortedmulti)` session: create, three times parse, sign and serialise, three times
 * parse, combine, policy check, verify every signature, finalise, extract. One thread, every contestant
 * in a process of its own, so that nobody pays for another's garbage, and all taking turns; every PSBT
 * has the same records and every final transaction is the same to the byte.
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
  const players: Players = {
    qoima: startPlayer('qoima'),
    expert: startPlayer('expert'),
    idiomatic: startPlayer('idiomatic'),
  };
  for (const name of names) await warmUp(players[name]);
  for (const round of rounds) {
    const times = await compete(players, round);
    for (const name of ['expert', 'idiomatic'] as const) {
      if (round.sessions[name] === 0) continue;
      for (const line of lines) {
        const [oursMs, theirsMs] = [times.qoima[line], times[name][line]];
        const what = `${round.inputs} inputs, ${line}, against ${name} use`;
        rows.push({ name: what, oursMs, theirsMs, ratio: theirsMs / oursMs });
      }
    }
  }
  for (const name of names) players[name].stop();
  const memory: { contestant: string; peakMib: number }[] = [];
  for (const contestant of names) {
    const fresh = startPlayer(contestant);
    const { peakMib } = await fresh.play({ play: 'session', inputs: 1000 });
    fresh.stop();
    memory.push({ contestant, peakMib });
  }
  return { rows, memory };
};

interface Player {
  readonly play: (request: Request) => Promise<Reply>;
  readonly stop: () => void;
}

const startPlayer = (name: Name): Player => {
  const script = fileURLToPath(new URL('contestant-main.ts', import.meta.url));
  const child = fork(script, [name], { serialization: 'advanced' });
  let stopped = false;
  child.on('exit', () => {
    if (!stopped) throw new Error(`the process of ${name} ended in the middle of its sessions`);
  });
  return {
    play: async (request) => {
      const reply = once(child, 'message') as Promise<[Reply]>;
      child.send(request);
      return (await reply)[0];
    },
    stop: () => {
      stopped = true;
      child.kill();
    },
  };
};

type Players = Readonly<Record<Name, Player>>;

/** Five seconds that do not count, for what engine and WebAssembly compile on their way. */
const warmUp = async ({ play }: Player): Promise<void> => {
  let spent = 0;
  while (spent < 5000) {
    const { run } = await play({ play: 'session', inputs: 100 });
    spent += timeOf(run!.calls, 'session');
  }
};

const compete = async (
  players: Players,
  { inputs, sessions, paperwork: papers }: (typeof rounds)[number],
): Promise<Readonly<Record<Name, Times>>> => {
  const runs: Record<Name, SessionRun[]> = { qoima: [], expert: [], idiomatic: [] };
  for (let i = 0; i < Math.max(...Object.values(sessions)); i++) {
    for (const name of names) {
      if (i >= sessions[name]) continue;
      // A run-up: whoever waited for another's ten seconds has a shrunken heap, and no cache.
      await players[name].play({ play: 'session', inputs: 100 });
      const { run } = await players[name].play({ play: 'session', inputs });
      runs[name].push(run!);
    }
  }
  checkAlike(Object.values(runs).flat());
  const calls: Record<Name, Calls[]> = { qoima: [], expert: [], idiomatic: [] };
  for (let i = 0; i < papers; i++) {
    for (const name of ['qoima', 'expert'] as const) {
      const reply = await players[name].play({ play: 'paperwork', inputs });
      calls[name].push(reply.calls!);
    }
  }
  return {
    qoima: timesOf(runs.qoima, calls.qoima),
    expert: timesOf(runs.expert, calls.expert),
    idiomatic: timesOf(runs.idiomatic, calls.idiomatic),
  };
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
  const typical = (line: Line): number => {
    const again = line === 'session' ? [] : paper.flatMap((calls) => calls[line]);
    if (line !== 'session' && again.length > 0) return median(again) * (paperwork[line] ?? 0);
    return median(runs.map(({ calls }) => timeOf(calls, line)));
  };
  return Object.fromEntries(lines.map((line) => [line, typical(line)])) as Times;
};
