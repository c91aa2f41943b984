import {
  encodeAddress,
  limitsJson,
  type PolicyScript,
  type PolicyScripts,
  policyId,
  type SpendLimits,
} from '@qoima/policy';
import {
  type FeeRate,
  type Finding,
  formatHex,
  formatOutpoint,
  hashJson,
  isQoimaError,
  type JsonValue,
  type Network,
  type Outpoint,
  type Sats,
  type Txid,
} from '@qoima/primitives';
import type { Psbt } from '@qoima/psbt';
import { digestWords } from './digest-words.ts';
import {
  type Evidence,
  gatherEvidence,
  type OutputEvidence,
  type ReviewContext,
} from './evidence.ts';
import { psbtHash } from './psbt-hash.ts';
import { isLocalRule, judge } from './rules.ts';
import { signedInputs } from './signatures.ts';

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
  /** SHA-256, 64 hex digits, over all of the PSBT but its partial signatures: see `psbtHash`. */
  readonly psbtSha256: string;
  readonly coins: readonly ReviewedCoin[];
  readonly payments: readonly ReviewedOutput[];
  readonly change: readonly ReviewedOutput[];
  /** Undefined while an input's amount is not proven. */
  readonly spent: Sats | undefined;
  readonly fee: Sats | undefined;
  readonly feeRate: FeeRate | undefined;
  /** Virtual bytes once k cosigners have signed, at most. */
  readonly vsize: number;
  /** What the fee and the change index were held against. */
  readonly limits: SpendLimits;
  /** In the order of `RULES`, and of one rule in the order of inputs or outputs. */
  readonly findings: readonly Finding[];
  /**
   * SHA-256, 64 hex digits, over all of the above but the findings of local rules: the same wherever it
   * is computed, and however far the signing is.
   */
  readonly digest: string;
  /** The digest's first 143 bits as 13 words of BIP-39's English list. */
  readonly words: readonly string[];
  /** How far the signing is, by good signatures. Not in the digest. */
  readonly signing: Signing;
}

/** Who has signed, and how many have to. */
export interface Signing {
  readonly required: number;
  /** Each cosigner of the policy, and at how many inputs they have put a good signature. */
  readonly cosigners: readonly { readonly name: string; readonly inputs: number }[];
}

/**
 * Judges a PSBT from its bytes and the policy alone; believes nothing in it that it has not recomputed,
 * and verifies every signature that it carries. Collects every finding, in the order of `RULES`; never
 * throws for what it finds. The limits are the policy's.
 *
 * Not checked: whether the coins exist or are unspent, and, without a memory in `context`, whether they
 * were signed for before.
 */
export const reviewPsbt = (
  psbt: Psbt,
  scripts: PolicyScripts,
  context: ReviewContext = {},
): Report => {
  const { policy } = scripts;
  const evidence = gatherEvidence(psbt, scripts, context);
  const outputs = evidence.outputs.map((output) => reviewedOutput(output, policy.network));
  const body: ReportBody = {
    policyId: policyId(policy),
    policyName: policy.name,
    network: policy.network,
    txid: evidence.txid,
    psbtSha256: psbtHash(psbt),
    coins: evidence.inputs.map(({ outpoint, amount, own }) => ({
      outpoint,
      amount,
      place: own && { branch: own.branch, index: own.index },
    })),
    payments: outputs.filter(({ changeIndex }) => changeIndex === undefined),
    change: outputs.filter(({ changeIndex }) => changeIndex !== undefined),
    spent: evidence.spent,
    fee: evidence.fee,
    feeRate: evidence.feeRate,
    vsize: evidence.vsize,
    limits: evidence.limits,
    findings: judge(evidence),
  };
  const shared = body.findings.filter(({ rule }) => !isLocalRule(rule));
  const digest = hashJson(bodyJson({ ...body, findings: shared }));
  return {
    ...body,
    digest: formatHex(digest),
    words: digestWords(digest),
    signing: signingOf(evidence),
  };
};

type ReportBody = Omit<Report, 'digest' | 'words' | 'signing'>;

/** The report as JSON: amounts are decimal strings under keys ending in `Sats`. */
export const reportJson = (report: Report): JsonObject => ({
  ...bodyJson(report),
  digest: report.digest,
  words: report.words,
  signing: {
    required: report.signing.required,
    cosigners: report.signing.cosigners.map(({ name, inputs }) => ({ name, inputs })),
  },
});

type JsonObject = Readonly<Record<string, JsonValue>>;

const bodyJson = (report: ReportBody): JsonObject => ({
  policy: { id: report.policyId, name: report.policyName, network: report.network },
  txid: report.txid,
  psbtSha256: report.psbtSha256,
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
  limits: limitsJson(report.limits),
  findings: report.findings.map(findingJson),
});

/** A finding as JSON. One that is not in the digest says so: `"local": true`. */
export const findingJson = ({ rule, severity, where, message, facts }: Finding): JsonObject => ({
  rule,
  severity,
  where,
  message,
  facts,
  ...(isLocalRule(rule) ? { local: true } : {}),
});

const outputJson = ({ address, script, amount, changeIndex }: ReviewedOutput): JsonObject => ({
  address: address ?? null,
  script: formatHex(script),
  amountSats: amount.toString(),
  ...(changeIndex === undefined ? {} : { index: changeIndex }),
});

const signingOf = (evidence: Evidence): Signing => ({
  required: evidence.scripts.policy.quorum.required,
  cosigners: [...signedInputs(evidence)].map(([name, inputs]) => ({ name, inputs })),
});

const reviewedOutput = (
  { script, amount, own }: OutputEvidence,
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
