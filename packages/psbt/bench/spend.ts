import type { Coin } from '@qoima/psbt';
import { nodeAt, strangerScript, type TestWallet, testCoins, testWallet } from '../test/wallet.ts';

/** The steps of a session, in order. */
export const steps = [
  'create',
  'serialise',
  'parse',
  'sign',
  'combine',
  'policy check',
  'verify',
  'finalise',
  'extract',
] as const;

export type Step = (typeof steps)[number];

/** A step, or all of them together. */
export type Line = Step | 'session';

export const lines: readonly Line[] = [...steps, 'session'];

/** CPU milliseconds of each call of a step. */
export type Calls = Readonly<Record<Step, number[]>>;

/** CPU milliseconds of all calls of a step, or of all steps. */
export const timeOf = (calls: Calls, line: Line): number =>
  sum(line === 'session' ? Object.values(calls).flat() : calls[line]);

export const sum = (values: readonly number[]): number =>
  values.reduce((total, each) => total + each, 0);

/** What one run of a session took and made. */
export interface SessionRun {
  readonly calls: Calls;
  /** The unsigned PSBT, and what came back from the three stations. */
  readonly psbt: Uint8Array;
  readonly returned: readonly Uint8Array[];
  readonly transaction: Uint8Array;
}

export interface Contestant {
  /** The whole session, one step after the other. */
  readonly session: (spend: Spend) => Promise<SessionRun>;
  /**
   * The steps that do no arithmetic on the curve, with the files of a session that was signed: they
   * take milliseconds, and have to be run often and close together to be measured at all.
   */
  readonly paperwork: (spend: Spend, signed: readonly Uint8Array[]) => Calls;
}

/** The steps of `Contestant.paperwork`, and how many calls of each a session has. */
export const paperwork: Readonly<Partial<Record<Step, number>>> = {
  create: 1,
  serialise: 4,
  parse: 6,
  combine: 1,
  finalise: 1,
  extract: 1,
};

/**
 * What every contestant is given before the clock runs: the wallet with all scripts of the coins
 * derived, and the coins with their previous transactions.
 */
export interface Spend {
  readonly wallet: TestWallet;
  readonly coins: readonly Coin[];
  readonly payment: { readonly script: Uint8Array; readonly amount: bigint };
  readonly change: { readonly index: number; readonly amount: bigint };
  /** The three that sign, by their number among the cosigners, and their receive branches. */
  readonly signers: readonly number[];
  readonly branches: readonly { readonly secret: Uint8Array; readonly chainCode: Uint8Array }[];
}

/** A 3-of-5 `wsh(sortedmulti)` spend of `inputs` coins, each of an address and transaction of its own. */
export const spendOf = (inputs: number): Spend => {
  const wallet = testWallet();
  const signers = [0, 2, 4];
  const amount = 100_000n;
  wallet.scripts.at('change', 1);
  return {
    wallet,
    coins: testCoins(wallet.scripts, inputs, amount),
    payment: { script: strangerScript(), amount: BigInt(inputs) * 60_000n },
    change: { index: 1, amount: BigInt(inputs) * 39_000n },
    signers,
    branches: signers.map((i) => nodeAt(wallet.accounts[i]!, [0])),
  };
};

/** Measures one call after another in CPU time of this process: other programs disturb it least. */
export const stopwatch = (): {
  readonly calls: Calls;
  readonly time: <Result>(step: Step, work: () => Result) => Result;
  readonly timeAsync: <Result>(step: Step, work: () => Promise<Result>) => Promise<Result>;
} => {
  const calls = Object.fromEntries(steps.map((step) => [step, [] as number[]])) as Calls;
  const start = (step: Step): (() => void) => {
    const before = process.cpuUsage();
    return () => {
      const { user, system } = process.cpuUsage(before);
      calls[step].push((user + system) / 1000);
    };
  };
  return {
    calls,
    time: (step, work) => {
      const stop = start(step);
      const result = work();
      stop();
      return result;
    },
    timeAsync: async (step, work) => {
      const stop = start(step);
      const result = await work();
      stop();
      return result;
    },
  };
};
