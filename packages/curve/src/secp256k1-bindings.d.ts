/** What the house uses of the `secp256k1` addon, which has no types of its own: no secret operation. */
declare module 'secp256k1/bindings.js' {
  interface Bindings {
    publicKeyVerify(publicKey: Uint8Array): boolean;
    publicKeyConvert(publicKey: Uint8Array, compressed: boolean): Uint8Array;
    /** Throws for a scalar that is out of range and a sum that is no point. */
    publicKeyTweakAdd(publicKey: Uint8Array, scalar: Uint8Array, compressed: boolean): Uint8Array;
    /** False for a high s. Throws for what cannot be parsed. */
    ecdsaVerify(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean;
  }
  const bindings: Bindings;
  export default bindings;
}
