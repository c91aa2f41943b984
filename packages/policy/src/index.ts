export { decodeAddress, encodeAddress } from './address.ts';
export { deriveChildKey } from './child-key.ts';
export {
  type Cosigner,
  type CosignerKey,
  formatCosignerKey,
  parseCosignerKey,
} from './cosigner.ts';
export {
  type DerivationPath,
  formatDerivationPath,
  HARDENED,
  type HardenedMark,
  parseDerivationPath,
} from './derivation-path.ts';
export {
  type DescriptorBranch,
  type DescriptorOptions,
  formatDescriptor,
  type ParsedPolicy,
  parseDescriptor,
  parseDescriptorPair,
} from './descriptor.ts';
export { descriptorChecksum } from './descriptor-checksum.ts';
export { policyErrors } from './errors.ts';
export {
  type ExtendedKey,
  encodeExtendedKey,
  extendedKeyText,
  formatExtendedKey,
  type KeyNetwork,
  keyFingerprint,
  keyNetworkOf,
  parseExtendedKey,
} from './extended-key.ts';
export { formatKeyOrigin, type KeyOrigin, parseKeyOrigin } from './key-origin.ts';
export { decodeKeyRecord, encodeKeyRecord, type KeyRecord } from './key-record.ts';
export {
  type MultisigScript,
  multisigScript,
  parseMultisigScript,
  sortKeys,
} from './multisig-script.ts';
export { payToScriptHash, payToWitnessScriptHash } from './output-script.ts';
export { decodePolicyFile, encodePolicyFile } from './policy-file.ts';
export { policyFindings } from './policy-findings.ts';
export { policyId } from './policy-id.ts';
export {
  type AddressPlace,
  addressPlace,
  branchNumbers,
  locateDerivation,
  type PolicyScript,
  type PolicyScripts,
  policyScripts,
} from './policy-scripts.ts';
export { policyJson, policySheet } from './policy-sheet.ts';
export {
  type PolicyTemplate,
  parsePolicyTemplate,
  policyFromTemplate,
  policyKeys,
  policyTemplate,
  type TemplatePolicy,
} from './policy-template.ts';
export { MAX_COSIGNERS, type Quorum, quorum } from './quorum.ts';
export { haveSameScripts } from './same-scripts.ts';
export {
  decodeLimits,
  defaultLimits,
  type FeeLimits,
  limitsJson,
  limitsSheet,
  type SpendLimits,
} from './spend-limits.ts';
export {
  birthdayFindings,
  changedFindings,
  firstFindings,
  ownNameFindings,
} from './unbound-findings.ts';
export {
  type Branch,
  type PolicyParts,
  type ScriptKind,
  type WalletPolicy,
  walletPolicy,
} from './wallet-policy.ts';
