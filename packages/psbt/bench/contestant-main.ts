import process from 'node:process';
import { bitcoinjs } from './bitcoinjs-session.ts';
import type { Calls } from './calls.ts';
import type { Contestant, SessionRun } from './contestant.ts';
import { qoima } from './qoima-session.ts';
import { type Spend, spendOf } from './spend.ts';

const contestants = {
  qoima,
  expert: bitcoinjs('expert'),
  idiomatic: bitcoinjs('idiomatic'),
} as const satisfies Record<string, Contestant>;

export type Name = keyof typeof contestants;

/** What a contestant is asked to play, with a spend of so many inputs. */
export interface Request {
  readonly play: 'session' | 'paperwork';
  readonly inputs: number;
}

export interface Reply {
  /** Of a session. */
  readonly run?: SessionRun;
  /** Of paperwork with the files of the last session of as many inputs. */
  readonly calls?: Calls;
  /** Of this process so far, resident. */
  readonly peakMib: number;
}

/** One contestant in a process of its own: it plays what its parent asks for, one request at a time. */
const main = (contestant: Contestant): void => {
  const spends = new Map<number, Spend>();
  const signed = new Map<number, readonly Uint8Array[]>();
  const answer = async ({ play, inputs }: Request): Promise<Omit<Reply, 'peakMib'>> => {
    const spend = spends.get(inputs) ?? spendOf(inputs);
    spends.set(inputs, spend);
    if (play === 'paperwork') {
      return { calls: contestant.paperwork(spend, signed.get(inputs) ?? []) };
    }
    const run = await contestant.session(spend);
    signed.set(inputs, run.returned);
    return { run };
  };
  const reply = async (request: Request): Promise<void> => {
    const answered = await answer(request);
    const peakMib = Math.round(process.resourceUsage().maxRSS / 1024);
    process.send?.({ ...answered, peakMib } satisfies Reply);
  };
  process.on('message', (request: Request) => {
    void reply(request);
  });
};

const [name] = process.argv.slice(2);
if (process.send !== undefined) main(contestants[name as Name]);
