/** The part of ecpair that the faucet uses: its own declarations do not resolve under NodeNext. */
declare module 'ecpair' {
  import type { Network, Signer } from 'bitcoinjs-lib';

  export const ECPairFactory: (secp256k1: object) => {
    fromPrivateKey(secret: Uint8Array, options: { network: Network }): Signer;
  };
}
