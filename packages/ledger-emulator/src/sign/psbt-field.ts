/** Key types of BIP-174, BIP-370 and BIP-371 that the app looks at, by map. */
export const GLOBAL = { txVersion: 0x02, fallbackLockTime: 0x03 } as const;

export const INPUT = {
  nonWitnessUtxo: 0x00,
  witnessUtxo: 0x01,
  sighashType: 0x03,
  redeemScript: 0x04,
  witnessScript: 0x05,
  bip32Derivation: 0x06,
  previousTxid: 0x0e,
  outputIndex: 0x0f,
  sequence: 0x10,
  tapBip32Derivation: 0x16,
} as const;

export const OUTPUT = {
  bip32Derivation: 0x02,
  amount: 0x03,
  script: 0x04,
  tapBip32Derivation: 0x07,
} as const;
