import { type AppVersion, openEmulator } from '@qoima/ledger-emulator';
import type { LedgerTransport } from '@qoima/signer-ledger';

/** An emulated device in the place of the recorded one, and what it has shown. */
export interface EmulatedDevice {
  readonly transport: LedgerTransport;
  readonly screens: readonly string[];
}

/** Which device, and how the person at it decides. */
interface Device {
  readonly mnemonic: string;
  /** As recordings name it. */
  readonly network: string;
  readonly version: AppVersion;
  /** Everything is approved unless it is rejected at the screen of this number, counted from 1. */
  readonly rejectAt?: number | undefined;
}

export const emulate = ({ mnemonic, network, version, rejectAt }: Device): EmulatedDevice => {
  const emulator = openEmulator({
    mnemonic,
    app: network === 'mainnet' ? 'Bitcoin' : 'Bitcoin Test',
    version,
    approval: rejectAt === undefined ? 'approve' : { rejectAtScreen: rejectAt },
  });
  return {
    screens: emulator.screens,
    transport: { exchange: (apdu) => emulator.exchange(apdu), close: async () => emulator.close() },
  };
};

/** The version whose order of work the emulator follows. */
export const COUNTED_VERSION: AppVersion = '2.4.6';

/** The version of a recording, if it is emulated. */
export const emulatedVersion = (version: string): AppVersion | undefined =>
  EMULATED.find((known) => known === version);

const EMULATED: readonly AppVersion[] = [COUNTED_VERSION, '2.3.0'];
