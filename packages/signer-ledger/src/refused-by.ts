import type { QoimaError } from '@qoima/primitives';
import { ledgerError } from './errors.ts';
import type { LimitRefusal } from './preflight.ts';

/** One error of all refusals; its details list them. */
export const refusedBy = (what: string, refusals: readonly LimitRefusal[]): QoimaError => {
  const [first, ...others] = refusals.map(({ where, what: why }) => `${where}: ${why}`);
  const more = others.length === 0 ? '' : ` And ${others.length} more.`;
  return ledgerError('DEVICE_LIMIT', `${what}: ${first}${more}`, {
    refusals: refusals.map(({ rule, where, what: why }) => ({ rule, where, what: why })),
  });
};
