import { appendFileSync } from 'node:fs';
import { type LedgerEmulator, openEmulator } from '@qoima/ledger-emulator';
import type { LedgerDevices, LedgerTransport } from '@qoima/signer-ledger';
import { readDevice } from './device-file.ts';
import { rehearsalError } from './errors.ts';

/** What goes wrong on purpose: at a screen of a review, or at an exchange of a signing. */
type Mishap =
  | { readonly kind: 'none' }
  | { readonly kind: 'reject-at' | 'unplug-at'; readonly at: number };

/** `reject-at 3`, `unplug-at 120`, or nothing. @throws `REHEARSAL_MISHAP_INVALID` */
export const parseMishap = (text: string): Mishap => {
  if (text === '') return { kind: 'none' };
  const [, kind, at] = /^(reject-at|unplug-at) ([1-9][0-9]{0,5})$/.exec(text) ?? [];
  if (kind === 'reject-at' || kind === 'unplug-at') return { kind, at: Number(at) };
  throw rehearsalError('REHEARSAL_MISHAP_INVALID', `${text} is nothing that can go wrong.`);
};

/**
 * One emulated Ledger, described by a file, in the place of what is plugged in. The person at it
 * approves everything but the mishap. What it shows is added to `<file>.screens`.
 */
export const emulatedLedger = (path: string, mishapText: string): LedgerDevices => {
  const open = (): LedgerTransport => {
    const { mnemonic, app, version } = readDevice(path);
    const mishap = parseMishap(mishapText);
    const emulator = openEmulator({
      mnemonic,
      mnemonicFrom: path,
      app,
      version,
      approval: mishap.kind === 'reject-at' ? { rejectAtScreen: mishap.at } : 'approve',
      onScreen: (screen) => appendFileSync(`${path}.screens`, `${screen}\n`, { mode: 0o600 }),
    });
    return transportOf(emulator, mishap.kind === 'unplug-at' ? mishap.at : undefined);
  };
  return {
    list: async () => [{ id: 'emulated', name: MODEL }],
    open: async () => open(),
  };
};

const MODEL = 'Ledger Nano S Plus';

/** SIGN_PSBT begins so. */
const isSigning = (apdu: Uint8Array): boolean => apdu[0] === 0xe1 && apdu[1] === 0x04;

/** Counted from the first request of the signing, the cable comes out at exchange `unplugAt`. */
const transportOf = (emulator: LedgerEmulator, unplugAt: number | undefined): LedgerTransport => {
  let signing = 0;
  return {
    name: MODEL,
    exchange: (apdu) => {
      if (signing > 0 || isSigning(apdu)) signing += 1;
      if (unplugAt !== undefined && signing >= unplugAt) {
        return Promise.reject(new Error('the cable was pulled out'));
      }
      return emulator.exchange(apdu);
    },
    close: async () => emulator.close(),
  };
};
