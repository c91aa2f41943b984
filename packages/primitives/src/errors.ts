import { type ErrorMaker, type ErrorTable, errorMaker } from './error.ts';

const table = {
  AMOUNT_INVALID: {
    kind: 'refused',
    meaning: 'A text or number is not an amount of bitcoin.',
    action: 'Write plain decimal digits, without sign, exponent or separators.',
  },
  AMOUNT_OUT_OF_RANGE: {
    kind: 'refused',
    meaning: 'An amount lies outside 0 … 2,100,000,000,000,000 satoshis.',
    action: 'Check the amount and its unit.',
  },
  BYTES_INVALID: {
    kind: 'refused',
    meaning: 'A text is not the hex or base64 it should be.',
    action: 'Copy it again, whole.',
  },
  BYTES_TRUNCATED: {
    kind: 'refused',
    meaning: 'Bytes end before the value that they announce.',
    action: 'Fetch or copy the file again, whole.',
  },
  BYTES_NON_CANONICAL: {
    kind: 'refused',
    meaning: 'A length is not written in its shortest form.',
    action: 'Have it made again by its sender.',
  },
  FEE_RATE_INVALID: {
    kind: 'refused',
    meaning: 'A text is not a fee rate in satoshis per vbyte.',
    action: 'Write it like 12 or 12.5; at most three decimals.',
  },
  NETWORK_UNKNOWN: {
    kind: 'usage',
    meaning: 'A network name is not known.',
    action: 'Use mainnet, testnet, signet or regtest.',
  },
  OUTPOINT_INVALID: {
    kind: 'refused',
    meaning: 'A text is not an outpoint.',
    action: 'Write it as txid:vout, 64 hex digits, a colon, and a number.',
  },
} as const;

/** The error codes of `@qoima/primitives`. */
export const primitivesErrors: ErrorTable = table;

export const primitivesError: ErrorMaker<typeof table> = errorMaker(table);
