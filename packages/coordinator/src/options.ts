import {
  excerpt,
  type FeeRate,
  isQoimaError,
  type Outpoint,
  parseFeeRate,
  parseOutpoint,
} from '@qoima/primitives';
import { RULES } from '@qoima/review';
import { printable } from '@qoima/terminal';
import { coordinatorError } from './errors.ts';

/** Reads a whole number, of `least` at least. @throws `COORDINATOR_OPTION_INVALID` */
export const wholeNumber = (text: string, option: string, most: number, least = 0): number => {
  const value = /^(0|[1-9][0-9]{0,8})$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw invalid(option, `a whole number from ${least} to ${most}`, text);
};

const MAX_LABEL_LENGTH = 200;

/**
 * Reads a label, which ends up in journals and on screens: its unsafe characters become visible.
 * @throws `COORDINATOR_OPTION_INVALID`
 */
export const labelText = (text: string, option: string, least = 0): string => {
  const label = printable(text);
  if (label.length >= least && label.length <= MAX_LABEL_LENGTH) return label;
  throw invalid(option, `a text of ${least} to ${MAX_LABEL_LENGTH} characters`, text);
};

/**
 * Reads a date that is over, `2026-01-31`, as unix seconds of its midnight UTC.
 * @throws `COORDINATOR_OPTION_INVALID`
 */
export const pastDateSeconds = (text: string, option: string, now: Date): number => {
  const date = new Date(`${text}T00:00:00Z`);
  // The parser takes the 30th of February for the 2nd of March.
  const exists = !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === text;
  if (exists && date.getTime() >= 0 && date <= now) return date.getTime() / 1000;
  throw invalid(option, 'a date like 2026-01-31 that is not in the future', text);
};

/** Reads a fee rate in sat/vB. @throws `COORDINATOR_OPTION_INVALID` */
export const feeRate = (text: string, option: string): FeeRate =>
  read(text, option, parseFeeRate, 'a rate in sat/vB like 12 or 12.5, below a million');

/** Reads `txid:vout`. @throws `COORDINATOR_OPTION_INVALID` */
export const outpoint = (text: string, option: string): Outpoint =>
  read(text, option, parseOutpoint, 'a coin as txid:vout, 64 hex digits, a colon, and a number');

/** Reads the names of rules of the review. @throws `COORDINATOR_OPTION_INVALID` for one that there is not */
export const ruleNames = (texts: readonly string[], option: string): readonly string[] => {
  for (const text of texts) {
    if (RULES.some(({ id }) => id === text)) continue;
    const [group] = text.toLowerCase().split('-');
    const near = RULES.map(({ id }) => id).filter((id) => id.startsWith(`${group}-`));
    const hint = near.length === 0 ? '' : `, and near it are ${near.join(', ')}`;
    const expected = `the name of a rule; docs/review-rules.md lists them all${hint}`;
    throw invalid(option, expected, text);
  }
  return texts;
};

/** What a person mistypes is a wrong call, and no check that said no. */
const read = <Value>(
  text: string,
  option: string,
  parse: (text: string) => Value,
  expected: string,
): Value => {
  try {
    return parse(text);
  } catch (error) {
    if (isQoimaError(error)) throw invalid(option, expected, text, error);
    throw error;
  }
};

const invalid = (option: string, expected: string, actual: string, cause?: unknown): Error =>
  coordinatorError(
    'COORDINATOR_OPTION_INVALID',
    `${option} is ${excerpt(actual, 100)}, and not ${expected}.`,
    { expected, actual: actual.slice(0, 100) },
    cause,
  );
