import { formatHex, indexOfBytes, type Network } from '@qoima/primitives';
import {
  checkSignature,
  type PartialSignature,
  type PolicyMatch,
  type Signer,
  signatureHashes,
} from '@qoima/psbt';
import type { CallOptions, LedgerClient, YieldedSignature } from './client.ts';
import { derivedCosigners } from './derived-cosigners.ts';
import { ledgerError } from './errors.ts';
import { ledgerPolicyOf } from './ledger-policy.ts';
import { ownCosigners } from './own-cosigners.ts';
import { defaultPreflightLimits, type PreflightLimits, preflight } from './preflight.ts';
import { refusedBy } from './refused-by.ts';
import { checkRegistration, type Registration } from './registration.ts';

/** How a signer is to sign. */
export interface LedgerSignerOptions extends CallOptions {
  /** What the device does not show and a person has accepted elsewhere. */
  readonly limits?: PreflightLimits;
}

/** The device that a signer speaks to, as far as it is known. */
export interface SigningDevice {
  readonly client: LedgerClient;
  readonly fingerprint: Uint8Array;
  readonly network: Network;
}

/**
 * A `Signer` over an open device and a registration of it. Before the first APDU the registration and
 * every limit of the app are checked; each signature that comes back must be by a key of this device, of
 * an input of this PSBT, once, and fit our own sighash. Otherwise none is handed on. An input with several
 * keys of the device gets several.
 *
 * The order of the signatures is by input and then by cosigner, whatever the device's was.
 */
export const ledgerSigner = (
  { client, fingerprint, network }: SigningDevice,
  registration: Registration,
  { limits = defaultPreflightLimits, ...call }: LedgerSignerOptions = {},
): Signer => ({
  fingerprint,
  sign: async ({ psbt, match }) => {
    const { policy } = match;
    if (policy.network !== network) {
      const what = `The policy is for ${policy.network}, and the device was opened for ${network}.`;
      throw ledgerError('DEVICE_WRONG_NETWORK', what, {
        expected: network,
        actual: policy.network,
      });
    }
    checkRegistration(registration, policy, fingerprint);
    const refusals = preflight(psbt, match, fingerprint, limits);
    if (refusals.length > 0) throw refusedBy('The PSBT is not for a Ledger', refusals);
    const claimed = ownCosigners(policy, fingerprint);
    const ownKeys = claimed.size;
    const wanted = ledgerPolicyOf(policy);
    const yielded = await client.signPsbt(psbt, wanted, registration.hmac, { ...call, ownKeys });
    const isComplete = yielded.length === match.inputs.length * ownKeys;
    // A cosigner whose origin has the device's fingerprint and another's key is no fault of the device.
    const own = isComplete ? claimed : await derivedCosigners(client, policy, fingerprint);
    return checkedSignatures(yielded, match, own);
  },
});

const checkedSignatures = (
  yielded: readonly YieldedSignature[],
  match: PolicyMatch,
  own: ReadonlySet<number>,
): readonly PartialSignature[] => {
  const hashes = signatureHashes(match);
  const places = new Map<number, PartialSignature>();
  for (const signed of yielded) {
    const { inputIndex, publicKey } = signed;
    const keys = match.inputs[inputIndex]?.script.publicKeys ?? [];
    const cosigner = indexOfBytes(keys, publicKey);
    if (!own.has(cosigner)) throw refusedSignature(signed, 'is not by a key of this device there');
    const place = inputIndex * match.policy.cosigners.length + cosigner;
    if (places.has(place)) throw refusedSignature(signed, 'came a second time');
    const verdict = checkSignature(signed, match, hashes);
    if (!verdict.good)
      throw refusedSignature(signed, 'does not fit this transaction', verdict.error);
    places.set(place, signed);
  }
  const expected = match.inputs.length * own.size;
  if (places.size !== expected) {
    throw ledgerError(
      'DEVICE_PROTOCOL',
      `The device said it was done and gave ${places.size} of ${expected} signatures.`,
      { expected, actual: places.size },
    );
  }
  return [...places].sort(([a], [b]) => a - b).map(([, signature]) => signature);
};

const refusedSignature = (
  { inputIndex, publicKey }: YieldedSignature,
  why: string,
  cause?: unknown,
): Error =>
  ledgerError(
    'DEVICE_SIGNATURE_REFUSED',
    `A signature that the device gave for input ${inputIndex} ${why}.`,
    { input: inputIndex, publicKey: formatHex(publicKey) },
    cause,
  );
