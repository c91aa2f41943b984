import type { AppVersion } from './app.ts';

/** A command APDU, taken apart. P1 is not among it: the app never looks. */
export interface CommandApdu {
  readonly cla: number;
  readonly ins: number;
  readonly p2: number;
  readonly data: Uint8Array;
}

export const CLA: {
  readonly app: 0xe1;
  readonly framework: 0xf8;
  readonly system: 0xb0;
} = { app: 0xe1, framework: 0xf8, system: 0xb0 };

/** The framework's one instruction, and the operating system's. */
export const INS_CONTINUE = 0x01;
export const INS_APP_AND_VERSION = 0x01;

/** The protocol version in P2: 1, or 0 for the first one, which yields signatures without their keys. */
export const PROTOCOL_VERSION = 1;

/**
 * Undefined for an APDU whose length does not fit: the status word is then 6a87. Without Lc there is no
 * data from 2.4 on; 2.3 wants the byte.
 */
export const parseApdu = (bytes: Uint8Array, version: AppVersion): CommandApdu | undefined => {
  const [cla, ins, , p2, length] = bytes;
  if (cla === undefined || ins === undefined || p2 === undefined) return undefined;
  if (length === undefined) {
    return version === '2.3.0' ? undefined : { cla, ins, p2, data: new Uint8Array() };
  }
  return bytes.length - 5 === length ? { cla, ins, p2, data: bytes.slice(5) } : undefined;
};
