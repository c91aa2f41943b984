import type { QoimaError } from '@qoima/primitives';
import type { DeviceAnswer } from './apdu.ts';
import { type LedgerErrorCode, ledgerError } from './errors.ts';

/** The commands of the app, as its documentation names them. */
export type LedgerCommand =
  | 'GET_APP_AND_VERSION'
  | 'GET_EXTENDED_PUBKEY'
  | 'REGISTER_WALLET'
  | 'GET_WALLET_ADDRESS'
  | 'SIGN_PSBT'
  | 'GET_MASTER_FINGERPRINT'
  | 'SIGN_MESSAGE';

interface Row {
  readonly code: LedgerErrorCode;
  /** What the device means by it: the rest of "The device …". */
  readonly says: string;
}

/** The app's own status words, and those of the system beneath it. */
const STATUS_WORDS: Readonly<Record<string, Row>> = {
  '5303': { code: 'DEVICE_LOCKED', says: 'is locked' },
  '5501': { code: 'DEVICE_REJECTED', says: 'was told by a person to reject it' },
  '5502': { code: 'DEVICE_NOT_SET_UP', says: 'has no PIN' },
  '5515': { code: 'DEVICE_LOCKED', says: 'is locked' },
  '6511': { code: 'DEVICE_WRONG_APP', says: 'has no app open' },
  '6601': { code: 'DEVICE_BUSY', says: 'is busy' },
  '6804': { code: 'DEVICE_LOCKED', says: 'is locked' },
  '6901': { code: 'DEVICE_WRONG_APP', says: 'shows its own screens before those of the app' },
  '6982': { code: 'DEVICE_LOCKED', says: 'is locked' },
  '6985': { code: 'DEVICE_REJECTED', says: 'was told by a person to reject it' },
  '6a80': { code: 'DEVICE_BAD_DATA', says: 'calls the request wrong' },
  '6a82': { code: 'DEVICE_NOT_SUPPORTED', says: 'does not support the request' },
  '6a86': { code: 'DEVICE_NOT_SUPPORTED', says: 'does not know this version of the protocol' },
  '6a87': { code: 'DEVICE_BAD_DATA', says: 'calls the length of the request wrong' },
  '6b0c': { code: 'DEVICE_LOCKED', says: 'is locked' },
  '6d00': { code: 'DEVICE_WRONG_APP', says: 'does not know the instruction' },
  '6e00': { code: 'DEVICE_WRONG_APP', says: 'does not know the class of instructions' },
  '6e01': { code: 'DEVICE_WRONG_APP', says: 'has no app open' },
  b000: { code: 'DEVICE_FAILED', says: 'made an answer that is too long' },
  b007: { code: 'DEVICE_FAILED', says: 'was in another state than the request supposes' },
  b008: { code: 'DEVICE_REGISTRATION_WRONG', says: 'does not accept the HMAC of the policy' },
};

/** Those that the system alone sends, in the place of the app and whatever the app is doing. */
const SYSTEM_WORDS: ReadonlySet<number> = new Set([
  0x5303, 0x5501, 0x5502, 0x5515, 0x6601, 0x6804, 0x6901, 0x6b0c,
]);

export const isOfSystem = (status: number): boolean => SYSTEM_WORDS.has(status);

/**
 * The two bytes before the status word of some refusals (`error_codes.h` of the app; 2.3.0 sends none).
 * They mean something else in each command.
 */
const ERROR_CODES: Readonly<Partial<Record<LedgerCommand, Readonly<Record<string, Row>>>>> = {
  REGISTER_WALLET: {
    '0000': { code: 'DEVICE_POLICY_NAME', says: 'does not accept the name of the policy' },
    '0001': { code: 'DEVICE_POLICY_REFUSED', says: 'finds the policy or one of its keys not sane' },
    '0002': { code: 'DEVICE_NOT_A_COSIGNER', says: 'finds no key of its own in the policy' },
  },
  SIGN_PSBT: {
    '0000': { code: 'DEVICE_REGISTRATION_MISSING', says: 'wants the HMAC of the policy' },
    '0001': { code: 'DEVICE_POLICY_NAME', says: 'wants no name for a standard policy' },
    '0002': { code: 'DEVICE_NOT_A_COSIGNER', says: 'finds no key of its own in the policy' },
    '0003': { code: 'DEVICE_PSBT_REFUSED', says: 'finds an input without any UTXO' },
    '0004': { code: 'DEVICE_PSBT_REFUSED', says: 'finds a previous transaction of another txid' },
    '0005': {
      code: 'DEVICE_PSBT_REFUSED',
      says: 'finds that previous transaction and witness UTXO of an input differ',
    },
    '0006': {
      code: 'DEVICE_PSBT_REFUSED',
      says: 'wants the previous transaction, and no witness UTXO, of an input without a witness',
    },
    '0007': { code: 'DEVICE_PSBT_REFUSED', says: 'wants the witness UTXO of every segwit input' },
    '0008': {
      code: 'DEVICE_PSBT_REFUSED',
      says: 'finds the sighash type SINGLE at an input that has no output beside it',
    },
    '0009': { code: 'DEVICE_PSBT_REFUSED', says: 'finds more than 10 change outputs' },
    '000a': { code: 'DEVICE_PSBT_REFUSED', says: 'finds a witness script missing or wrong' },
    '000b': { code: 'DEVICE_PSBT_REFUSED', says: 'finds a redeem script missing or wrong' },
    '000c': { code: 'DEVICE_PSBT_REFUSED', says: 'finds too many keys of its own in the policy' },
  },
};

/** The typed error of an answer that ends a command with anything but success. */
export const statusError = (command: LedgerCommand, { status, data }: DeviceAnswer): QoimaError => {
  const statusWord = hex(status);
  const errorCode = data.length === 2 ? hex(((data[0] ?? 0) << 8) | (data[1] ?? 0)) : undefined;
  const row =
    (errorCode === undefined ? undefined : ERROR_CODES[command]?.[errorCode]) ??
    STATUS_WORDS[statusWord];
  const word = errorCode === undefined ? statusWord : `${errorCode} ${statusWord}`;
  return ledgerError(
    row?.code ?? 'DEVICE_FAILED',
    `${command}: the device ${row?.says ?? 'refuses, with a status word that is not known'} (${word}).`,
    { command, statusWord, ...(errorCode === undefined ? {} : { errorCode }) },
  );
};

const hex = (value: number): string => value.toString(16).padStart(4, '0');
