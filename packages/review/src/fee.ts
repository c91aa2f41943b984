import type { FeeLimits } from '@qoima/policy';
import { formatFeeRate, MAX_SATS } from '@qoima/primitives';
import type { Evidence } from './evidence.ts';
import { type Observation, type Rule, whole } from './rule.ts';

/** Of so little a fair fee may be a large share (Ledger judges none of it). */
const SMALL_SPEND = 100_000n;
/** 1 sat/vB: what nodes asked for at least until 2025, and many still do. */
const USUAL_MINIMUM = 1000n;

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
            facts: { expected: `at most ${MAX_SATS}`, actual: most.toString() },
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
            facts: { expected: `at most ${spent}`, actual: paid.toString() },
          },
    ),
  },
  {
    id: 'fee-amount-refused',
    severity: 'block',
    finds: 'the fee is above the amount that the policy refuses (1 BTC)',
    source: 'Liana, subzero',
    judge: whole((evidence) =>
      isAboveAmount(evidence, 'block') ? amountRemark(evidence, 'block') : undefined,
    ),
  },
  {
    id: 'fee-rate-refused',
    severity: 'block',
    finds: 'the fee rate is above the one that the policy refuses (10,000 sat/vB)',
    source: 'Bitcoin Core’s `maxfeerate`',
    judge: whole((evidence) =>
      isAboveRate(evidence, 'block') ? rateRemark(evidence, 'block') : undefined,
    ),
  },
  {
    id: 'fee-share-refused',
    severity: 'block',
    finds: 'the fee is above the share of what is spent that the policy refuses (10 %)',
    source: 'Coldcard',
    judge: whole((evidence) =>
      isAboveShare(evidence, 'block') ? shareRemark(evidence, 'block') : undefined,
    ),
  },
  {
    id: 'fee-amount',
    severity: 'warn',
    finds: 'the fee is above the amount that the policy warns of (0.1 BTC)',
    source: 'Bitcoin Core’s `maxtxfee`',
    judge: whole((evidence) =>
      isAboveAmount(evidence, 'warn') && !isAboveAmount(evidence, 'block')
        ? amountRemark(evidence, 'warn')
        : undefined,
    ),
  },
  {
    id: 'fee-rate',
    severity: 'warn',
    finds: 'the fee rate is above the one that the policy warns of (1000 sat/vB)',
    source: 'Liana, Caravan',
    judge: whole((evidence) =>
      isAboveRate(evidence, 'warn') && !isAboveRate(evidence, 'block')
        ? rateRemark(evidence, 'warn')
        : undefined,
    ),
  },
  {
    id: 'fee-share',
    severity: 'warn',
    finds: 'the fee is above the share of what is spent that the policy warns of (5 %)',
    source: 'Coldcard, Electrum',
    judge: whole((evidence) =>
      isAboveShare(evidence, 'warn') && !isAboveShare(evidence, 'block')
        ? shareRemark(evidence, 'warn')
        : undefined,
    ),
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

type Level = 'warn' | 'block';
type Remark = Omit<Observation, 'where'>;

/** Undefined while an input is not proven, or the sums are wrong: those have blocking findings. */
const feeOf = ({ fee, spent }: Evidence): bigint | undefined =>
  fee === undefined || fee < 0n || spent === undefined || spent > MAX_SATS ? undefined : fee;

const limitsOf = ({ limits }: Evidence, level: Level): FeeLimits => limits[level];

const isAboveAmount = (evidence: Evidence, level: Level): boolean => {
  const fee = feeOf(evidence);
  return fee !== undefined && fee > limitsOf(evidence, level).feeSats;
};

const amountRemark = (evidence: Evidence, level: Level): Remark => ({
  message: 'The fee is large.',
  facts: {
    expected: `at most ${limitsOf(evidence, level).feeSats}`,
    actual: `${evidence.fee}`,
  },
});

const isAboveRate = (evidence: Evidence, level: Level): boolean =>
  feeOf(evidence) !== undefined &&
  evidence.feeRate !== undefined &&
  evidence.feeRate > limitsOf(evidence, level).feeRate;

const rateRemark = (evidence: Evidence, level: Level): Remark => ({
  message: 'The fee rate is high.',
  facts: {
    expected: `at most ${formatFeeRate(limitsOf(evidence, level).feeRate)} sat/vB`,
    actual: `${formatFeeRate(evidence.feeRate ?? 0n)} sat/vB`,
  },
});

const isAboveShare = (evidence: Evidence, level: Level): boolean => {
  const fee = feeOf(evidence);
  const { spent = 0n } = evidence;
  return (
    fee !== undefined &&
    spent > SMALL_SPEND &&
    fee * 1000n > spent * BigInt(limitsOf(evidence, level).feePerMille)
  );
};

const shareRemark = (evidence: Evidence, level: Level): Remark => ({
  message: 'The fee is a large part of what is spent.',
  facts: {
    expected: `at most ${limitsOf(evidence, level).feePerMille} per mille`,
    actual: `${((evidence.fee ?? 0n) * 1000n) / (evidence.spent ?? 1n)} per mille`,
  },
});
