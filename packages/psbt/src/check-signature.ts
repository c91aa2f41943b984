import { verifyEcdsa } from '@qoima/curve';
import {
  type ErrorDetails,
  equalBytes,
  formatHex,
  isQoimaError,
  type QoimaError,
} from '@qoima/primitives';
import { decodeSignature, type EcdsaSignature } from './der.ts';
import { psbtError } from './errors.ts';
import type { PolicyMatch } from './match-policy.ts';
import type { PartialSignature } from './partial-signature.ts';
import { SIGHASH } from './sighash.ts';
import type { SignatureHashes } from './signature-hashes.ts';

/** What is to be thought of one signature: whose it is, or what is wrong with it. */
export type SignatureVerdict =
  | { readonly good: true; readonly cosigner: string }
  | {
      readonly good: false;
      /** Missing if the key is none of the policy's at this input. */
      readonly cosigner?: string;
      /** `PSBT_SIGNATURE_STRANGER`, `_ENCODING`, `_FLAG` or `_INVALID`. */
      readonly error: QoimaError;
    };

/**
 * Judges one signature alone, whatever file it came in: its key is a cosigner's at this input, it is
 * strict DER (BIP-66) with a low s (BIP-146), its flag is exactly ALL, and it is valid (ECDSA) over the
 * sighash of the transaction that was matched. `hashes` are the `signatureHashes` of the same match.
 */
export const checkSignature = (
  signed: PartialSignature,
  match: PolicyMatch,
  hashes: SignatureHashes,
): SignatureVerdict => {
  const { inputIndex, publicKey, signature } = signed;
  const name = cosignerAt(match, signed);
  if (name === undefined) return { good: false, error: strangerError(signed) };
  const bad = (error: QoimaError): SignatureVerdict => ({ good: false, cosigner: name, error });
  let decoded: EcdsaSignature;
  try {
    decoded = decodeSignature(signature);
  } catch (error) {
    if (!isQoimaError(error, 'PSBT_SIGNATURE_ENCODING')) throw error;
    const { reason } = error.details;
    const what = typeof reason === 'string' ? reason : 'it is not as it must be';
    return bad(fault('PSBT_SIGNATURE_ENCODING', signed, name, what, error.details));
  }
  const { compact, flag } = decoded;
  if (flag !== SIGHASH.all) {
    const [expected, actual] = [SIGHASH.all, flag].map(hexByte) as [string, string];
    const what = `its sighash flag is ${actual}`;
    return bad(fault('PSBT_SIGNATURE_FLAG', signed, name, what, { expected, actual }));
  }
  if (!verifyEcdsa(hashes(inputIndex), publicKey, compact)) {
    const what = 'it does not fit this transaction';
    return bad(fault('PSBT_SIGNATURE_INVALID', signed, name, what));
  }
  return { good: true, cosigner: name };
};

/** The name of the cosigner whose key this is at its input; undefined for a stranger's. */
export const cosignerAt = (
  { policy, inputs }: PolicyMatch,
  { inputIndex, publicKey }: Pick<PartialSignature, 'inputIndex' | 'publicKey'>,
): string | undefined => {
  const keys = inputs[inputIndex]?.script.publicKeys ?? [];
  return policy.cosigners[keys.findIndex((key) => equalBytes(key, publicKey))]?.name;
};

const hexByte = (value: number): string => value.toString(16).padStart(2, '0');

const strangerError = ({ inputIndex, publicKey }: PartialSignature): QoimaError => {
  const key = formatHex(publicKey);
  return psbtError(
    'PSBT_SIGNATURE_STRANGER',
    `Input ${inputIndex} has a signature by ${key}, no key of the policy there.`,
    { map: `input ${inputIndex}`, publicKey: key },
  );
};

const fault = (
  code: 'PSBT_SIGNATURE_ENCODING' | 'PSBT_SIGNATURE_FLAG' | 'PSBT_SIGNATURE_INVALID',
  { inputIndex, publicKey }: PartialSignature,
  cosigner: string,
  what: string,
  details: ErrorDetails = {},
): QoimaError =>
  psbtError(code, `Input ${inputIndex}, signature of ${cosigner}: ${what}.`, {
    map: `input ${inputIndex}`,
    publicKey: formatHex(publicKey),
    cosigner,
    ...details,
  });
