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

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

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
