import {
  type FeeRate,
  formatBtc,
  formatFeeRate,
  type JsonValue,
  MAX_SATS,
  type Sats,
} from '@qoima/primitives';
import * as v from 'valibot';
import { policyError } from './errors.ts';
import { parseJsonFile } from './json-file.ts';

/** A fee above one of these is too much: by its amount, by its rate, by its share of what is spent. */
export interface FeeLimits {
  readonly feeSats: Sats;
  readonly feeRate: FeeRate;
  /** In parts per thousand. */
  readonly feePerMille: number;
}

/**
 * What a review holds a spend of the policy against. They are in the policy file and not under the
 * policy's id, which binds who may spend: an id must not change because fees have. They are under the
 * digest of every report.
 */
export interface SpendLimits {
  /** Above these a person's explicit word is wanted. */
  readonly warn: FeeLimits;
  /** Above these nobody's word is enough. */
  readonly block: FeeLimits;
  /** A change index may lie this far beyond the highest index among the inputs. */
  readonly changeWindow: number;
}

/**
 * What holds where a policy file names no limits. Warned of: 0.1 BTC (Bitcoin Core's `-maxtxfee`),
 * 1000 sat/vB (Liana, Caravan), 5 % (Coldcard, Electrum). Refused: 1 BTC (Liana, subzero), 10,000 sat/vB
 * (Bitcoin Core's `maxfeerate`), 10 % (Coldcard). 200 addresses as in Coldcard.
 */
export const defaultLimits: SpendLimits = {
  warn: { feeSats: 10_000_000n, feeRate: 1_000_000n, feePerMille: 50 },
  block: { feeSats: 100_000_000n, feeRate: 10_000_000n, feePerMille: 100 },
  changeWindow: 200,
};

const MAX_FEE_RATE: FeeRate = 1_000_000_000n;
/** The highest unhardened index (BIP-32). */
const MAX_INDEX = 0x7fffffff;

/**
 * @throws `POLICY_LIMITS_INVALID` unless every limit is in range and none that warns is above the one
 *   that refuses
 */
export const checkLimits = ({ warn, block, changeWindow }: SpendLimits): void => {
  const numbers: readonly (readonly [name: string, value: bigint | number, most: bigint])[] = [
    ['block.feeSats', block.feeSats, MAX_SATS],
    ['block.feeRateSatsPerKvb', block.feeRate, MAX_FEE_RATE],
    ['block.feePerMille', block.feePerMille, 1000n],
    ['warn.feeSats', warn.feeSats, block.feeSats],
    ['warn.feeRateSatsPerKvb', warn.feeRate, block.feeRate],
    ['warn.feePerMille', warn.feePerMille, whole(block.feePerMille)],
    ['changeWindow', changeWindow, BigInt(MAX_INDEX)],
  ];
  for (const [name, value, most] of numbers) {
    const wholeValue = typeof value === 'bigint' ? value : whole(value);
    if (0n <= wholeValue && wholeValue <= most) continue;
    throw policyError('POLICY_LIMITS_INVALID', `The limit ${name} is ${value}.`, {
      member: name,
      expected: `a whole number from 0 to ${most}`,
      actual: value.toString(),
    });
  }
};

/** Every limit by the name that it has in a policy file; rates are in satoshis per 1000 virtual bytes. */
const numbersOf = ({
  warn,
  block,
  changeWindow,
}: SpendLimits): readonly (readonly [name: string, value: bigint])[] => [
  ['warn.feeSats', warn.feeSats],
  ['warn.feeRateSatsPerKvb', warn.feeRate],
  ['warn.feePerMille', whole(warn.feePerMille)],
  ['block.feeSats', block.feeSats],
  ['block.feeRateSatsPerKvb', block.feeRate],
  ['block.feePerMille', whole(block.feePerMille)],
  ['changeWindow', whole(changeWindow)],
];

/** A limit that is not the same in two places. */
export interface LimitDifference {
  readonly name: string;
  readonly expected: bigint;
  readonly actual: bigint;
}

/** The limits in which two differ, in the order of the policy file. */
export const differingLimits = (
  expected: SpendLimits,
  actual: SpendLimits,
): readonly LimitDifference[] => {
  const others = new Map(numbersOf(actual));
  return numbersOf(expected)
    .map(([name, value]) => ({ name, expected: value, actual: others.get(name) ?? value }))
    .filter((limit) => limit.expected !== limit.actual);
};

/** Below every limit for a number that is not whole, or too large to be exact. */
const whole = (value: number): bigint => (Number.isSafeInteger(value) ? BigInt(value) : -1n);

const digits = v.pipe(
  v.string(),
  v.regex(/^(0|[1-9][0-9]{0,15})$/),
  v.transform((text) => BigInt(text)),
);

const feeLimits = v.pipe(
  v.strictObject({ feeSats: digits, feeRateSatsPerKvb: digits, feePerMille: v.number() }),
  v.transform(
    ({ feeSats, feeRateSatsPerKvb, feePerMille }): FeeLimits => ({
      feeSats,
      feeRate: feeRateSatsPerKvb,
      feePerMille,
    }),
  ),
);

/** Limits as they stand in a policy file. Ranges are for `checkLimits`. */
export const limitsSchema: v.GenericSchema<unknown, SpendLimits> = v.strictObject({
  warn: feeLimits,
  block: feeLimits,
  changeWindow: v.number(),
});

/**
 * Reads limits alone, as they stand in a policy file (`what` names the file in errors).
 * @throws `POLICY_FILE_INVALID`, `POLICY_LIMITS_INVALID`
 */
export const decodeLimits = (text: string, what = 'The limits file'): SpendLimits => {
  const limits = parseJsonFile(limitsSchema, text, what);
  checkLimits(limits);
  return limits;
};

/** Limits as JSON: amounts are decimal strings. */
export const limitsJson = ({
  warn,
  block,
  changeWindow,
}: SpendLimits): { readonly [key: string]: JsonValue } => ({
  warn: feeLimitsJson(warn),
  block: feeLimitsJson(block),
  changeWindow,
});

const feeLimitsJson = ({ feeSats, feeRate, feePerMille }: FeeLimits): JsonValue => ({
  feeSats: feeSats.toString(),
  feeRateSatsPerKvb: feeRate.toString(),
  feePerMille,
});

/** Limits as a person reads them: label and value. */
export const limitsSheet = ({
  warn,
  block,
  changeWindow,
}: SpendLimits): readonly (readonly [label: string, value: string])[] => [
  ['Warns above', feeLimitsText(warn)],
  ['', `change ${changeWindow} addresses beyond those spent from`],
  ['Refuses above', feeLimitsText(block)],
];

const feeLimitsText = ({ feeSats, feeRate, feePerMille }: FeeLimits): string =>
  `a fee of ${formatBtc(feeSats)} BTC, ${formatFeeRate(feeRate)} sat/vB or ${feePerMille / 10} % of what is spent`;
