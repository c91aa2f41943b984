import { type ErrorMaker, type ErrorTable, errorMaker } from '@qoima/primitives';

const table = {
  PSBT_TOO_LARGE: {
    kind: 'refused',
    meaning: 'A file is larger than any PSBT that Qoima reads.',
    action: 'Check that it is the right file.',
  },
  PSBT_NOT_A_PSBT: {
    kind: 'refused',
    meaning: 'A file is not a PSBT in binary, base64 or hex.',
    action: 'Check that it is the right file, and export it again as .psbt.',
  },
  PSBT_TRUNCATED: {
    kind: 'refused',
    meaning: 'A PSBT ends before what it announces.',
    action: 'Fetch or copy the file again, whole.',
  },
  PSBT_NON_CANONICAL: {
    kind: 'refused',
    meaning: 'A length or type in a PSBT is not written in its shortest form.',
    action: 'Have the PSBT made again by its sender.',
  },
  PSBT_TRAILING_BYTES: {
    kind: 'refused',
    meaning: 'Bytes follow the last map of a PSBT.',
    action: 'Fetch or copy the file again; if it stays so, have it made again by its sender.',
  },
  PSBT_VERSION_UNKNOWN: {
    kind: 'refused',
    meaning: 'A PSBT is of a version other than 0 and 2.',
    action: 'Have it exported as PSBT version 0 or 2.',
  },
  PSBT_DUPLICATE_KEY: {
    kind: 'refused',
    meaning: 'A map of a PSBT holds the same key twice.',
    action: 'Have the PSBT made again by its sender, and tell them: the format forbids it.',
  },
  PSBT_DUPLICATE_INPUT: {
    kind: 'refused',
    meaning: 'A PSBT spends the same coin twice.',
    action: 'Have the PSBT made again: such a transaction can never be valid.',
  },
  PSBT_FIELD_INVALID: {
    kind: 'refused',
    meaning: 'A field of a PSBT has not the shape that its BIP gives it.',
    action: 'Have the PSBT made again by its sender.',
  },
  PSBT_FIELD_FORBIDDEN: {
    kind: 'refused',
    meaning: 'A field stands in a PSBT of a version that excludes it.',
    action: 'Have the PSBT made again by its sender as one version, 0 or 2.',
  },
  PSBT_FIELD_MISSING: {
    kind: 'refused',
    meaning: 'A field that the version of a PSBT requires is not there.',
    action: 'Have the PSBT made again by its sender.',
  },
  PSBT_COUNT_ABSURD: {
    kind: 'refused',
    meaning: 'A PSBT announces more inputs or outputs than its bytes can hold.',
    action: 'Fetch or copy the file again, whole.',
  },
  PSBT_AMOUNT_OUT_OF_RANGE: {
    kind: 'refused',
    meaning: 'An amount in a PSBT or transaction lies outside 0 … 2,100,000,000,000,000 satoshis.',
    action: 'Have it made again by its sender.',
  },
  PSBT_ALREADY_SIGNED: {
    kind: 'refused',
    meaning: 'The unsigned transaction of a PSBT carries a scriptSig or a witness.',
    action: 'Have the PSBT made again: signatures belong in its input maps.',
  },
  PSBT_LOCK_TIME_CONFLICT: {
    kind: 'refused',
    meaning: 'No lock time can satisfy all inputs of a PSBT: some want a height, others a time.',
    action: 'Spend these coins in separate transactions.',
  },
  PSBT_NOT_CONVERTIBLE: {
    kind: 'refused',
    meaning: 'A PSBT holds something that the other version cannot carry.',
    action: 'Keep it in its version, or have its Constructor close it first.',
  },
  PSBT_TRANSACTION_INVALID: {
    kind: 'refused',
    meaning: 'Bytes are not a serialised transaction.',
    action: 'Fetch the transaction again.',
  },
  PSBT_SIGNATURE_ENCODING: {
    kind: 'refused',
    meaning: 'A signature is not strict DER with a low s.',
    action: 'Have the input signed again; a signer that does this needs an update.',
  },
  PSBT_EMPTY: {
    kind: 'refused',
    meaning: 'A transaction would have no inputs or no outputs.',
    action: 'Choose at least one coin to spend and one output to pay.',
  },
  PSBT_COIN_MISMATCH: {
    kind: 'refused',
    meaning:
      'A coin is not what its previous transaction says: another amount, or not the policy’s script.',
    action: 'List the coins again from the node, and check that they belong to this policy.',
  },
  PSBT_OVERSPENT: {
    kind: 'refused',
    meaning: 'The outputs of a transaction are worth more than its inputs.',
    action: 'Spend more coins or pay less.',
  },
  PSBT_PREVIOUS_TX_MISSING: {
    kind: 'refused',
    meaning:
      'A PSBT does not bring the previous transaction of an input, so its amount is only a claim.',
    action:
      'Have the PSBT completed with the previous transaction (non_witness_utxo) of every input.',
  },
  PSBT_PREVIOUS_TX_WRONG: {
    kind: 'refused',
    meaning: 'A previous transaction is not the one that an input spends from.',
    action: 'Do not sign; have the PSBT made again by its sender, and ask how this came about.',
  },
  PSBT_UTXO_MISMATCH: {
    kind: 'refused',
    meaning: 'A witness UTXO contradicts the coin that is spent.',
    action: 'Do not sign; a wrong amount here hides the fee. Have the PSBT made again.',
  },
  PSBT_SCRIPT_MISMATCH: {
    kind: 'refused',
    meaning: 'A redeem or witness script in a PSBT is not the one of the coin or output.',
    action: 'Do not sign; have the PSBT made again by its sender.',
  },
  PSBT_NOT_THIS_POLICY: {
    kind: 'refused',
    meaning: 'An input, or an extended key, of a PSBT does not belong to the policy.',
    action: 'Check that this is the right policy and the right PSBT; do not sign.',
  },
  PSBT_DERIVATION_WRONG: {
    kind: 'refused',
    meaning: 'A derivation in a PSBT says something untrue about a key of the policy.',
    action: 'Do not sign; have the PSBT made again by its sender.',
  },
  PSBT_CHANGE_MISMATCH: {
    kind: 'refused',
    meaning: 'An output claims to be the policy’s own and pays to another script.',
    action: 'Do not sign; somebody may have put their own address in the place of the change.',
  },
  PSBT_SIGHASH_TYPE: {
    kind: 'refused',
    meaning: 'An input asks to be signed with another sighash type than ALL.',
    action: 'Do not sign; such a signature would let others change the transaction.',
  },
  PSBT_SIGNATURE_FLAG: {
    kind: 'refused',
    meaning: 'A signature has another sighash flag than ALL (01).',
    action: 'Have the input signed again with ALL; ask why the signer used another flag.',
  },
  PSBT_SIGNATURE_STRANGER: {
    kind: 'refused',
    meaning: 'A signature is by a key that the policy does not have at this input.',
    action: 'Check which device and which policy it was signed with.',
  },
  PSBT_SIGNATURE_INVALID: {
    kind: 'refused',
    meaning: 'A signature does not fit the transaction that is being signed.',
    action: 'Have this very PSBT signed again by that cosigner.',
  },
  PSBT_TRANSACTION_DIFFERS: {
    kind: 'refused',
    meaning: 'Two PSBTs are not of the same unsigned transaction.',
    action: 'Check that both files are of the same spend, and of its latest version.',
  },
  PSBT_VERSION_DIFFERS: {
    kind: 'refused',
    meaning: 'PSBTs of different versions cannot be merged record by record.',
    action: 'Convert them to one version first.',
  },
  PSBT_FIELD_CONFLICT: {
    kind: 'refused',
    meaning: 'Two values are given for the same key of a PSBT.',
    action: 'Find out which file is right and leave the other one out.',
  },
  PSBT_ALREADY_FINAL: {
    kind: 'refused',
    meaning: 'An input is final already, and its signatures can no longer be told apart.',
    action: 'Extract the transaction, or go back to the PSBT before it was finalised.',
  },
  PSBT_INCOMPLETE: {
    kind: 'incomplete',
    meaning: 'Fewer cosigners have signed than the quorum requires.',
    action: 'Have it signed by more cosigners.',
  },
  PSBT_FINAL_SCRIPT_WRONG: {
    kind: 'refused',
    meaning: 'An input of a finished transaction does not hold exactly what its policy takes.',
    action:
      'Do not broadcast it; finalise again from the signatures, and keep both for inspection.',
  },
  PSBT_NONCE_SHARED: {
    kind: 'refused',
    meaning: 'Two signatures were made with the same nonce, which gives private keys away.',
    action:
      'Do not broadcast it; hold the keys of those named for known to others, and replace them.',
  },
  PSBT_NOT_STANDARD: {
    kind: 'refused',
    meaning: 'A finished transaction is larger, or a part of it, than nodes relay.',
    action: 'Spend fewer coins at a time.',
  },
  PSBT_NOT_FINAL: {
    kind: 'incomplete',
    meaning: 'An input is not final, so there is no transaction to extract yet.',
    action: 'Collect the missing signatures and finalise it first.',
  },
} as const;

/** The error codes of `@qoima/psbt`. */
export const psbtErrors: ErrorTable = table;

export const psbtError: ErrorMaker<typeof table> = errorMaker(table);
