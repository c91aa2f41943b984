import { getWalletAddress } from './address.ts';
import type { Command } from './device.ts';
import { getExtendedPubkey, getMasterFingerprint } from './extended-pubkey.ts';
import { signMessage } from './message.ts';
import { registerWallet } from './register.ts';
import { signPsbt } from './sign/sign-psbt.ts';

/** The instructions of class e1. */
export const COMMANDS: ReadonlyMap<number, Command> = new Map<number, Command>([
  [0x00, getExtendedPubkey],
  [0x02, registerWallet],
  [0x03, getWalletAddress],
  [0x04, signPsbt],
  [0x05, getMasterFingerprint],
  [0x10, signMessage],
]);

/** REGISTER_WALLET alone leaves the memory of its template as it is. */
export const INS_REGISTER_WALLET = 0x02;
