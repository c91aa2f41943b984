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
  { inputIndex, publicKey, signature }: PartialSignature,
  match: PolicyMatch,
  hashes: SignatureHashes,
): SignatureVerdict => {
  const keys = match.inputs[inputIndex]?.script.publicKeys ?? [];
  const cosigner = match.policy.cosigners[keys.findIndex((key) => equalBytes(key, publicKey))];
  const where = `Input ${inputIndex}`;
  const facts = { map: `input ${inputIndex}`, publicKey: formatHex(publicKey) };
  if (cosigner === undefined) {
    const what = `${where} has a signature by ${facts.publicKey}, no key of the policy there.`;
    return { good: false, error: psbtError('PSBT_SIGNATURE_STRANGER', what, facts) };
  }
  const { name } = cosigner;
  const bad = (
    code: 'PSBT_SIGNATURE_ENCODING' | 'PSBT_SIGNATURE_FLAG' | 'PSBT_SIGNATURE_INVALID',
    what: string,
    details: ErrorDetails = {},
  ): SignatureVerdict => ({
    good: false,
    cosigner: name,
    error: psbtError(code, `${where}, signature of ${name}: ${what}.`, {
      ...facts,
      cosigner: name,
      ...details,
    }),
  });
  let decoded: EcdsaSignature;
  try {
    decoded = decodeSignature(signature);
  } catch (error) {
    if (!isQoimaError(error, 'PSBT_SIGNATURE_ENCODING')) throw error;
    const { reason } = error.details;
    const what = typeof reason === 'string' ? reason : 'it is not as it must be';
    return bad('PSBT_SIGNATURE_ENCODING', what, error.details);
  }
  const { compact, flag } = decoded;
  if (flag !== SIGHASH.all) {
    return bad('PSBT_SIGNATURE_FLAG', `its sighash flag is ${hexByte(flag)}`, {
      expected: hexByte(SIGHASH.all),
      actual: hexByte(flag),
    });
  }
  if (!verifyEcdsa(hashes(inputIndex), publicKey, compact)) {
    return bad('PSBT_SIGNATURE_INVALID', 'it does not fit this transaction');
  }
  return { good: true, cosigner: name };
};

const hexByte = (value: number): string => value.toString(16).padStart(2, '0');
