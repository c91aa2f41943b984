import { parseDerivationPath } from '@qoima/policy';
import { concatBytes, formatHex, formatUtf8, parseHex, parseUtf8 } from '@qoima/primitives';
import { parsePsbt } from '@qoima/psbt';
import { describe, expect, it } from 'vitest';
import { openEmulator } from '../src/index.ts';
import {
  addressData,
  converse,
  type HostData,
  hostData,
  messageData,
  pathData,
  readYield,
  registerData,
  signData,
} from './host.ts';
import {
  NOT_EMULATED,
  type RecordedParameters,
  type Recording,
  recordedDevice,
  recordedPolicy,
  recordings,
} from './recordings.ts';

/**
 * The same recordings from their parameters: an honest host of our own makes the request, answers whatever
 * is asked, and the emulator must come to the recorded end, from a fresh start each time.
 */
interface Prepared {
  readonly ins: number;
  readonly data: Uint8Array;
}

type Prepare = (params: RecordedParameters, recording: Recording, host: HostData) => Prepared;

const hmacOf = ({ hmac }: RecordedParameters): Uint8Array =>
  typeof hmac === 'string' ? parseHex(hmac) : new Uint8Array(32);

const PREPARE: Readonly<Record<string, Prepare>> = {
  GET_MASTER_FINGERPRINT: () => ({ ins: 0x05, data: new Uint8Array() }),
  GET_EXTENDED_PUBKEY: ({ path = '', display }) => ({
    ins: 0x00,
    data: concatBytes(Uint8Array.of(display === true ? 1 : 0), pathData(parseDerivationPath(path))),
  }),
  REGISTER_WALLET: (params, _, host) => ({
    ins: 0x02,
    data: registerData(host, recordedPolicy(params)),
  }),
  GET_WALLET_ADDRESS: (params, _, host) => ({
    ins: 0x03,
    data: addressData(host, recordedPolicy(params), hmacOf(params), {
      change: params.change ?? 0,
      index: params.index ?? 0,
      display: params.display ?? false,
    }),
  }),
  SIGN_PSBT: (params, { psbtBefore = '' }, host) => ({
    ins: 0x04,
    data: signData(host, parsePsbt(parseUtf8(psbtBefore)), recordedPolicy(params), hmacOf(params)),
  }),
  SIGN_MESSAGE: ({ path = '', messageHex = '' }, _, host) => ({
    ins: 0x10,
    data: messageData(host, parseDerivationPath(path), parseHex(messageHex)),
  }),
};

const played = recordings.filter(
  ({ name, command }) => PREPARE[command] !== undefined && !NOT_EMULATED.has(name),
);

const play = async (recording: Recording) => {
  const host = hostData();
  const prepare = PREPARE[recording.command];
  if (prepare === undefined) throw new Error('only recordings with a preparation are played');
  const { ins, data } = prepare(recording.params ?? {}, recording, host);
  const approval = recording.userDecision ?? 'approve';
  const emulator = openEmulator({ ...recordedDevice(recording), approval });
  const { exchange } = emulator;
  return { ...(await converse(exchange, ins, data, host)), screens: emulator.screens };
};

describe('recordings, from their parameters', () => {
  it('are those of single commands', () => {
    expect(played.length).toBe(201);
  });

  it.each(played.map((recording) => [recording.name, recording] as const))(
    '%s',
    async (_, recording) => {
      const end = await play(recording);
      expect(end.statusWord).toBe(recording.statusWord);
      expect(formatHex(end.data)).toBe(expectedData(recording, end.data));
      if (recording.signatures !== undefined) {
        expect(end.yields.map(readYield)).toEqual(recording.signatures);
      } else {
        expect(end.yields).toEqual([]);
      }
      // The same questions, and so the same number of them: the issue allows 15 % more or less.
      expect(end.exchanges).toBe(recording.exchanges);
    },
  );
});

/** The recorded result in the form of an answer's data. */
const expectedData = (recording: Recording, data: Uint8Array): string => {
  if (recording.statusWord !== '9000') return recording.errorCode ?? '';
  const { result, command } = recording;
  if (command === 'GET_MASTER_FINGERPRINT') return String(result);
  if (command === 'SIGN_PSBT') return '';
  if (command === 'REGISTER_WALLET') {
    const { policyId, hmac } = result as { policyId: string; hmac: string };
    return policyId + hmac;
  }
  if (command === 'SIGN_MESSAGE') return (result as { signatureHex: string }).signatureHex;
  return formatUtf8(data) === result ? formatHex(data) : String(result);
};
