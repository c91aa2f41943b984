import { type ErrorMaker, type ErrorTable, errorMaker } from '@qoima/primitives';

const table = {
  REHEARSAL_NO_BITCOIND: {
    kind: 'usage',
    meaning: 'A rehearsal on a real Bitcoin Core was asked for, and there is no bitcoind.',
    action: 'Set BITCOIND to its path, put it on the PATH, or leave --node away.',
  },
  REHEARSAL_BITCOIND_FAILED: {
    kind: 'failed',
    meaning: 'The bitcoind of a rehearsal ended or did not answer.',
    action: 'Read its debug.log; it needs wallet support and a free port on 127.0.0.1.',
  },
  REHEARSAL_ANOTHER: {
    kind: 'usage',
    meaning: 'The rehearsal that was interrupted in this folder was begun otherwise.',
    action: 'Leave that option away to go on with it, or give an empty folder.',
  },
  REHEARSAL_DEVICE_STOPPED: {
    kind: 'device',
    meaning: 'A device of a rehearsal refused or went away, as it was told to.',
    action: 'Go on from there with "npm run rehearse -- --out" and that folder.',
  },
  REHEARSAL_DEVICE_INVALID: {
    kind: 'usage',
    meaning: 'The emulated Ledger of a rehearsal is not described as it must be.',
    action: 'Let "npm run rehearse" write its file, and do not edit it.',
  },
  REHEARSAL_FOLDER_NOT_EMPTY: {
    kind: 'usage',
    meaning: 'The folder for a rehearsal holds files already, and no rehearsal to go on with.',
    action: 'Give an empty folder or none.',
  },
  REHEARSAL_MISHAP_INVALID: {
    kind: 'usage',
    meaning: 'What shall go wrong in a rehearsal cannot go wrong there.',
    action: 'Give --reject-at or --unplug-at, and a number from 1 on.',
  },
  REHEARSAL_NODE_REFUSED: {
    kind: 'failed',
    meaning: 'The node of a rehearsal refused what the rehearsal itself asked of it.',
    action: 'Report this with the message of the node.',
  },
  REHEARSAL_RUNNING: {
    kind: 'failed',
    meaning: 'A rehearsal, or a program that one has left behind, still works in the folder.',
    action: 'Wait until it has ended, or end it, and run this again.',
  },
  REHEARSAL_STEP_DIFFERED: {
    kind: 'failed',
    meaning: 'A step of a rehearsal ended otherwise than expected.',
    action: 'Read the error of the step; everything it wrote is still in the folder.',
  },
} as const;

/** The error codes of `@qoima/rehearsal`. */
export const rehearsalErrors: ErrorTable = table;

export const rehearsalError: ErrorMaker<typeof table> = errorMaker(table);
