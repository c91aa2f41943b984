export { accountPath } from './account-path.ts';
export { type CosignerOptions, cosignerOf } from './cosigner.ts';
export { signerSoftwareErrors } from './errors.ts';
export { generateMnemonic, mnemonicSeed, parseMnemonic } from './mnemonic.ts';
export {
  type SoftwareSigner,
  type SoftwareSignerOptions,
  softwareSigner,
} from './software-signer.ts';
