import type { Finding } from '@qoima/primitives';
import { refusalOf } from '@qoima/review';
import { stationError } from './errors.ts';

/** @throws `STATION_WARNING_OPEN`, with the findings, unless the rule of each warning was accepted */
export const refuseOpenWarnings = (
  findings: readonly Finding[],
  acceptedWarnings: readonly string[],
): void => {
  const open = refusalOf(findings, 'warn', acceptedWarnings);
  if (open !== undefined) throw stationError('STATION_WARNING_OPEN', open.message, open.details);
};

/** The rules of the warnings among the findings, each once. */
export const warningsOf = (findings: readonly Finding[]): readonly string[] => [
  ...new Set(findings.filter(({ severity }) => severity === 'warn').map(({ rule }) => rule)),
];
