import { hash160, sha256 } from '@qoima/primitives';

const OP_HASH160 = 0xa9;
const OP_EQUAL = 0x87;

/** `OP_HASH160 <HASH160 of the script> OP_EQUAL` (BIP-16): 23 bytes. */
export const payToScriptHash = (redeemScript: Uint8Array): Uint8Array =>
  Uint8Array.of(OP_HASH160, 20, ...hash160(redeemScript), OP_EQUAL);

/** `0 <SHA-256 of the script>` (BIP-141): 34 bytes. */
export const payToWitnessScriptHash = (witnessScript: Uint8Array): Uint8Array => {
  const script = new Uint8Array(34);
  script[1] = 32;
  script.set(sha256(witnessScript), 2);
  return script;
};
