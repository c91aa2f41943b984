import { type ErrorMaker, type ErrorTable, errorMaker } from '@qoima/primitives';

const table = {
  CHAIN_URL_INVALID: {
    kind: 'usage',
    meaning: 'The address of the node is not an http or https URL, or it carries a password.',
    action: 'Write it like http://127.0.0.1:8332, and give user and password apart from it.',
  },
  CHAIN_COOKIE_UNREADABLE: {
    kind: 'usage',
    meaning: 'The cookie file of the node cannot be read.',
    action: 'Start the node, check the path, and run as a user who may read the file.',
  },
  CHAIN_UNREACHABLE: {
    kind: 'failed',
    meaning: 'The node cannot be reached.',
    action: 'Check that it runs, and its address, port and network.',
  },
  CHAIN_UNAUTHORIZED: {
    kind: 'failed',
    meaning: 'The node does not accept our credentials or our address.',
    action: 'Check the cookie file or the user and password, and rpcallowip of the node.',
  },
  CHAIN_BUSY: {
    kind: 'failed',
    meaning: 'The node was still starting or had too much to do, after several attempts.',
    action: 'Try again in some minutes.',
  },
  CHAIN_TIMEOUT: {
    kind: 'failed',
    meaning: 'The node did not answer in time; whether the call took effect is not known.',
    action: 'Look at the load of the node; then run the same command again, which is safe.',
  },
  CHAIN_WRONG_NETWORK: {
    kind: 'refused',
    meaning: 'The node is on another network than the policy.',
    action: 'Use the node of the right network.',
  },
  CHAIN_WALLET_UNFIT: {
    kind: 'refused',
    meaning: 'The wallet of that name in the node is not a watch-only descriptor wallet.',
    action: 'Move that wallet away in the node, and run the same again; Qoima makes its own.',
  },
  CHAIN_IMPORT_FAILED: {
    kind: 'failed',
    meaning: 'The node could not import the descriptors or not search the past blocks for them.',
    action: 'Read its reason; a pruned node lacks the blocks since an early birthday.',
  },
  CHAIN_TRANSACTION_UNKNOWN: {
    kind: 'failed',
    meaning: 'The node does not know a transaction.',
    action: 'Check the txid; for one that the wallet does not watch, the node needs -txindex.',
  },
  CHAIN_REJECTED: {
    kind: 'refused',
    meaning: 'The node refuses a transaction.',
    action:
      'Read its reason; a coin that is spent or missing means that the proposal is out of date.',
  },
  CHAIN_RPC_ERROR: {
    kind: 'failed',
    meaning: 'The node answers a call with an error.',
    action: 'Read its message.',
  },
  CHAIN_REPLY_MALFORMED: {
    kind: 'failed',
    meaning: 'An answer is not what Bitcoin Core answers.',
    action: 'Check that a Bitcoin Core of version 26 or later listens at that address.',
  },
  CHAIN_REPLY_TOO_LARGE: {
    kind: 'failed',
    meaning: 'An answer is larger than any may be.',
    action: 'Check that a Bitcoin Core listens at that address.',
  },
} as const;

/** The error codes of `@qoima/chain`. */
export const chainErrors: ErrorTable = table;

export const chainError: ErrorMaker<typeof table> = errorMaker(table);
