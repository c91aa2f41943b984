import { excerpt } from '@qoima/primitives';
import { policyError } from './errors.ts';

/** Steps from a master key; a hardened step has `HARDENED` added. */
export type DerivationPath = readonly number[];

/** How a hardened step is marked: `h` in descriptors (BIP-380), `'` in what a Ledger reads. */
export type HardenedMark = 'h' | "'";

/** 2³¹, what a hardened step has added to it (BIP-32). */
export const HARDENED = 0x80000000;

/** As many as a key can be deep: `MAX_DEPTH` of an extended key. */
const MAX_STEPS = 255;

/**
 * Reads `m/48'/0'/0'/2'`; the `m/` may be left out, and `h` may stand for `'`, mixed as well (BIP-380).
 * An upper-case `H` is refused (BIP-380), and so is a number with leading zeros.
 * @throws `POLICY_PATH_INVALID`
 */
export const parseDerivationPath = (text: string): DerivationPath => {
  if (text === 'm' || text === '') return [];
  const steps = (text.startsWith('m/') ? text.slice(2) : text).split('/', MAX_STEPS + 1);
  const path = steps.map(parseStep);
  if (path.length > MAX_STEPS || path.some(Number.isNaN)) {
    throw policyError('POLICY_PATH_INVALID', `Not a derivation path: ${excerpt(text, 20)}.`);
  }
  return path;
};

/** Without the leading `m/`: `48'/0'/0'/2'`; empty for the master key itself. */
export const formatDerivationPath = (path: DerivationPath, mark: HardenedMark = "'"): string =>
  path.map((step) => (step >= HARDENED ? `${step - HARDENED}${mark}` : `${step}`)).join('/');

const parseStep = (text: string): number => {
  const match = /^(0|[1-9][0-9]{0,9})(['h]?)$/.exec(text);
  const number = match === null ? HARDENED : Number(match[1]);
  if (number >= HARDENED) return Number.NaN;
  return match?.[2] === '' ? number : number + HARDENED;
};
