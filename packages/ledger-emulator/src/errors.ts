import { type ErrorMaker, type ErrorTable, errorMaker } from '@qoima/primitives';

const table = {
  EMULATOR_MNEMONIC_INVALID: {
    kind: 'usage',
    meaning: 'An emulator was to be opened with a text that is no BIP-39 mnemonic.',
    action: 'Give 12 to 24 English words with their checksum.',
  },
  EMULATOR_OPTION_INVALID: {
    kind: 'usage',
    meaning: 'An option of the emulator has a value that it cannot have.',
    action: 'Read the help of qoima-ledger-emulator.',
  },
  EMULATOR_UNPLUGGED: {
    kind: 'device',
    meaning: 'The emulated cable was pulled, as the emulator was told to do.',
    action: 'Open a new emulator, as one plugs a device in again.',
  },
  EMULATOR_CLOSED: {
    kind: 'device',
    meaning: 'An emulator was spoken to after it was closed.',
    action: 'Open it again.',
  },
  EMULATOR_PORT_UNAVAILABLE: {
    kind: 'failed',
    meaning: 'The emulator could not listen on a port of this machine.',
    action: 'Choose another port, or 0 for any free one.',
  },
} as const;

/** The error codes of `@qoima/ledger-emulator`. None of their messages or details holds a secret. */
export const ledgerEmulatorErrors: ErrorTable = table;

export const ledgerEmulatorError: ErrorMaker<typeof table> = errorMaker(table);
