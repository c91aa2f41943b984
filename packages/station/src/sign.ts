import { checkNewFile, writeNewFile } from '@qoima/journal';
import { type Cosigner, type PolicyScripts, policyId } from '@qoima/policy';
import { formatHex } from '@qoima/primitives';
import { encodePsbt, type Psbt, type Signer, signPsbt } from '@qoima/psbt';
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
