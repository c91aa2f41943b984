import { openEmulator } from '@qoima/ledger-emulator';
import { ledgerClient, ledgerPolicyOf } from '../src/index.ts';
import type { BenchDevice } from './signing.ts';

/** The emulated Ledger of cosigner 1, with the policy registered. */
export const emulatedDevice: BenchDevice = async ({ mnemonic, match }) => {
  const emulator = openEmulator({ mnemonic, app: 'Bitcoin Test' });
  const transport = {
    exchange: (apdu: Uint8Array) => emulator.exchange(apdu),
    close: async () => emulator.close(),
  };
  const { hmac } = await ledgerClient(transport).registerPolicy(ledgerPolicyOf(match.policy));
  return { transport, hmac };
};
