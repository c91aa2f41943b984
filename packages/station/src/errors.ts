import { type ErrorMaker, type ErrorTable, errorMaker } from '@qoima/primitives';

const table = {
  STATION_FILE_INVALID: {
    kind: 'failed',
    meaning: 'A file in the station’s folder is not what this version writes.',
    action: 'Restore it from a backup; do not edit it by hand.',
  },
  STATION_JOURNAL_OTHER: {
    kind: 'refused',
    meaning:
      'The journal does not tell of the station’s key: it was lost, or it is another station’s, so nobody knows here what this key has signed.',
    action:
      'Restore the journal that belongs to the key. If it is lost, bring the key to a new --home, and ask the coordinator what it has signed.',
  },
  STATION_KEY_EXISTS: {
    kind: 'refused',
    meaning: 'This station has a key already.',
    action: 'Use another --home for another key; a key is never written over.',
  },
  STATION_KEY_MISSING: {
    kind: 'usage',
    meaning: 'This station has no key yet.',
    action:
      'Bring that of a Ledger with "qoima-station key import --ledger", or words with "key import"; "key create" makes words.',
  },
  STATION_KEY_NOT_IN_POLICY: {
    kind: 'refused',
    meaning: 'The policy does not hold this station’s key, to the byte.',
    action: 'Do not pin it; ask the coordinator which key record the policy was made of.',
  },
  STATION_KEY_NOT_A_LEDGER: {
    kind: 'usage',
    meaning: 'This needs a Ledger, and the key of this station is words in a file.',
    action: 'Use a station whose key was brought with "qoima-station key import --ledger".',
  },
  STATION_NOT_REGISTERED: {
    kind: 'usage',
    meaning: 'The station’s Ledger has not registered the policy yet.',
    action: 'Register it with "qoima-station policy register".',
  },
  STATION_NETWORK_MIXED: {
    kind: 'refused',
    meaning: 'A file is for another network than the station works on.',
    action: 'Take the right file, or set --network to that one.',
  },
  STATION_NO_POLICY: {
    kind: 'usage',
    meaning: 'The station has pinned no policy, or none of that name or id.',
    action: 'Pin one with "qoima-station policy import", or check --policy, --network and --home.',
  },
  STATION_POLICY_AMBIGUOUS: {
    kind: 'usage',
    meaning: 'More than one pinned policy fits.',
    action: 'Name one of them with --policy: its name, or the beginning of its id.',
  },
  STATION_POLICY_CHANGED: {
    kind: 'refused',
    meaning:
      'The policy was pinned anew, with other limits for example, while a spend was read that the former one had judged.',
    action:
      'Nothing was signed; run the command again, which judges the spend by what is pinned now.',
  },
  STATION_NO_DEVICE: {
    kind: 'device',
    meaning: 'No Ledger is plugged in.',
    action: 'Plug one in, unlock it, and run the command again.',
  },
  STATION_POLICY_EXISTS: {
    kind: 'refused',
    meaning: 'Another policy of the same name is pinned already.',
    action:
      'Have the new policy made under a name of its own: here, and by the custodians, policies are told apart by their names.',
  },
  STATION_POLICY_NOT_PINNED: {
    kind: 'refused',
    meaning: 'A policy file is not one that this station has pinned.',
    action: 'Compare its id with the other custodians before you pin it.',
  },
  STATION_ID_MISMATCH: {
    kind: 'refused',
    meaning: 'The id that was accepted is not the id of what is there.',
    action:
      'Compare all 64 digits again, and write them as one argument; nothing was pinned or signed.',
  },
  STATION_REVIEW_BLOCKED: {
    kind: 'refused',
    meaning: 'The station cannot prove that a PSBT does what it should.',
    action:
      'Do not sign it; show the finding to the other custodians and to whoever sent it. Nothing was signed.',
  },
  STATION_WARNING_OPEN: {
    kind: 'refused',
    meaning: 'There is a warning about a PSBT or a policy that nobody has accepted.',
    action:
      'Read it; to go on, accept each rule by its name with --accept-warning. Nothing was signed or pinned.',
  },
  STATION_ALREADY_SIGNED: {
    kind: 'refused',
    meaning: 'Every input carries this station’s signature already.',
    action: 'Hand the file on; there is nothing to sign here.',
  },
  STATION_OPTION_INVALID: {
    kind: 'usage',
    meaning: 'The value of an option is not of its form.',
    action: 'Run the command with --help to see its options.',
  },
} as const;

/** The error codes of `@qoima/station`. */
export const stationErrors: ErrorTable = table;

export const stationError: ErrorMaker<typeof table> = errorMaker(table);
