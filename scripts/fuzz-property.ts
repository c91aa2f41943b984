import fc from 'fast-check';

/** Something that must hold for every case that a generator makes. */
export interface FuzzProperty {
  readonly name: string;
  /** How many cases `npm run fuzz` tries, and `npm test` if nobody says otherwise. */
  readonly cases: { readonly long: number; readonly short: number };
  /** Tries so many cases; what is found is told with the case that was shrunk from it. */
  readonly run: (cases: number, seed?: number) => Promise<string | undefined>;
}

/** The same cases every time: what is found once is found by everybody. */
export const FUZZ_SEED = 20_261_122;

export const fuzzProperty = <Case>(
  name: string,
  cases: FuzzProperty['cases'],
  property: fc.IRawProperty<Case>,
): FuzzProperty => ({
  name,
  cases,
  run: async (numRuns, seed = FUZZ_SEED) => {
    const details = await fc.check(property, {
      numRuns,
      seed,
      includeErrorInReport: true,
    });
    return details.failed ? fc.asyncDefaultReportMessage(details) : undefined;
  },
});

/** Cases of a property within `npm test`: `QOIMA_FUZZ_RUNS` for a longer run of each. */
export const shortRun = ({ cases }: FuzzProperty, runs: string | undefined): number =>
  runs === undefined ? cases.short : Number(runs);
