import { type Finding, feeRateOf, formatFeeRate, MAX_SATS, type Sats } from '@qoima/primitives';
import type { Evidence } from './evidence.ts';
import type { ReviewLimits } from './limits.ts';

/** What the inputs bring and the outputs take; undefined while an input is not proven. */
export const provenFee = (evidence: Evidence): Sats | undefined => {
  const spent = spentAmount(evidence);
  return spent === undefined ? undefined : spent - paidAmount(evidence);
};

/** The sum of all proven inputs; undefined while one is not proven. */
export const spentAmount = ({ inputs }: Evidence): Sats | undefined => {
  let sum = 0n;
  for (const { previous } of inputs) {
    if (previous.state !== 'proven') return undefined;
    sum += previous.spent.amount;
  }
  return sum;
};

const paidAmount = ({ outputs }: Evidence): Sats =>
  outputs.reduce((sum, { amount }) => sum + amount, 0n);

/** Judges the fee by its amount, its rate and its share of what is spent. */
export const judgeFee = (
  evidence: Evidence,
  vsize: number,
  limits: ReviewLimits,
): readonly Finding[] => {
  const spent = spentAmount(evidence);
  // An input that is not proven has its own blocking finding.
  if (spent === undefined) return [];
  const paid = paidAmount(evidence);
  const most = spent > paid ? spent : paid;
  const finding = (
    rule: string,
    severity: Finding['severity'],
    message: string,
    expected: string,
    actual: string,
  ): Finding => ({ rule, severity, where: 'transaction', message, facts: { expected, actual } });
  if (most > MAX_SATS) {
    return [
      finding(
        'amount-sum',
        'block',
        'The amounts add up to more bitcoin than can exist.',
        `at most ${MAX_SATS}`,
        most.toString(),
      ),
    ];
  }
  if (paid > spent) {
    return [
      finding(
        'fee-negative',
        'block',
        'The outputs take more than the inputs bring.',
        `at most ${spent}`,
        paid.toString(),
      ),
    ];
  }
  const fee = spent - paid;
  const rate = feeRateOf(fee, vsize);
  const found: Finding[] = [];
  if (fee > limits.feeSats) {
    found.push(
      finding(
        'fee-amount',
        'warn',
        'The fee is large.',
        `at most ${limits.feeSats}`,
        fee.toString(),
      ),
    );
  }
  if (rate > limits.feeRate) {
    found.push(
      finding(
        'fee-rate',
        'warn',
        'The fee rate is high.',
        `at most ${formatFeeRate(limits.feeRate)} sat/vB`,
        `${formatFeeRate(rate)} sat/vB`,
      ),
    );
  }
  if (fee * 1000n > spent * BigInt(limits.feePerMille)) {
    found.push(
      finding(
        'fee-share',
        'warn',
        'The fee is a large part of what is spent.',
        `at most ${limits.feePerMille} per mille`,
        `${(fee * 1000n) / spent} per mille`,
      ),
    );
  }
  return found;
};
