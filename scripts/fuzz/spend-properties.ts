import { decodePolicyFile, encodePolicyFile, policyScripts } from '@qoima/policy';
import { formatHex } from '@qoima/primitives';
import {
  convertPsbt,
  encodePsbt,
  extractTransaction,
  finalizePsbt,
  matchPolicy,
  type Psbt,
  parsePsbt,
  takeSignatures,
  verifySignatures,
} from '@qoima/psbt';
import { type Report, reportJson, reviewPsbt } from '@qoima/review';
import fc from 'fast-check';
import { type OwnSpend, ownSpends, psbtCorpus } from '../../packages/psbt/fuzz/corpus.ts';
import { damagedPsbt } from '../../packages/psbt/fuzz/damage.ts';
import { type FuzzProperty, fuzzProperty } from '../fuzz-property.ts';
import { unlessRefused } from '../unless-refused.ts';
import { harmlessChange } from './harmless-changes.ts';
import { spendChange } from './spend-changes.ts';

/** A spend with as many signatures as it takes, in one of the versions, and what becomes of it. */
interface SignedSpend {
  readonly spend: OwnSpend;
  readonly psbt: Psbt;
  readonly report: Report;
  readonly transaction: string;
}

const finished = (psbt: Psbt, { wallet }: OwnSpend): string => {
  const verified = verifySignatures(psbt, matchPolicy(psbt, wallet.scripts));
  return formatHex(extractTransaction(finalizePsbt(verified)));
};

const signedSpends: readonly SignedSpend[] = ownSpends.flatMap((spend) =>
  [spend.signed, convertPsbt(spend.signed, 2)].map((psbt) => ({
    spend,
    psbt,
    report: reviewPsbt(psbt, spend.wallet.scripts),
    transaction: finished(psbt, spend),
  })),
);

/** By its number, so that a counterexample stays readable. */
const anySpend = fc.nat(signedSpends.length - 1);

const spendAt = (number: number): SignedSpend => signedSpends[number] as SignedSpend;

/** True if a report says no more than that of the clean spend. */
const saysNothing = (report: Report, clean: Report): boolean =>
  report.findings.every(({ rule }) => clean.findings.some((known) => known.rule === rule));

const changed = fuzzProperty(
  'spend: no field of a signed PSBT changed without a refusal, a finding or a name for it',
  { long: 15_000, short: 150 },
  fc.property(anySpend, anySpend, spendChange, (number, from, change) => {
    const { spend, psbt, report, transaction } = spendAt(number);
    const { scripts } = spend.wallet;
    const bytes = encodePsbt(change(psbt, spendAt(from).psbt));
    if (formatHex(bytes) === formatHex(encodePsbt(psbt))) return;
    const parsed = unlessRefused(() => parsePsbt(bytes));
    const judged = parsed && reviewPsbt(parsed, scripts);
    if (parsed === undefined || judged === undefined || !saysNothing(judged, report)) return;
    const final = unlessRefused(() => finished(parsed, spend));
    if (final === undefined) return;
    if (final !== transaction) throw new Error(`passes, as ${final}`);
    const harmless = harmlessChange(parsed, psbt);
    if (harmless === undefined) throw new Error(`passes: ${formatHex(bytes)}`);
    if ((judged.digest !== report.digest) !== harmless.otherDigest) {
      throw new Error(`${harmless.what}: the digest is ${judged.digest}`);
    }
  }),
);

const returned = fuzzProperty(
  'spend: what is taken from a changed PSBT is what was signed, and anything else is told',
  { long: 10_000, short: 100 },
  fc.property(anySpend, anySpend, spendChange, (number, from, change) => {
    const { spend, psbt, transaction } = spendAt(number);
    const { scripts } = spend.wallet;
    const parsed = unlessRefused(() => parsePsbt(encodePsbt(change(psbt, spendAt(from).psbt))));
    if (parsed === undefined) return;
    const intake = unlessRefused(() => takeSignatures(spend.created, parsed, scripts));
    if (intake === undefined) return;
    const final = unlessRefused(() => finished(intake.psbt, spend));
    if (final === undefined) {
      const { required } = spend.wallet.policy.quorum;
      if (intake.taken.length >= required * spend.created.inputs.length) throw new Error('lost');
      return;
    }
    if (final !== transaction) throw new Error(`becomes ${final}`);
  }),
);

const reviewed = fuzzProperty(
  'review: answers whatever parses with a report, the same one twice',
  { long: 10_000, short: 100 },
  fc.property(
    fc.oneof(
      damagedPsbt(ownSpends.flatMap(({ stages }) => stages.map(encodePsbt))),
      damagedPsbt(psbtCorpus),
    ),
    fc.nat(ownSpends.length - 1),
    (bytes, number) => {
      const psbt = unlessRefused(() => parsePsbt(bytes));
      if (psbt === undefined) return;
      const { scripts } = (ownSpends[number] as OwnSpend).wallet;
      const report = reviewPsbt(psbt, scripts);
      if (
        JSON.stringify(reportJson(reviewPsbt(psbt, scripts))) !== JSON.stringify(reportJson(report))
      ) {
        throw new Error('two reports');
      }
      // What review lets through, the signer's own check must not refuse.
      if (report.findings.every(({ severity }) => severity !== 'block')) matchPolicy(psbt, scripts);
    },
  ),
);

/** The limits are not under the policy's id: the digest of every report must tell of them. */
const limits = fuzzProperty(
  'review: other limits in a policy file show in the digest',
  { long: 500, short: 20 },
  fc.property(
    fc.constantFrom('feeSats', 'feeRateSatsPerKvb', 'feePerMille', 'changeWindow'),
    fc.constantFrom('warn', 'block'),
    fc.integer({ min: 1, max: 100 }),
    (name, level, by) => {
      const { spend, psbt, report } = spendAt(0);
      const file = JSON.parse(encodePolicyFile(spend.wallet.policy)) as Record<string, unknown>;
      const stated = reportJson(report)['limits'] as Record<
        string,
        Record<string, string | number>
      >;
      const other = structuredClone(stated);
      const place = (name === 'changeWindow' ? other : other[level]) as Record<
        string,
        string | number
      >;
      const value = place[name] as string | number;
      place[name] = typeof value === 'string' ? (BigInt(value) - BigInt(by)).toString() : value - 1;
      const read = unlessRefused(() =>
        decodePolicyFile(JSON.stringify({ ...file, limits: other })),
      );
      if (read === undefined) return;
      const { digest } = reviewPsbt(psbt, policyScripts(read.policy));
      if (digest === report.digest) throw new Error(`${level}.${name} does not show`);
    },
  ),
);

export const spendProperties: readonly FuzzProperty[] = [changed, returned, reviewed, limits];
