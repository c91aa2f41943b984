import { type ErrorMaker, type ErrorTable, errorMaker } from '@qoima/primitives';

const table = {
  DEVICE_USB_UNAVAILABLE: {
    kind: 'device',
    meaning: 'This machine cannot reach USB devices: the library for it does not load.',
    action: 'Install libusb 1.0 and udev (Debian: libusb-1.0-0, libudev1), or use another machine.',
  },
  DEVICE_USB_REFUSED: {
    kind: 'device',
    meaning: 'A Ledger is plugged in and cannot be opened.',
    action: 'Close other wallet programs, and install the udev rules for Ledger devices.',
  },
  DEVICE_ABSENT: {
    kind: 'device',
    meaning: 'No Ledger is plugged in.',
    action: 'Plug it in, unlock it with its PIN, and open the Bitcoin app.',
  },
  DEVICE_SEVERAL: {
    kind: 'device',
    meaning: 'Several Ledgers are plugged in, and it is not said which one is meant.',
    action: 'Unplug the others, or name one of those in the list.',
  },
  DEVICE_DISCONNECTED: {
    kind: 'device',
    meaning: 'The connection to the device was lost.',
    action: 'Check the cable, unlock the device, open the Bitcoin app and start again.',
  },
  DEVICE_SILENT: {
    kind: 'device',
    meaning: 'The device does not answer.',
    action: 'Look at its screen; if nothing is asked there, unplug it, plug it in and start again.',
  },
  DEVICE_BUSY: {
    kind: 'device',
    meaning: 'The device is still at work on something else.',
    action: 'Finish or reject what it shows, and start again.',
  },
  DEVICE_CANCELLED: {
    kind: 'device',
    meaning: 'A command was cancelled on this side.',
    action: 'If the device still shows a review, reject it there; then start again when ready.',
  },
  DEVICE_CLOSED: {
    kind: 'failed',
    meaning: 'A device was used after its connection was closed.',
    action: 'Open it again.',
  },
  DEVICE_LOCKED: {
    kind: 'device',
    meaning: 'The device is locked.',
    action: 'Unlock it with its PIN, open the Bitcoin app and start again.',
  },
  DEVICE_NOT_SET_UP: {
    kind: 'device',
    meaning: 'The device has no PIN: it was never set up, or was reset.',
    action: 'Check that it is the right device; if it was reset, restore its seed first.',
  },
  DEVICE_WRONG_APP: {
    kind: 'device',
    meaning: 'Another app than Bitcoin, or none, is open on the device.',
    action: 'Open the Bitcoin app (on test networks: Bitcoin Test) on the device and start again.',
  },
  DEVICE_WRONG_NETWORK: {
    kind: 'device',
    meaning: 'The app on the device is for another network than the policy.',
    action: 'Open Bitcoin for mainnet, or Bitcoin Test for the test networks, and start again.',
  },
  DEVICE_APP_TOO_OLD: {
    kind: 'device',
    meaning: 'The app on the device is older than 2.1.0 and knows no policies.',
    action: 'Update the Bitcoin app with Ledger’s own program, on the machine meant for that.',
  },
  DEVICE_WRONG_DEVICE: {
    kind: 'device',
    meaning: 'The device holds another seed than the expected cosigner’s.',
    action: 'Plug in the right device; with a BIP-39 passphrase, unlock it with the PIN for that.',
  },
  DEVICE_PROTOCOL: {
    kind: 'device',
    meaning: 'The device sends something that the Bitcoin app never sends.',
    action: 'Start again; if it happens twice, do not use this device and have it examined.',
  },
  DEVICE_ENDLESS: {
    kind: 'device',
    meaning: 'The device keeps asking far beyond what its task can need.',
    action: 'Start again; if it happens twice, do not use this device and have it examined.',
  },
  DEVICE_REJECTED: {
    kind: 'device',
    meaning: 'A person rejected the request on the device.',
    action: 'If that was a mistake, start again; if something looked wrong, tell the coordinator.',
  },
  DEVICE_REGISTRATION_WRONG: {
    kind: 'device',
    meaning: 'The device does not recognise the registration of this policy as its own.',
    action: 'Use the registration that this device made, or register the policy on it anew.',
  },
  DEVICE_REGISTRATION_MISSING: {
    kind: 'device',
    meaning: 'The policy is not registered on the device.',
    action: 'Register the policy on this device first, and compare every key that it shows.',
  },
  DEVICE_POLICY_NAME: {
    kind: 'device',
    meaning: 'The device does not take the name of the policy.',
    action: 'Give it 1 to 64 printable ASCII characters, without a space at either end.',
  },
  DEVICE_POLICY_REFUSED: {
    kind: 'device',
    meaning: 'The device does not take the policy.',
    action: 'Check its template and keys: the device takes up to 15 different keys of its network.',
  },
  DEVICE_NOT_A_COSIGNER: {
    kind: 'device',
    meaning: 'None of the keys of the policy belongs to the device.',
    action: 'Check that this is the right device and the right policy, origins of keys included.',
  },
  DEVICE_PSBT_REFUSED: {
    kind: 'device',
    meaning: 'The device does not take the PSBT.',
    action: 'Have the PSBT made again, complete; do not sign it elsewhere before it is understood.',
  },
  DEVICE_BAD_DATA: {
    kind: 'device',
    meaning: 'The device calls what it was sent wrong, without saying why.',
    action: 'Start again; if it stays so, update the app, and check policy and PSBT.',
  },
  DEVICE_NOT_SUPPORTED: {
    kind: 'device',
    meaning: 'The app on the device does not support what it was asked.',
    action: 'Check the path, the policy or the outputs; an update of the app may help.',
  },
  DEVICE_FAILED: {
    kind: 'device',
    meaning: 'The device ended a command with an error.',
    action: 'Close and open the Bitcoin app and start again.',
  },
  DEVICE_ADDRESS_MISMATCH: {
    kind: 'refused',
    meaning: 'The device gives another address than the policy.',
    action: 'Stop; do not pay to either address before this is understood.',
  },
  DEVICE_SIGNATURE_REFUSED: {
    kind: 'refused',
    meaning: 'The device gave a signature that was not asked for, or that does not fit.',
    action: 'Stop; nothing was added to the PSBT. Do not use this device, and have it examined.',
  },
  DEVICE_REGISTRATION_INVALID: {
    kind: 'refused',
    meaning: 'A file is not a registration of a policy on a Ledger.',
    action: 'Fetch it again from its backup, or register the policy on the device anew.',
  },
  DEVICE_REGISTRATION_MISMATCH: {
    kind: 'refused',
    meaning: 'A registration is for another policy or for another device.',
    action: 'Use the registration of this policy on this device, or register it now.',
  },
  DEVICE_LIMIT: {
    kind: 'refused',
    meaning: 'A PSBT or policy is beyond what the Ledger app can do or show.',
    action: 'Have it made otherwise: the reasons are listed.',
  },
  DEVICE_MESSAGE_INVALID: {
    kind: 'refused',
    meaning: 'A message cannot be signed on a Ledger.',
    action: 'Use 1 to 640 printable ASCII characters, so that the device can show it.',
  },
} as const;

/** The error codes of `@qoima/signer-ledger`. */
export const signerLedgerErrors: ErrorTable = table;

export type LedgerErrorCode = keyof typeof table;

export const ledgerError: ErrorMaker<typeof table> = errorMaker(table);
