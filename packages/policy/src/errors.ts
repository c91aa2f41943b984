import { type ErrorMaker, type ErrorTable, errorMaker } from '@qoima/primitives';

const table = {
  POLICY_ADDRESS_INVALID: {
    kind: 'refused',
    meaning: 'A text is not a Bitcoin address.',
    action: 'Copy the address again, whole, from its owner.',
  },
  POLICY_ADDRESS_NETWORK: {
    kind: 'refused',
    meaning: 'An address belongs to another network.',
    action: 'Ask for an address of this network, or change the network.',
  },
  POLICY_ADDRESS_NONE: {
    kind: 'refused',
    meaning: 'A script has no address form.',
    action: 'Show the script in hex instead.',
  },
  POLICY_BIRTHDAY_INVALID: {
    kind: 'refused',
    meaning: 'A birthday is not a time in unix seconds.',
    action: 'Give whole seconds since 1970, or leave it out.',
  },
  POLICY_BRANCH_INVALID: {
    kind: 'refused',
    meaning: 'What follows a key is not the receive and change branches.',
    action:
      'End each key with /<0;1>/*, or give a pair of descriptors that end with /0/* and /1/*.',
  },
  POLICY_CHECKSUM_WRONG: {
    kind: 'refused',
    meaning: 'The BIP-380 checksum does not fit the descriptor.',
    action: 'Copy the descriptor again, whole; do not repair the checksum.',
  },
  POLICY_DESCRIPTOR_INVALID: {
    kind: 'refused',
    meaning: 'A text is not an output descriptor or a BIP-388 template.',
    action: 'Export it again from the wallet that made it.',
  },
  POLICY_DESCRIPTOR_PAIR: {
    kind: 'refused',
    meaning: 'A receive and a change descriptor are not of one policy.',
    action: 'Export both from the same wallet, or use one descriptor with /<0;1>/*.',
  },
  POLICY_FILE_INVALID: {
    kind: 'refused',
    meaning: 'A file is not a policy file or a key record of Qoima.',
    action: 'Check that it is the right file, of this version; or fetch it again.',
  },
  POLICY_HARDENED_STEP: {
    kind: 'refused',
    meaning: 'A hardened step follows an extended public key, which cannot derive it.',
    action: 'Export the key at the hardened path itself.',
  },
  POLICY_ID_MISMATCH: {
    kind: 'refused',
    meaning: 'A policy file was changed: its id is not the hash of what it says.',
    action: 'Do not use the file; fetch the policy again and compare its id with the cosigners.',
  },
  POLICY_INDEX_INVALID: {
    kind: 'usage',
    meaning: 'An address index is not a whole number from 0 to 2147483647.',
    action: 'Use an index in that range.',
  },
  POLICY_KEY_COUNT: {
    kind: 'refused',
    meaning: 'A policy has more or fewer keys than its quorum or template says.',
    action: 'Give exactly one key for each cosigner.',
  },
  POLICY_KEY_INVALID: {
    kind: 'refused',
    meaning: 'A text is not an extended public key (BIP-32).',
    action: 'Export the key again and copy it whole.',
  },
  POLICY_KEY_REPEATED: {
    kind: 'refused',
    meaning: 'Two cosigners hold the same key, so one person would count twice.',
    action:
      'Ask one of the two for a key of their own. Keys are counted as they were given; a record that was given twice is left out once.',
  },
  POLICY_LIMITS_INVALID: {
    kind: 'refused',
    meaning: 'A limit of a policy is out of range, or warns later than it refuses.',
    action: 'Correct the limits, or leave them out: then the usual ones hold.',
  },
  POLICY_NAME_INVALID: {
    kind: 'refused',
    meaning: 'A name is not 1 to 64 printable ASCII characters without outer spaces.',
    action:
      'Write 1 to 64 Latin letters, digits and signs, without a space at either end: a Ledger shows no others.',
  },
  POLICY_NAME_REPEATED: {
    kind: 'refused',
    meaning: 'Two cosigners have the same name.',
    action: 'Give each cosigner a name of their own.',
  },
  POLICY_NETWORK_MIXED: {
    kind: 'refused',
    meaning: 'A key belongs to another network than the policy.',
    action: 'Use mainnet keys (xpub) on mainnet and test keys (tpub) on all others.',
  },
  POLICY_ORIGIN_INVALID: {
    kind: 'refused',
    meaning: 'A text is not a key origin, such as [d34db33f/48h/0h/0h/2h].',
    action: 'Export the key again together with its origin.',
  },
  POLICY_ORIGIN_MISMATCH: {
    kind: 'refused',
    meaning: 'A key cannot come from the origin that is given for it.',
    action: 'Export the key and its origin again from the signing device.',
  },
  POLICY_ORIGIN_MISSING: {
    kind: 'refused',
    meaning: 'A key has no origin, so no signer could find its own key.',
    action: 'Write the origin before the key: [fingerprint/path]xpub.',
  },
  POLICY_ORIGIN_REPEATED: {
    kind: 'refused',
    meaning: 'Two cosigners give the same origin for different keys.',
    action: 'Export both keys and their origins again; at least one is wrong.',
  },
  POLICY_PATH_INVALID: {
    kind: 'refused',
    meaning: 'A text is not a derivation path.',
    action: "Write it like m/48'/0'/0'/2'; h may stand for '.",
  },
  POLICY_PRIVATE_KEY: {
    kind: 'refused',
    meaning: 'A private key stands where a public key belongs.',
    action: 'Treat that key as exposed, and export the public key (xpub) instead.',
  },
  POLICY_QUORUM_INVALID: {
    kind: 'refused',
    meaning: 'A quorum is not k of n with 1 ≤ k ≤ n ≤ 15.',
    action: 'Choose a quorum such as 3 of 5.',
  },
  POLICY_SCRIPT_UNSUPPORTED: {
    kind: 'refused',
    meaning: 'A descriptor is of a kind that Qoima does not hold.',
    action: 'Use wsh(sortedmulti(…)), sh(wsh(sortedmulti(…))) or sh(sortedmulti(…)).',
  },
} as const;

/** The error codes of `@qoima/policy`. */
export const policyErrors: ErrorTable = table;

export const policyError: ErrorMaker<typeof table> = errorMaker(table);
