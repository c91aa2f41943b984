import { type ErrorMaker, type ErrorTable, errorMaker } from '@qoima/primitives';

const table = {
  COORDINATOR_FILE_INVALID: {
    kind: 'failed',
    meaning: 'A file in the coordinator’s folder is not what this version writes.',
    action: 'Restore it from a backup; do not edit it by hand.',
  },
  COORDINATOR_NO_POLICY: {
    kind: 'usage',
    meaning: 'There is no policy yet, or none of that name or id.',
    action: 'Make one with "qoima policy create", or check --policy, --network and --home.',
  },
  COORDINATOR_POLICY_AMBIGUOUS: {
    kind: 'usage',
    meaning: 'More than one policy fits.',
    action: 'Name one of them with --policy: its name, or the beginning of its id.',
  },
  COORDINATOR_POLICY_EXISTS: {
    kind: 'refused',
    meaning: 'A policy of the same name is already there.',
    action: 'Give the new policy another name, or use the one that is there.',
  },
  COORDINATOR_POLICY_NAME: {
    kind: 'refused',
    meaning: 'The name of a new policy is 64 hex digits, as the id of a policy is.',
    action: 'Give it another name: policies are chosen by name and by id.',
  },
  COORDINATOR_POLICY_SAME_KEYS: {
    kind: 'refused',
    meaning: 'A policy that is already there gives the same addresses, under another name.',
    action:
      'Use that one: of two such policies each would give out addresses that the other gave out, and count its coins.',
  },
  COORDINATOR_POLICY_NOT_STORED: {
    kind: 'refused',
    meaning: 'A policy file is sound, and of no policy that is stored here.',
    action: 'Compare its id with the custodians; somebody may have exchanged the file.',
  },
  COORDINATOR_BIRTHDAY_AHEAD: {
    kind: 'refused',
    meaning:
      'The birthday of a policy is later than now, so that a search from it would find no coin.',
    action:
      'Give the policy its true birthday with "qoima policy birthday", or set the clock of this machine right.',
  },
  COORDINATOR_KEY_NETWORK: {
    kind: 'refused',
    meaning: 'A key record was made for another network.',
    action: 'Ask the custodian for a record of this network, or set --network to that one.',
  },
  COORDINATOR_NO_PROPOSAL: {
    kind: 'usage',
    meaning: 'No proposal has that id.',
    action: 'List the proposals with "qoima status".',
  },
  COORDINATOR_PROPOSAL_AMBIGUOUS: {
    kind: 'usage',
    meaning: 'More than one proposal fits.',
    action: 'Give more digits of its id.',
  },
  COORDINATOR_PROPOSAL_EXISTS: {
    kind: 'refused',
    meaning: 'The very same transaction, or the same payments, have been proposed before.',
    action:
      'Go on with that proposal: write its PSBT with "qoima export". To pay once more, give another --label. Of one that was withdrawn make another form: another fee rate, or other coins.',
  },
  COORDINATOR_STRANGE_PSBT: {
    kind: 'refused',
    meaning: 'A returned PSBT spends a transaction that was never proposed here.',
    action: 'Check that it is the file that came back from the station; nothing was taken from it.',
  },
  COORDINATOR_SIGNATURE_REFUSED: {
    kind: 'refused',
    meaning: 'A returned PSBT carries signatures that do not hold.',
    action: 'What was refused was not stored; every good signature of the same files was.',
  },
  COORDINATOR_FIELDS_REFUSED: {
    kind: 'refused',
    meaning:
      'A returned PSBT contradicts what was sent: a field altered, an input finalised, or another sighash type.',
    action:
      'Nothing but its good signatures was taken; ask the custodian where the file has been, and for one before it was finalised.',
  },
  COORDINATOR_NONCE_SHARED: {
    kind: 'refused',
    meaning: 'Two signatures were made with the same nonce, which gives private keys away.',
    action:
      'Hold the keys of those named for known to others: withdraw the proposal, show its files to nobody, and spend the coins without those stations.',
  },
  COORDINATOR_WITHDRAWN: {
    kind: 'refused',
    meaning: 'A proposal was withdrawn, and something would have gone on with it.',
    action:
      'Make a new proposal; only when one of its coins is spent can the old one never be sent.',
  },
  COORDINATOR_SENT: {
    kind: 'refused',
    meaning:
      'The network has the transaction of a proposal, or it was sent from here, and it cannot be withdrawn.',
    action:
      'Watch it with "qoima status"; if it is still final here, "qoima broadcast" records it as sent. One that lost against another spend of its coins can be withdrawn once that spend has 6 confirmations.',
  },
  COORDINATOR_NOT_FINAL: {
    kind: 'incomplete',
    meaning: 'The proposal has no finished transaction yet.',
    action: 'Run "qoima finalize" first.',
  },
  COORDINATOR_COIN_UNKNOWN: {
    kind: 'refused',
    meaning: 'A coin is not among the policy’s confirmed, unlocked coins.',
    action: 'Choose one that "qoima coins" lists as confirmed and not locked.',
  },
  COORDINATOR_FUNDS_SHORT: {
    kind: 'refused',
    meaning: 'The coins do not cover the payments and the fee.',
    action: 'Pay less, choose more coins, or wait for deposits or for coins that are locked.',
  },
  COORDINATOR_SPEND_TOO_LARGE: {
    kind: 'refused',
    meaning: 'The PSBT of a spend would be larger than any that is read.',
    action:
      'Pay less at once, or choose with --coin coins whose previous transactions are smaller. Nothing was stored.',
  },
  COORDINATOR_NO_FEE_RATE: {
    kind: 'usage',
    meaning: 'The node has no fee estimate.',
    action: 'Give a rate in sat/vB with --fee-rate.',
  },
  COORDINATOR_PAYMENT_INVALID: {
    kind: 'usage',
    meaning: 'A payment is not written as address=amount.',
    action: 'Write --pay ADDRESS=0.5, the amount in BTC.',
  },
  COORDINATOR_REVIEW_BLOCKED: {
    kind: 'refused',
    meaning: 'The review of a PSBT found something that blocks it.',
    action: 'Read each finding; do not send this PSBT to a station.',
  },
  COORDINATOR_WARNING_OPEN: {
    kind: 'refused',
    meaning: 'The review of a new proposal warns of something that nobody has accepted.',
    action:
      'Read it; to go on, accept each rule by its name with --accept-warning. Nothing was stored.',
  },
  COORDINATOR_NODE_REFUSES: {
    kind: 'refused',
    meaning: 'The node would not take the finished transaction into its memory pool.',
    action: 'Read the node’s reason; the proposal is unchanged.',
  },
  COORDINATOR_OPTION_INVALID: {
    kind: 'usage',
    meaning: 'The value of an option is not of its form.',
    action: 'Run the command with --help to see its options.',
  },
} as const;

/** The error codes of `@qoima/coordinator`. */
export const coordinatorErrors: ErrorTable = table;

export const coordinatorError: ErrorMaker<typeof table> = errorMaker(table);
