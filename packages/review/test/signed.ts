import { type Psbt, signPsbt } from '@qoima/psbt';
import { generateMnemonic, softwareSigner } from '@qoima/signer-software';
import { cleanSpend, own } from './spend.ts';

/** The clean spend, signed by these of the five cosigners of `spend.ts`. */
export const signedSpend = async (
  who: readonly number[],
  psbt: Psbt = cleanSpend(),
  kind: 'wsh' | 'sh-wsh' | 'sh' = 'wsh',
): Promise<Psbt> => {
  let signed = psbt;
  for (const i of who) {
    const mnemonic = generateMnemonic(new Uint8Array(16).fill(i + 1));
    const signer = softwareSigner({ mnemonic, network: 'regtest' });
    signed = (await signPsbt(signed, own[kind], signer)).psbt;
    signer.close();
  }
  return signed;
};
