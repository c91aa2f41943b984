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
  /** How many times faster Qoima is: the median of the turns' ratios. */
  readonly ratio: number;
}

export interface SessionBench {
  /** Against the expert use, and up to 1000 inputs against the idiomatic one. */
  readonly rows: readonly BenchRow[];
  /** Peak memory of a fresh process that runs one session of 1000 inputs. */
  readonly memory: readonly { readonly contestant: string; readonly peakMib: number }[];
}

const names = ['qoima', 'expert', 'idiomatic'] as const satisfies readonly Name[];

/** How often each plays. What takes most of a minute plays once, or not at all. */
const rounds: readonly {
  readonly inputs: number;
  readonly sessions: Readonly<Record<Name, number>>;
  readonly paperwork: number;
}[] = [
  { inputs: 100, sessions: { qoima: 25, expert: 25, idiomatic: 3 }, paperwork: 25 },
  { inputs: 1000, sessions: { qoima: 9, expert: 9, idiomatic: 1 }, paperwork: 31 },
  { inputs: 2000, sessions: { qoima: 3, expert: 3, idiomatic: 0 }, paperwork: 15 },
];

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
 * in turns, and of each turn the median call counts. Times are the medians of all turns. A ratio is the
 * median of the ratios within each turn, because a shared machine is slower or faster for minutes.
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
    const turns = await compete(players, round);
    for (const name of ['expert', 'idiomatic'] as const) {
      if (round.sessions[name] === 0) continue;
      for (const line of lines) {
        const what = `${round.inputs} inputs, ${line}, against ${name} use`;
        rows.push({ name: what, ...compare(turns.qoima, turns[name], line) });
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

/** What a contestant's turns took, one entry for each. */
interface Turns {
  readonly sessions: readonly Calls[];
  /** Empty for who does no paperwork alone. */
  readonly paperwork: readonly Calls[];
}

const compete = async (
  players: Players,
  { inputs, sessions, paperwork: papers }: (typeof rounds)[number],
): Promise<Readonly<Record<Name, Turns>>> => {
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
  const turnsOf = (name: Name): Turns => ({
    sessions: runs[name].map((run) => run.calls),
    paperwork: calls[name],
  });
  return {
    qoima: turnsOf('qoima'),
    expert: turnsOf('expert'),
    idiomatic: turnsOf('idiomatic'),
  };
};

/** One line of both, from the paperwork that both did alone or else from their whole sessions. */
const compare = (ours: Turns, theirs: Turns, line: Line): Omit<BenchRow, 'name'> => {
  const count = line === 'session' ? undefined : paperwork[line];
  const timesOf = ({ sessions, paperwork: papers }: Turns): readonly number[] =>
    line === 'session' || count === undefined || theirs.paperwork.length === 0
      ? sessions.map((calls) => timeOf(calls, line))
      : papers.map((calls) => median(calls[line]) * count);
  const [ourTimes, theirTimes] = [timesOf(ours), timesOf(theirs)];
  return {
    oursMs: median(ourTimes),
    theirsMs: median(theirTimes),
    ratio: median(theirTimes.map((each, turn) => each / ourTimes[turn]!)),
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
