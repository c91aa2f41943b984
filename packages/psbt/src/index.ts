export {
  analyzePsbt,
  type InputAnalysis,
  type PsbtAnalysis,
  type PsbtRole,
} from './analyze.ts';
export { assemblePsbt } from './assemble.ts';
export {
  checkSignature,
  checkSignatures,
  cosignerAt,
  type SignatureVerdict,
} from './check-signature.ts';
export { checkTransaction } from './check-transaction.ts';
export type { Codec } from './codec.ts';
export { combinePsbts } from './combine.ts';
export { convertPsbt } from './convert.ts';
export { type Coin, type CreateOutput, type CreateRequest, createPsbt } from './create.ts';
export { decodePsbt, MAX_PSBT_BYTES } from './decode.ts';
export { decodeSignature, type EcdsaSignature, encodeSignature } from './der.ts';
export { encodePsbt, formatPsbtBase64 } from './encode.ts';
export { psbtErrors } from './errors.ts';
export { extractTransaction } from './extract.ts';
export { type Field, fieldOf, fieldsOf, GLOBAL, INPUT, OUTPUT, record } from './fields.ts';
export { finalizePsbt } from './finalize.ts';
export { unsignedTransactionId } from './identity.ts';
export type { InjectedHow, InjectedRecord } from './injected-records.ts';
export { feeOf, type MatchedInput, matchPolicy, type PolicyMatch } from './match-policy.ts';
export { isFinal } from './open-input.ts';
export { type PartialSignature, partialSignaturesOf, signatureFor } from './partial-signature.ts';
export {
  compareKeys,
  type Psbt,
  type PsbtMap,
  type PsbtRecord,
  type PsbtVersion,
  sortedMap,
  withoutTypes,
  withRecords,
} from './record.ts';
export { isSameTransaction } from './same-transaction.ts';
export { sharedNonces, signatureNonce } from './shared-nonce.ts';
export {
  type Bip143Midstates,
  bip143Midstates,
  type LegacyTemplate,
  legacySighash,
  legacyTemplate,
  SIGHASH,
  witnessSighash,
} from './sighash.ts';
export { type SignedPsbt, signPsbt } from './sign.ts';
export { type SignatureHashes, signatureHashes } from './signature-hashes.ts';
export type { Signer, SigningRequest } from './signer.ts';
export {
  estimateVsize,
  estimateWeight,
  inputWeight,
  outputWeight,
  type SpendShape,
} from './size.ts';
export { type SpentOutput, spentOutput } from './spent-output.ts';
export {
  type RefusedSignature,
  type RepeatedSignature,
  type SignatureIntake,
  type TakenSignature,
  takeSignatures,
} from './take-signatures.ts';
export { isTaprootKey } from './taproot-key.ts';
export { parsePsbt } from './text.ts';
export {
  decodeTransaction,
  decodeUnsignedTransaction,
  encodeTransaction,
  encodeUnsignedTransaction,
  type Transaction,
  type TransactionInput,
  type TransactionOutput,
  type UnsignedInput,
  type UnsignedTransaction,
} from './transaction.ts';
export {
  transactionHash,
  transactionId,
  transactionOutput,
  transactionVsize,
  transactionWeight,
  witnessTransactionId,
} from './transaction-layout.ts';
export { type Locate, updatePsbt } from './update.ts';
export { type VerifiedPsbt, verifySignatures } from './verify-signatures.ts';
