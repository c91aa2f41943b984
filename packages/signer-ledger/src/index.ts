export {
  type AddressRequest,
  type CallOptions,
  type LedgerClient,
  ledgerClient,
  type RegisteredPolicy,
  type SignCall,
  type YieldedSignature,
} from './client.ts';
export type { CommandProgress, LinkOptions, Timer } from './device-link.ts';
export { type DeviceFamily, deviceFamily } from './device-model.ts';
export { signerLedgerErrors } from './errors.ts';
export { estimateSigning, type SigningEstimate } from './estimate.ts';
export type { AppAndVersion } from './hw-app-btc.ts';
export {
  type AddressCall,
  type Ledger,
  type MessageSignature,
  type OpenOptions,
  openLedger,
} from './ledger.ts';
export { type LedgerPolicy, ledgerPolicyId, ledgerPolicyOf } from './ledger-policy.ts';
export type { LedgerSignerOptions } from './ledger-signer.ts';
export {
  defaultPreflightLimits,
  type LimitRefusal,
  type LimitRule,
  type PreflightLimits,
  preflight,
  preflightPolicy,
} from './preflight.ts';
export { refusedBy } from './refused-by.ts';
export {
  checkRegistration,
  decodeRegistration,
  encodeRegistration,
  type Registration,
} from './registration.ts';
export { type ExpectedScreens, expectedScreens, type Screen, type ScreenTask } from './screens.ts';
export type { LedgerCommand } from './status-words.ts';
export type { LedgerDevice, LedgerDevices, LedgerTransport } from './transport.ts';
export { usbDevices } from './usb.ts';
