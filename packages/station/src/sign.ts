import { checkNewFile, readFileBounded, writeNewFile } from '@qoima/journal';
import {
  type Cosigner,
  encodePolicyFile,
  type PolicyScripts,
  policyId,
  type WalletPolicy,
} from '@qoima/policy';
import { formatHex, isQoimaError } from '@qoima/primitives';
import {
  encodePsbt,
  MAX_PSBT_BYTES,
  type Psbt,
  parsePsbt,
  partialSignaturesOf,
  type Signer,
  signPsbt,
  unsignedTransactionId,
} from '@qoima/psbt';
import { type Report, refusalOf } from '@qoima/review';
import { stationError } from './errors.ts';
import { coinFacts } from './memory.ts';
import { refuseOpenWarnings, warningsOf } from './open-warnings.ts';
import type { Station } from './station.ts';

/** What a custodian has before them when they decide. */
export interface SigningRequest {
  readonly psbt: Psbt;
  readonly scripts: PolicyScripts;
  readonly report: Report;
  readonly signer: Signer;
  /** Whom the policy knows the key as. */
  readonly cosigner: Cosigner;
  /** Judges the spend once more, by what was signed while the custodian read. */
  readonly recheck: () => void;
  /** Where the signed PSBT goes. */
  readonly out: string;
}

/** What signing came to: how many signatures were added. */
export interface Signed {
  readonly signatures: number;
}

/**
 * Refuses what the station cannot prove. Blocking findings cannot be waved through; every warning must
 * be accepted by the name of its rule.
 * @throws `STATION_REVIEW_BLOCKED`, `STATION_WARNING_OPEN`, with the findings
 */
export const judgePsbt = (report: Report, acceptedWarnings: readonly string[]): void => {
  const blocked = refusalOf(report.findings, 'block');
  if (blocked !== undefined) {
    throw stationError('STATION_REVIEW_BLOCKED', blocked.message, blocked.details);
  }
  refuseOpenWarnings(report.findings, acceptedWarnings);
};

/**
 * Refuses a place at which the signed PSBT could not be written, before anybody is asked and a device
 * shows anything. One of the same spend that has more signatures may lie there: a custodian who is not sure
 * that it was written signs again, and the same bytes are no error.
 * @throws `FILE_…`
 */
export const checkSignedPlace = (out: string, psbt: Psbt): void => {
  const there = psbtAt(out);
  const isAgain =
    there !== undefined &&
    unsignedTransactionId(there) === unsignedTransactionId(psbt) &&
    signatureCount(there) > signatureCount(psbt);
  if (!isAgain) checkNewFile(out);
};

const psbtAt = (path: string): Psbt | undefined => {
  try {
    return parsePsbt(readFileBounded(path, MAX_PSBT_BYTES));
  } catch (cause) {
    if (isQoimaError(cause)) return undefined;
    throw cause;
  }
};

const signatureCount = ({ inputs }: Psbt): number =>
  inputs.reduce((sum, map, index) => sum + partialSignaturesOf(map, index).length, 0);

/**
 * Refuses if the policy that a spend was judged by is not as it is pinned now: its limits may have been
 * made narrower while the custodian read.
 * @throws `STATION_POLICY_CHANGED`
 */
export const checkStillPinned = ({ policies }: Station, judged: WalletPolicy): void => {
  const id = policyId(judged);
  const pinned = policies.list().find((policy) => policyId(policy) === id);
  if (pinned !== undefined && encodePolicyFile(pinned) === encodePolicyFile(judged)) return;
  throw stationError(
    'STATION_POLICY_CHANGED',
    `Policy ${judged.name} is not pinned as it was when the spend was shown.`,
    { policyId: id },
  );
};

/**
 * Signs every input with the station's key, once the custodian has accepted the report, and writes the
 * signed PSBT. The policy is matched a second time by the code that signs; the journal has its entry
 * before the signatures leave.
 * @throws `STATION_ALREADY_SIGNED`, `PSBT_…`, `FILE_…`, `DEVICE_…` of a Ledger, and as `recheck`
 */
export const signAccepted = (station: Station, request: SigningRequest): Promise<Signed> => {
  const { psbt, scripts, report, signer, cosigner, out } = request;
  return station.change(async (journal) => {
    request.recheck();
    const signed = await signPsbt(psbt, scripts, signer);
    if (signed.added.length === 0) {
      throw stationError('STATION_ALREADY_SIGNED', `${cosigner.name} has signed ${report.txid}.`);
    }
    const bytes = encodePsbt(signed.psbt);
    checkNewFile(out, bytes);
    journal.append('psbt.signed', {
      policyId: policyId(scripts.policy),
      txid: report.txid,
      digest: report.digest,
      payments: report.payments.map(({ address, script, amount }) => ({
        to: address ?? formatHex(script),
        amountSats: amount.toString(),
      })),
      coins: coinFacts(report),
      feeSats: report.fee?.toString() ?? null,
      acceptedWarnings: warningsOf(report.findings),
      signatures: signed.added.length,
    });
    writeNewFile(out, bytes);
    return { signatures: signed.added.length };
  });
};
