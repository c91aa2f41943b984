import type { AppAndVersion as HwAnswer } from '@ledgerhq/hw-app-btc/lib/getAppAndVersion.js';
import type { AppClient } from '@ledgerhq/hw-app-btc/lib/newops/appClient.js';
import { isQoimaError } from '@qoima/primitives';
import { apdu, STATUS } from './apdu.ts';
import type { Exchange } from './device-link.ts';
import { ledgerError } from './errors.ts';
import { type LedgerCommand, statusError } from './status-words.ts';

/**
 * The one file that touches `@ledgerhq/hw-app-btc`: commands that need no policy. It is imported from
 * its CommonJS paths, because the ESM ones do not resolve in Node, and on first use, because it brings
 * bitcoinjs-lib 6 along (some 90 ms).
 */

/** What says which program answers. */
export interface AppAndVersion {
  readonly name: string;
  readonly version: string;
  readonly flags: Uint8Array;
}

export const readAppAndVersion = async (exchange: Exchange): Promise<AppAndVersion> => {
  const { getAppAndVersion } = await import('@ledgerhq/hw-app-btc/lib/getAppAndVersion.js');
  const answer: HwAnswer = await guarded(() =>
    getAppAndVersion(hwTransport('GET_APP_AND_VERSION', exchange)),
  );
  const { name, version, flags } = answer;
  return { name, version, flags: typeof flags === 'number' ? Uint8Array.of(flags) : plain(flags) };
};

export const readFingerprint = async (exchange: Exchange): Promise<Uint8Array> => {
  const client = await appClient('GET_MASTER_FINGERPRINT', exchange);
  return plain(await guarded(() => client.getMasterFingerprint()));
};

/** The extended key as the device writes it. */
export const readExtendedKey = async (
  exchange: Exchange,
  path: readonly number[],
  display: boolean,
): Promise<string> => {
  const client = await appClient('GET_EXTENDED_PUBKEY', exchange);
  return guarded(() => client.getExtendedPubkey(display, [...path]));
};

/** 65 bytes: header, r and s, of the message format of `signmessage`. */
export const readMessageSignature = async (
  exchange: Exchange,
  path: readonly number[],
  message: Uint8Array,
): Promise<Uint8Array> => {
  const client = await appClient('SIGN_MESSAGE', exchange);
  const base64 = await guarded(() => client.signMessage(Buffer.from(message), [...path]));
  return plain(Buffer.from(base64, 'base64'));
};

const appClient = async (command: LedgerCommand, exchange: Exchange): Promise<AppClient> => {
  const { AppClient: Client } = await import('@ledgerhq/hw-app-btc/lib/newops/appClient.js');
  return new Client(hwTransport(command, exchange));
};

type HwTransport = ConstructorParameters<typeof AppClient>[0];
type Send = HwTransport['send'];

/**
 * What `hw-app-btc` uses of a transport: `send`. It sends CONTINUE with P2 = 1, where Ledger's policy
 * client, and so every recording, has 0; the app takes both, and one form is enough. A bad status becomes our
 * error here, because `TransportStatusError` drops the error code before the status word.
 */
const hwTransport = (command: LedgerCommand, exchange: Exchange): HwTransport => {
  const send: Send = async (cla, ins, p1, p2, data = Buffer.alloc(0), accepted = [STATUS.done]) => {
    const parameter2 = cla === CLA_FRAMEWORK ? 0 : p2;
    // GET_APP_AND_VERSION and GET_MASTER_FINGERPRINT cannot be sent wrong data: after 6a80 another
    // program has left a command unfinished, and the next APDU is answered normally.
    const request = apdu([cla, ins, p1, parameter2], data);
    let answer = await exchange(request);
    if (answer.status === STATUS.badData && RETRIED.has(command)) answer = await exchange(request);
    if (!accepted.includes(answer.status)) throw statusError(command, answer);
    const { status, data: body } = answer;
    return Buffer.from([...body, status >> 8, status & 0xff]);
  };
  return { send } as HwTransport;
};

const CLA_FRAMEWORK = 0xf8;
const RETRIED: ReadonlySet<LedgerCommand> = new Set([
  'GET_APP_AND_VERSION',
  'GET_MASTER_FINGERPRINT',
]);

/** What `hw-app-btc` throws of its own is about what the device sent. */
const guarded = async <Result>(call: () => Promise<Result>): Promise<Result> => {
  try {
    return await call();
  } catch (error) {
    if (isQoimaError(error)) throw error;
    const what = 'The device sent what Ledger’s own library cannot read.';
    throw ledgerError('DEVICE_PROTOCOL', what, {}, error);
  }
};

const plain = (buffer: Buffer): Uint8Array => Uint8Array.from(buffer);
