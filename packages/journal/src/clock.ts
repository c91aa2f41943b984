import { journalError } from './errors.ts';
import type { Clock } from './journal.ts';

/**
 * The system's clock, or the one time that `QOIMA_CLOCK` names (ISO 8601, UTC), with which a rehearsal
 * writes the same bytes each time it is run.
 * @throws `CLOCK_INVALID`
 */
export const clockFrom = (env: Readonly<Record<string, string | undefined>>): Clock => {
  const { QOIMA_CLOCK: text } = env;
  if (text === undefined) return () => new Date();
  const time = new Date(text);
  if (Number.isNaN(time.getTime()) || time.toISOString().replace('.000Z', 'Z') !== text) {
    throw journalError('CLOCK_INVALID', `QOIMA_CLOCK is ${JSON.stringify(text.slice(0, 40))}.`, {
      expected: '2026-01-31T12:00:00Z',
    });
  }
  return () => time;
};
