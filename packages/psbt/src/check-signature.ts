import { type EcdsaCheck, type VerifyOptions, verifyEcdsaMany } from '@qoima/curve';
import {
  type ErrorDetails,
  formatHex,
  indexOfBytes,
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
): SignatureVerdict => checkSignatures([signed], match, hashes)[0] as SignatureVerdict;

/**
 * `checkSignature` of each, in their order. All that are left when only the curve can tell are verified
 * together, on several threads if there are many (`verifyEcdsaMany`): ask once for all that there are.
 */
export const checkSignatures = (
  signatures: readonly PartialSignature[],
  match: PolicyMatch,
  hashes: SignatureHashes,
  options: VerifyOptions = {},
): readonly SignatureVerdict[] => {
  const candidates = signatures.map((signed) => candidateOf(signed, match, hashes));
  const checks = candidates.flatMap((candidate) => ('check' in candidate ? candidate.check : []));
  const isValid = verifyEcdsaMany(checks, options).values();
  return candidates.map((candidate): SignatureVerdict => {
    if (!('check' in candidate)) return candidate;
    const { signed, cosigner } = candidate;
    if (isValid.next().value === true) return { good: true, cosigner };
    const what = 'it does not fit this transaction';
    return {
      good: false,
      cosigner,
      error: fault('PSBT_SIGNATURE_INVALID', signed, cosigner, what),
    };
  });
};

/** A signature that is good if it is valid over its hash. */
interface Candidate {
  readonly signed: PartialSignature;
  readonly cosigner: string;
  readonly check: EcdsaCheck;
}

/** Every check that needs no arithmetic on the curve. */
const candidateOf = (
  signed: PartialSignature,
  match: PolicyMatch,
  hashes: SignatureHashes,
): Candidate | Extract<SignatureVerdict, { good: false }> => {
  const { inputIndex, signature } = signed;
  const number = keyNumber(match, signed);
  const cosigner = match.policy.cosigners[number]?.name;
  const point = match.inputs[inputIndex]?.script.points[number];
  if (cosigner === undefined || point === undefined) {
    return { good: false, error: strangerError(signed) };
  }
  let decoded: EcdsaSignature;
  try {
    decoded = decodeSignature(signature);
  } catch (error) {
    if (!isQoimaError(error, 'PSBT_SIGNATURE_ENCODING')) throw error;
    const { details } = error;
    const what =
      typeof details['reason'] === 'string' ? details['reason'] : 'it is not as it must be';
    const encoding = fault('PSBT_SIGNATURE_ENCODING', signed, cosigner, what, details);
    return { good: false, cosigner, error: encoding };
  }
  const { compact, flag } = decoded;
  if (flag !== SIGHASH.all) {
    const [expected, actual] = [SIGHASH.all, flag].map(hexByte) as [string, string];
    const what = `its sighash flag is ${actual}`;
    const otherFlag = fault('PSBT_SIGNATURE_FLAG', signed, cosigner, what, { expected, actual });
    return { good: false, cosigner, error: otherFlag };
  }
  const check = { hash: hashes(inputIndex), point, signature: compact };
  return { signed, cosigner, check };
};

/** The name of the cosigner whose key this is at its input; undefined for a stranger's. */
export const cosignerAt = (match: PolicyMatch, signed: SignedKey): string | undefined =>
  match.policy.cosigners[keyNumber(match, signed)]?.name;

type SignedKey = Pick<PartialSignature, 'inputIndex' | 'publicKey'>;

/** The number of a key among the policy’s at its input, or −1. */
const keyNumber = ({ inputs }: PolicyMatch, { inputIndex, publicKey }: SignedKey): number =>
  indexOfBytes(inputs[inputIndex]?.script.publicKeys ?? [], publicKey);

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
