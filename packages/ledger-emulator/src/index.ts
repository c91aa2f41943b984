export type { AppName, AppVersion } from './app.ts';
export type { Approval, Decision } from './approval.ts';
export { type EmulatorOptions, type LedgerEmulator, openEmulator } from './emulator.ts';
export { ledgerEmulatorErrors } from './errors.ts';
export type { Misbehaviour } from './misbehaviour.ts';
export { type ServedEmulator, type ServeOptions, serveEmulator } from './server.ts';
export { STATUS, type StatusName } from './status-word.ts';
export { emulatorTransport, type Transport } from './transport.ts';
