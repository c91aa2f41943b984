export { stationErrors } from './errors.ts';
export type { OnInterrupt } from './ledger-work.ts';
export { type StationSources, stationProgram } from './program.ts';
