import { type ErrorMaker, type ErrorTable, errorMaker } from '@qoima/primitives';

const table = {
  SIGNER_MNEMONIC_INVALID: {
    kind: 'refused',
    meaning: 'A text is not an English BIP-39 mnemonic.',
    action: 'Compare it with its backup, word by word.',
  },
  SIGNER_ENTROPY_INVALID: {
    kind: 'refused',
    meaning: 'Random bytes are not of a length that makes a BIP-39 mnemonic.',
    action: 'Give 16, 20, 24, 28 or 32 bytes.',
  },
  SIGNER_ACCOUNT_INVALID: {
    kind: 'usage',
    meaning: 'An account number cannot stand in a derivation path.',
    action: 'Use a whole number from 0 to 2147483647; the first account is 0.',
  },
  SIGNER_NETWORK_MISMATCH: {
    kind: 'refused',
    meaning: 'A signer was opened for another network than the policy is for.',
    action: 'Open it for the network of the policy.',
  },
  SIGNER_NOT_A_COSIGNER: {
    kind: 'refused',
    meaning: 'None of the keys of a policy comes from this signer.',
    action: 'Check the mnemonic, its passphrase and the policy.',
  },
  SIGNER_CLOSED: {
    kind: 'failed',
    meaning: 'A signer was asked to sign after its keys were wiped.',
    action: 'Open it again.',
  },
} as const;

/** The error codes of `@qoima/signer-software`. None of their messages or details holds a secret. */
export const signerSoftwareErrors: ErrorTable = table;

export const signerSoftwareError: ErrorMaker<typeof table> = errorMaker(table);
