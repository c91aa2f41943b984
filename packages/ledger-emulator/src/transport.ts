import { createRequire } from 'node:module';
import type hwTransport from '@ledgerhq/hw-transport';
import { isQoimaError } from '@qoima/primitives';
import type { LedgerEmulator } from './emulator.ts';

/**
 * Ledger's packages have no ES module that Node can load: theirs import without file extensions. Their
 * CommonJS form is asked for by name, here alone.
 */
const require = createRequire(import.meta.url);
const { default: BaseTransport } = require('@ledgerhq/hw-transport') as typeof hwTransport;

/** Ledger's own interface to a device. */
export type Transport = hwTransport.default;

/**
 * An emulator as Ledger's own libraries take a device: `@ledgerhq/hw-app-btc` and `@ledgerhq/ledger-bitcoin`
 * run on it unmodified. Closing it leaves the emulator open, as closing a cable leaves a device on.
 */
export const emulatorTransport = (emulator: LedgerEmulator): Transport =>
  new EmulatorTransport(emulator);

class EmulatorTransport extends BaseTransport {
  readonly #emulator: LedgerEmulator;

  constructor(emulator: LedgerEmulator) {
    super();
    this.#emulator = emulator;
  }

  override async exchange(apdu: Buffer): Promise<Buffer> {
    try {
      return Buffer.from(await this.#emulator.exchange(new Uint8Array(apdu)));
    } catch (error) {
      if (!isQoimaError(error, 'EMULATOR_UNPLUGGED')) throw error;
      // As the USB transports tell it.
      const lost = new Error(error.message, { cause: error });
      lost.name = 'DisconnectedDeviceDuringOperation';
      this.emit('disconnect', lost);
      throw lost;
    }
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }
}
