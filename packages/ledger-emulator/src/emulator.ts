import { mnemonicToSeedSync, validateMnemonic, wordlists } from 'bip39';
import { type App, type AppName, type AppVersion, appOf } from './app.ts';
import type { Approval } from './approval.ts';
import type { Device } from './device.ts';
import { deviceKeys } from './device-key.ts';
import { ledgerEmulatorError } from './errors.ts';
import { GARBAGE, type Misbehaviour } from './misbehaviour.ts';
import { screensOf } from './screens.ts';
import { openSession } from './session.ts';
import { registrations } from './slip21.ts';
import { templateMemory } from './template-memory.ts';
import { MAX_TEMPLATE } from './wallet-policy.ts';

/** The seed, the app and the person of an emulated device. */
export interface EmulatorOptions {
  /** English, 12 to 24 words. */
  readonly mnemonic: string;
  /** Where the mnemonic was read, a file for example: for the error. */
  readonly mnemonicFrom?: string | undefined;
  /** BIP-39; none by default. */
  readonly passphrase?: string | undefined;
  readonly app: AppName;
  /** `2.4.6` unless told otherwise. */
  readonly version?: AppVersion | undefined;
  /** Approves everything unless told otherwise. */
  readonly approval?: Approval | undefined;
  readonly misbehaviour?: Misbehaviour | undefined;
  /** Waits for a misbehaviour's delay; without it nothing is late. */
  readonly sleep?: ((milliseconds: number) => Promise<void>) | undefined;
  /** Called with each screen when it is shown. */
  readonly onScreen?: ((text: string) => void) | undefined;
}

/** A Ledger with the Bitcoin app open, in this process. Its keys lie in memory until `close`. */
export interface LedgerEmulator {
  readonly app: AppName;
  readonly version: AppVersion;
  /**
   * One APDU to the app, and its answer with the status word. Calls wait for one another, in order.
   * @throws `EMULATOR_UNPLUGGED`, `EMULATOR_CLOSED`, and what an approval function throws
   */
  exchange(apdu: Uint8Array): Promise<Uint8Array>;
  /** All screens shown so far; the lines of each are joined by ` | `. */
  readonly screens: readonly string[];
  /** How many exchanges there were. */
  readonly exchanges: number;
  close(): void;
}

/**
 * Opens an emulator. The same seed gives the same keys, HMACs and ECDSA signatures as the device.
 * @throws `EMULATOR_MNEMONIC_INVALID`
 */
export const openEmulator = (options: EmulatorOptions): LedgerEmulator => {
  const app = appOf(options.app, options.version ?? '2.4.6');
  const device = openDevice(app, options);
  const screens: string[] = [];
  const session = openSession(device, options.approval ?? 'approve', (text) => {
    screens.push(text);
    options.onScreen?.(text);
  });
  const { misbehaviour = {} } = options;
  let [open, exchanges] = [true, 0];
  let last: Promise<unknown> = Promise.resolve();

  const answer = async (apdu: Uint8Array): Promise<Uint8Array> => {
    if (!open) throw ledgerEmulatorError('EMULATOR_CLOSED', 'This emulated Ledger was closed.');
    exchanges++;
    const { delayMilliseconds, unplugAtExchange, garbageAtExchange } = misbehaviour;
    if (delayMilliseconds !== undefined) await options.sleep?.(delayMilliseconds);
    if (unplugAtExchange !== undefined && exchanges >= unplugAtExchange) {
      const what = `The emulated Ledger was unplugged at exchange ${unplugAtExchange}.`;
      throw ledgerEmulatorError('EMULATOR_UNPLUGGED', what, { exchange: unplugAtExchange });
    }
    if (exchanges === garbageAtExchange) return (misbehaviour.garbage ?? GARBAGE).slice();
    return session.exchange(apdu);
  };
  return {
    app: app.name,
    version: app.version,
    exchange: (apdu) => {
      const bytes = apdu.slice();
      const next = last.then(
        () => answer(bytes),
        () => answer(bytes),
      );
      last = next.catch(() => undefined);
      return next;
    },
    screens,
    get exchanges() {
      return exchanges;
    },
    close: () => {
      open = false;
      device.keys.wipe();
      device.registrations.wipe();
    },
  };
};

const openDevice = (
  app: App,
  { mnemonic, mnemonicFrom = 'The text', passphrase = '' }: EmulatorOptions,
): Device => {
  const words = mnemonic.trim().toLowerCase().split(/\s+/).join(' ');
  if (!validateMnemonic(words, wordlists['english'])) {
    const what = `${mnemonicFrom} holds no English mnemonic.`;
    throw ledgerEmulatorError('EMULATOR_MNEMONIC_INVALID', what);
  }
  const seed = new Uint8Array(mnemonicToSeedSync(words, passphrase));
  try {
    return {
      app,
      keys: deviceKeys(seed, app),
      registrations: registrations(seed),
      screens: screensOf(app),
      templateMemory: templateMemory(MAX_TEMPLATE),
    };
  } finally {
    seed.fill(0);
  }
};
