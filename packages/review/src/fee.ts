import type { FeeLimits } from '@qoima/policy';
import { formatFeeRate, MAX_SATS } from '@qoima/primitives';
import type { Evidence } from './evidence.ts';
import { amountText } from './grouping.ts';
import { type Observation, type Rule, whole } from './rule.ts';

/** Of so little a fair fee may be a large share (Ledger judges none of it). */
const SMALL_SPEND = 100_000n;
/** 1 sat/vB: what nodes asked for at least until 2025, and many still do. */
const USUAL_MINIMUM = 1000n;

type Remark = Omit<Observation, 'where'>;

/** What there is to say of a fee that is above one of these limits. */
type Measure = (evidence: Evidence, limits: FeeLimits) => Remark | undefined;

const refused = (measure: Measure): Rule['judge'] =>
  whole((evidence) => measure(evidence, evidence.limits.block));

/** What is refused need not be doubted too. */
const doubted = (measure: Measure): Rule['judge'] =>
  whole((evidence) =>
    measure(evidence, evidence.limits.block) === undefined
      ? measure(evidence, evidence.limits.warn)
      : undefined,
  );

/** Undefined while an input is not proven, or the sums are wrong: those have blocking findings. */
const feeOf = ({ fee, spent }: Evidence): bigint | undefined =>
  fee === undefined || fee < 0n || spent === undefined || spent > MAX_SATS ? undefined : fee;

const highAmount: Measure = (evidence, { feeSats }) => {
  const fee = feeOf(evidence);
  if (fee === undefined || fee <= feeSats) return undefined;
  return {
    message: 'The fee is large.',
    facts: { expected: `at most ${amountText(feeSats)}`, actual: amountText(fee) },
  };
};

const highRate: Measure = (evidence, limits) => {
  const { feeRate } = evidence;
  if (feeOf(evidence) === undefined || feeRate === undefined || feeRate <= limits.feeRate) {
    return undefined;
  }
  return {
    message: 'The fee rate is high.',
    facts: {
      expected: `at most ${formatFeeRate(limits.feeRate)} sat/vB`,
      actual: `${formatFeeRate(feeRate)} sat/vB`,
    },
  };
};

const highShare: Measure = (evidence, { feePerMille }) => {
  const fee = feeOf(evidence);
  const { spent = 0n } = evidence;
  if (fee === undefined || spent <= SMALL_SPEND) return undefined;
  if (fee * 1000n <= spent * BigInt(feePerMille)) return undefined;
  return {
    message: 'The fee is a large part of what is spent.',
    facts: {
      expected: `at most ${feePerMille / 10} %`,
      // Rounded up: what is above the limit must not read as if it were the limit.
      actual: `${Number((fee * 1000n + spent - 1n) / spent) / 10} %`,
    },
  };
};

/**
 * Amounts and the fee: by its amount, its rate and its share of what is spent. The limits are the policy
 * file's. Above the lower ones a person has to say that it is meant; above the higher ones no word helps,
 * because a fee that takes a tenth of the money is a mistake or a theft, and can be meant in another
 * policy file.
 */
export const feeRules: readonly Rule[] = [
  {
    id: 'amount-sum',
    severity: 'block',
    finds: 'amounts add up to more than can exist',
    source: 'consensus (CVE-2010-5139)',
    judge: whole(({ spent, paid }) => {
      const most = spent === undefined || paid > spent ? paid : spent;
      return most <= MAX_SATS
        ? undefined
        : {
            message: 'The amounts add up to more bitcoin than can exist.',
            facts: { expected: `at most ${amountText(MAX_SATS)}`, actual: amountText(most) },
          };
    }),
  },
  {
    id: 'fee-negative',
    severity: 'block',
    finds: 'the outputs take more than the inputs bring',
    source: 'consensus',
    judge: whole(({ spent, paid }) =>
      spent === undefined || paid <= spent || paid > MAX_SATS
        ? undefined
        : {
            message: 'The outputs take more than the inputs bring.',
            facts: { expected: `at most ${amountText(spent)}`, actual: amountText(paid) },
          },
    ),
  },
  {
    id: 'fee-amount-refused',
    severity: 'block',
    finds: 'the fee is above the amount that the policy refuses (1 BTC)',
    source: 'Liana, subzero',
    judge: refused(highAmount),
  },
  {
    id: 'fee-rate-refused',
    severity: 'block',
    finds: 'the fee rate is above the one that the policy refuses (10,000 sat/vB)',
    source: 'Bitcoin Core’s `maxfeerate`',
    judge: refused(highRate),
  },
  {
    id: 'fee-share-refused',
    severity: 'block',
    finds: 'the fee is above the share of what is spent that the policy refuses (10 %)',
    source: 'Coldcard',
    judge: refused(highShare),
  },
  {
    id: 'fee-amount',
    severity: 'warn',
    finds: 'the fee is above the amount that the policy warns of (0.1 BTC)',
    source: 'Bitcoin Core’s `maxtxfee`',
    judge: doubted(highAmount),
  },
  {
    id: 'fee-rate',
    severity: 'warn',
    finds: 'the fee rate is above the one that the policy warns of (1000 sat/vB)',
    source: 'Liana, Caravan',
    judge: doubted(highRate),
  },
  {
    id: 'fee-share',
    severity: 'warn',
    finds: 'the fee is above the share of what is spent that the policy warns of (5 %)',
    source: 'Coldcard, Electrum',
    judge: doubted(highShare),
  },
  {
    id: 'fee-rate-low',
    severity: 'note',
    finds: 'the fee rate is below 1 sat/vB',
    source: 'Bitcoin Core’s `minrelaytxfee`',
    judge: whole(({ feeRate, inputs }) =>
      inputs.length === 0 || feeRate === undefined || feeRate >= USUAL_MINIMUM
        ? undefined
        : {
            message: 'Many nodes do not relay a transaction that pays so little.',
            facts: {
              expected: `at least ${formatFeeRate(USUAL_MINIMUM)} sat/vB`,
              actual: `${formatFeeRate(feeRate)} sat/vB`,
            },
          },
    ),
  },
];
