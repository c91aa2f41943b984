/** The status words that the app ends an answer with, by what they say. */
export const STATUS: Readonly<Record<StatusName, number>> = {
  ok: 0x9000,
  /** The answer is a question: the host replies with CONTINUE. */
  interrupted: 0xe000,
  denied: 0x6985,
  incorrectData: 0x6a80,
  notSupported: 0x6a82,
  wrongP1P2: 0x6a86,
  wrongLength: 0x6a87,
  unknownInstruction: 0x6d00,
  unknownClass: 0x6e00,
  badState: 0xb007,
  wrongHmac: 0xb008,
};

/** How a command of the app can end, or stop to ask the host. */
export type StatusName = 'ok' | 'interrupted' | RefusalStatus;

/** A refusal: a status word, and before it from 2.4 on sometimes a two-byte error code. */
export type RefusalStatus =
  | 'denied'
  | 'incorrectData'
  | 'notSupported'
  | 'wrongP1P2'
  | 'wrongLength'
  | 'unknownInstruction'
  | 'unknownClass'
  | 'badState'
  | 'wrongHmac';

/** The error codes of REGISTER_WALLET. */
export const REGISTER_CODE: Readonly<
  Record<'nameNotAcceptable' | 'policyNotSane' | 'noOwnKey', number>
> = {
  nameNotAcceptable: 0x0000,
  policyNotSane: 0x0001,
  noOwnKey: 0x0002,
};

/** The error codes of SIGN_PSBT. */
export const SIGN_CODE: Readonly<Record<SignFault, number>> = {
  hmacMissing: 0x0000,
  nameOfDefaultPolicy: 0x0001,
  noOwnKey: 0x0002,
  utxoMissing: 0x0003,
  previousTransaction: 0x0004,
  utxosDiffer: 0x0005,
  legacyUtxo: 0x0006,
  witnessUtxoMissing: 0x0007,
  sighashSingle: 0x0008,
  tooManyChangeOutputs: 0x0009,
  witnessScript: 0x000a,
  redeemScript: 0x000b,
  tooManyOwnKeys: 0x000c,
};

export type SignFault =
  | 'hmacMissing'
  | 'nameOfDefaultPolicy'
  | 'noOwnKey'
  | 'utxoMissing'
  | 'previousTransaction'
  | 'utxosDiffer'
  | 'legacyUtxo'
  | 'witnessUtxoMissing'
  | 'sighashSingle'
  | 'tooManyChangeOutputs'
  | 'witnessScript'
  | 'redeemScript'
  | 'tooManyOwnKeys';
