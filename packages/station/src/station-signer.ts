import type { PolicyScripts } from '@qoima/policy';
import { equalBytes } from '@qoima/primitives';
import {
  matchPolicy,
  type PolicyMatch,
  type Psbt,
  partialSignaturesOf,
  type Signer,
} from '@qoima/psbt';
import {
  checkRegistration,
  estimateSigning,
  type PreflightLimits,
  preflight,
  refusedBy,
} from '@qoima/signer-ledger';
import { softwareSigner } from '@qoima/signer-software';
import { stationError } from './errors.ts';
import type { LedgerKey } from './ledger-key.ts';
import { withLedger } from './ledger-work.ts';
import { screenLines } from './screen-lines.ts';
import type { Session } from './session.ts';
import type { StationKey } from './station-key.ts';

/**
 * Makes the station's key ready to sign this PSBT, has `work` done with it, and clears up after it. What a
 * Ledger could not sign is refused here, before anybody is asked, and what it will show is shown here.
 * @throws `STATION_NOT_REGISTERED`, `STATION_ALREADY_SIGNED`, `DEVICE_…`
 */
export const withSigner = <Result>(
  session: Session,
  key: StationKey,
  psbt: Psbt,
  scripts: PolicyScripts,
  work: (signer: Signer) => Promise<Result>,
): Promise<Result> =>
  key.kind === 'ledger'
    ? withLedgerSigner(session, key, psbt, scripts, work)
    : withWords(session, key.mnemonic, work);

/** The keys are in memory for as long as it takes. */
const withWords = async <Result>(
  { station }: Session,
  mnemonic: string,
  work: (signer: Signer) => Promise<Result>,
): Promise<Result> => {
  const signer = softwareSigner({ mnemonic, network: station.network });
  try {
    return await work(signer);
  } finally {
    signer.close();
  }
};

const withLedgerSigner = async <Result>(
  session: Session,
  key: LedgerKey,
  psbt: Psbt,
  scripts: PolicyScripts,
  work: (signer: Signer) => Promise<Result>,
): Promise<Result> => {
  const { station, terminal } = session;
  const { policy } = scripts;
  const registration = station.registrations.read(policy);
  const { fingerprint } = key.keys.wsh.origin;
  checkRegistration(registration, policy, fingerprint);
  const match = matchPolicy(psbt, scripts);
  if (isSigned(psbt, match, key)) {
    throw stationError('STATION_ALREADY_SIGNED', `${key.name} has signed every input.`);
  }
  const limits = acceptedLimits(psbt);
  const refusals = preflight(psbt, match, registration.fingerprint, limits);
  if (refusals.length > 0) throw refusedBy('The PSBT is not for a Ledger', refusals);
  const { exchanges, seconds } = estimateSigning(psbt, policy, fingerprint);
  return withLedger(session, key, (ledger) => {
    terminal.output.line(
      ...screenLines({ show: 'signing', psbt, match, fingerprint }, ledger.model),
      `It asks for the PSBT in about ${exchanges} exchanges, some ${seconds} s besides your review; most come before the first screen.`,
    );
    return work(ledger.signer(registration, { limits }));
  });
};

/** Whether the device could add anything; it takes minutes, and a person at it. */
const isSigned = ({ inputs }: Psbt, match: PolicyMatch, { keys }: LedgerKey): boolean => {
  const { cosigners, scriptKind } = match.policy;
  const own = cosigners.findIndex(({ key }) =>
    equalBytes(key.publicKey, keys[scriptKind].key.publicKey),
  );
  return match.inputs.every(({ script }, index) =>
    partialSignaturesOf(inputs[index] ?? [], index).some(({ publicKey }) =>
      equalBytes(publicKey, script.publicKeys[own] ?? new Uint8Array()),
    ),
  );
};

/**
 * The device shows none of these. The review has warned of each that is unusual, and nothing gets here
 * before every warning was accepted by its name.
 */
const acceptedLimits = ({ transaction }: Psbt): PreflightLimits => ({
  changeWindow: Number.MAX_SAFE_INTEGER,
  lockTime: transaction.lockTime,
  relativeLock: true,
});
