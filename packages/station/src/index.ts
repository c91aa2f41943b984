export { stationErrors } from './errors.ts';
export { stationProgram } from './program.ts';
