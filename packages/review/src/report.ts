import { encodeAddress, type PolicyScript, type PolicyScripts, policyId } from '@qoima/policy';
import {
  type FeeRate,
  type Finding,
  feeRateOf,
  formatHex,
  formatOutpoint,
  formatTxid,
  hash256,
  hashJson,
  isQoimaError,
  type JsonValue,
  type Network,
  type Outpoint,
  type Sats,
  type Txid,
} from '@qoima/primitives';
import { encodeUnsignedTransaction, estimateVsize, type Psbt } from '@qoima/psbt';
import { type Evidence, gatherEvidence } from './evidence.ts';
import { judgeFee, provenFee, spentAmount } from './fee.ts';
import { judgeInputs } from './inputs.ts';
import { defaultLimits, type ReviewLimits } from './limits.ts';
import { judgeOutputs } from './outputs.ts';
import { judgeStructure } from './structure.ts';
import { judgeTiming } from './timing.ts';
import { judgeUnusedFields } from './unused-fields.ts';

/** A coin that the transaction spends, as far as it is proven. */
export interface ReviewedCoin {
  readonly outpoint: Outpoint;
  /** Undefined when the previous transaction does not prove it. */
  readonly amount: Sats | undefined;
  /** Where the policy has this coin's address; undefined when it is not proven to be the policy's. */
  readonly place: Pick<PolicyScript, 'branch' | 'index'> | undefined;
}

/** Money that leaves, or that comes back. */
export interface ReviewedOutput {
  /** The address on the policy's network; undefined for a script that has none. */
  readonly address: string | undefined;
  readonly script: Uint8Array;
  readonly amount: Sats;
  /** The change index; undefined for a payment. */
  readonly changeIndex: number | undefined;
}

/** What a person has to know about a spend before they sign it. */
export interface Report {
  readonly policyId: string;
  readonly policyName: string;
  readonly network: Network;
  /** The id of the unsigned transaction; for segwit policies also that of the signed one. */
  readonly txid: Txid;
  readonly coins: readonly ReviewedCoin[];
  readonly payments: readonly ReviewedOutput[];
  readonly change: readonly ReviewedOutput[];
  /** Undefined while an input's amount is not proven. */
  readonly spent: Sats | undefined;
  readonly fee: Sats | undefined;
  readonly feeRate: FeeRate | undefined;
  /** Virtual bytes once k cosigners have signed, at most. */
  readonly vsize: number;
  readonly findings: readonly Finding[];
  /** SHA-256, 64 hex digits, over all of the above and the limits: the same wherever it is computed. */
  readonly digest: string;
}

/**
 * Judges a PSBT from its bytes and the policy alone; believes nothing in it that it has not recomputed.
 * Collects every finding, in the order structure, timing, inputs, outputs, fee, unused fields. Partial signatures are not
 * verified here (`checkSignature` of `@qoima/psbt` does that) and do not change the digest.
 * Not checked: whether the coins exist, are unspent, or were signed for before.
 */
export const reviewPsbt = (
  psbt: Psbt,
  scripts: PolicyScripts,
  limits: ReviewLimits = defaultLimits,
): Report => {
  const { policy } = scripts;
  const evidence = gatherEvidence(psbt, scripts);
  const vsize = estimateVsize(
    policy,
    evidence.inputs.length,
    evidence.outputs.map(({ script }) => script),
  );
  const fee = provenFee(evidence);
  const outputs = evidence.outputs.map((output) => reviewedOutput(output, policy.network));
  const body: Omit<Report, 'digest'> = {
    policyId: policyId(policy),
    policyName: policy.name,
    network: policy.network,
    // Not read back as a transaction, which one without inputs could not be.
    txid: formatTxid(hash256(encodeUnsignedTransaction(psbt.transaction))),
    coins: evidence.inputs.map(({ outpoint, previous, own }) => ({
      outpoint,
      amount: previous.state === 'proven' ? previous.spent.amount : undefined,
      place: own && { branch: own.branch, index: own.index },
    })),
    payments: outputs.filter(({ changeIndex }) => changeIndex === undefined),
    change: outputs.filter(({ changeIndex }) => changeIndex !== undefined),
    spent: spentAmount(evidence),
    fee,
    feeRate: fee === undefined || fee < 0n ? undefined : feeRateOf(fee, vsize),
    vsize,
    findings: [
      ...judgeStructure(evidence),
      ...judgeTiming(evidence),
      ...judgeInputs(evidence),
      ...judgeOutputs(evidence, limits),
      ...judgeFee(evidence, vsize, limits),
      ...judgeUnusedFields(evidence),
    ],
  };
  return {
    ...body,
    digest: formatHex(hashJson({ ...bodyJson(body), limits: limitsJson(limits) })),
  };
};

/** The report as JSON: amounts are decimal strings under keys ending in `Sats`. */
export const reportJson = (report: Report): JsonObject => ({
  ...bodyJson(report),
  digest: report.digest,
});

type JsonObject = Readonly<Record<string, JsonValue>>;

const bodyJson = (report: Omit<Report, 'digest'>): JsonObject => ({
  policy: { id: report.policyId, name: report.policyName, network: report.network },
  txid: report.txid,
  coins: report.coins.map(({ outpoint, amount, place }) => ({
    outpoint: formatOutpoint(outpoint),
    amountSats: amount?.toString() ?? null,
    branch: place?.branch ?? null,
    index: place?.index ?? null,
  })),
  payments: report.payments.map(outputJson),
  change: report.change.map(outputJson),
  spentSats: report.spent?.toString() ?? null,
  feeSats: report.fee?.toString() ?? null,
  feeRateSatsPerKvb: report.feeRate?.toString() ?? null,
  vsize: report.vsize,
  findings: report.findings.map(findingJson),
});

export const findingJson = ({ rule, severity, where, message, facts }: Finding): JsonObject => ({
  rule,
  severity,
  where,
  message,
  facts,
});

const outputJson = ({ address, script, amount, changeIndex }: ReviewedOutput): JsonObject => ({
  address: address ?? null,
  script: formatHex(script),
  amountSats: amount.toString(),
  ...(changeIndex === undefined ? {} : { index: changeIndex }),
});

const limitsJson = (limits: ReviewLimits): JsonObject => ({
  feeSats: limits.feeSats.toString(),
  feeRateSatsPerKvb: limits.feeRate.toString(),
  feePerMille: limits.feePerMille,
  changeWindow: limits.changeWindow,
});

const reviewedOutput = (
  { script, amount, own }: Evidence['outputs'][number],
  network: Network,
): ReviewedOutput => ({
  address: addressOf(script, network),
  script,
  amount,
  changeIndex: own?.branch === 'change' ? own.index : undefined,
});

const addressOf = (script: Uint8Array, network: Network): string | undefined => {
  try {
    return encodeAddress(script, network);
  } catch (error) {
    if (isQoimaError(error)) return undefined;
    throw error;
  }
};
