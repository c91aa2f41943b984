import type { DerivationPath } from '@qoima/policy';
import {
  byteReader,
  byteWriter,
  concatBytes,
  formatUtf8,
  readBytes,
  readCompactSize,
  readUint8,
  writeBytes,
  writeCompactSize,
  writeUint8,
  writtenBytes,
} from '@qoima/primitives';
import type { Psbt } from '@qoima/psbt';
import { commandApdu, continueApdus, INSTRUCTION, STATUS } from './apdu.ts';
import { type ClientCommands, clientCommands } from './client-commands.ts';
import {
  type CallOptions,
  type CommandTask,
  type DeviceLink,
  deviceLink,
  type Exchange,
  type LinkOptions,
} from './device-link.ts';
import { ledgerError } from './errors.ts';
import { signingExchanges } from './estimate.ts';
import {
  type AppAndVersion,
  readAppAndVersion,
  readExtendedKey,
  readFingerprint,
  readMessageSignature,
} from './hw-app-btc.ts';
import {
  asciiBytes,
  encodeLedgerPolicy,
  type LedgerPolicy,
  ledgerPolicyId,
} from './ledger-policy.ts';
import { MAX_OWN_KEYS } from './own-cosigners.ts';
import { commitToPsbt } from './psbt-commitment.ts';
import { type LedgerCommand, statusError } from './status-words.ts';
import type { LedgerTransport } from './transport.ts';

export type { CallOptions } from './device-link.ts';

/** What a device yields while it signs, not judged. */
export interface YieldedSignature {
  readonly inputIndex: number;
  /** Of ECDSA 33 bytes; of a tapscript the x-only key and then the leaf hash. */
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}

/** Which address of a policy the device is asked for, and whether it shows it. */
export interface AddressRequest {
  readonly policy: LedgerPolicy;
  /** 32 bytes, or zeros of a policy that needs none. */
  readonly hmac?: Uint8Array | undefined;
  /** 0 receives, 1 is change. */
  readonly change: number;
  readonly index: number;
  readonly display: boolean;
}

/** How a signing is to run. */
export interface SignCall extends CallOptions {
  /** Keys of the policy that are the device's, for the estimate; one if left out. */
  readonly ownKeys?: number;
}

/** What the device gives for a policy that a person has approved. */
export interface RegisteredPolicy {
  /** 32 bytes: what the device makes of the policy. */
  readonly id: Uint8Array;
  /** 32 bytes. */
  readonly hmac: Uint8Array;
}

/**
 * The commands of the Bitcoin app as they are: any template, any PSBT, nothing judged but the form of
 * what comes back. `openLedger` is the same with the checks that a signature needs.
 *
 * Every refusal of the device and every fault of the connection is a `DEVICE_…` error.
 */
export interface LedgerClient {
  appAndVersion(): Promise<AppAndVersion>;
  /** 4 bytes. */
  fingerprint(): Promise<Uint8Array>;
  extendedKey(path: DerivationPath, display: boolean, call?: CallOptions): Promise<string>;
  registerPolicy(policy: LedgerPolicy, call?: CallOptions): Promise<RegisteredPolicy>;
  address(request: AddressRequest, call?: CallOptions): Promise<string>;
  signPsbt(
    psbt: Psbt,
    policy: LedgerPolicy,
    hmac?: Uint8Array,
    call?: SignCall,
  ): Promise<readonly YieldedSignature[]>;
  /** 65 bytes: header, r and s. */
  signMessage(path: DerivationPath, message: Uint8Array, call?: CallOptions): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** The protocol of the app over this transport; nothing is sent before the first call. */
export const ledgerClient = (
  transport: LedgerTransport,
  options: LinkOptions = {},
): LedgerClient => {
  const link = deviceLink(transport, options);
  return {
    appAndVersion: () => link.run(silent('GET_APP_AND_VERSION'), readAppAndVersion),
    fingerprint: () => link.run(silent('GET_MASTER_FINGERPRINT'), readFingerprint),
    extendedKey: (path, display, call) =>
      link.run(task('GET_EXTENDED_PUBKEY', display, 4, call), (exchange) =>
        path.length > MAX_STEPS_OF_LIBRARY
          ? longExtendedKey(exchange, path, display)
          : readExtendedKey(exchange, path, display),
      ),
    registerPolicy: (policy, call) => registerPolicy(link, policy, call),
    address: (request, call) => address(link, request, call),
    signPsbt: (psbt, policy, hmac, call) => signPsbt(link, psbt, policy, hmac, call),
    signMessage: (path, message, call) =>
      link.run(task('SIGN_MESSAGE', true, 64 + message.length, call), (exchange) =>
        path.length > MAX_STEPS_OF_LIBRARY
          ? longMessageSignature(exchange, path, message)
          : readMessageSignature(exchange, path, message),
      ),
    close: () => link.close(),
  };
};

const task = (
  command: LedgerCommand,
  isReviewed: boolean,
  maxExchanges: number,
  call: CallOptions = {},
): CommandTask => ({ ...call, command, isReviewed: () => isReviewed, maxExchanges });

const silent = (command: LedgerCommand): CommandTask => task(command, false, 4);

/** `hw-app-btc` refuses longer paths, of which the app takes ten steps (2.3.0: eight). */
const MAX_STEPS_OF_LIBRARY = 6;

const encodePath = (path: DerivationPath): Uint8Array => {
  const bytes = new Uint8Array(1 + 4 * path.length);
  bytes[0] = path.length;
  const fields = new DataView(bytes.buffer);
  for (const [i, step] of path.entries()) fields.setUint32(1 + 4 * i, step);
  return bytes;
};

const longExtendedKey = async (
  exchange: Exchange,
  path: DerivationPath,
  display: boolean,
): Promise<string> => {
  const data = concatBytes(Uint8Array.of(display ? 1 : 0), encodePath(path));
  const answer = await exchange(commandApdu(INSTRUCTION.extendedKey, data));
  if (answer.status !== STATUS.done) throw statusError('GET_EXTENDED_PUBKEY', answer);
  return formatUtf8(answer.data);
};

/** Bytes of a leaf of a message's Merkle tree. */
const MESSAGE_CHUNK = 64;

const longMessageSignature = async (
  exchange: Exchange,
  path: DerivationPath,
  message: Uint8Array,
): Promise<Uint8Array> => {
  const commands = clientCommands(noYield);
  const chunks = Array.from({ length: Math.ceil(message.length / MESSAGE_CHUNK) }, (_, i) =>
    message.subarray(i * MESSAGE_CHUNK, (i + 1) * MESSAGE_CHUNK),
  );
  const request = byteWriter();
  writeBytes(request, encodePath(path));
  writeCompactSize(request, message.length);
  writeBytes(request, commands.addList(chunks).root);
  const sign = interpreted(
    'SIGN_MESSAGE',
    INSTRUCTION.signMessage,
    writtenBytes(request),
    commands,
  );
  const signature = await sign(exchange);
  if (signature.length !== MESSAGE_SIGNATURE) throw misshapen('SIGN_MESSAGE', signature);
  return signature;
};

const MESSAGE_SIGNATURE = 65;

/** Far above the few dozen that policies of 15 keys take. */
const MAX_POLICY_EXCHANGES = 2000;
const HMAC_LENGTH = 32;

const registerPolicy = async (
  link: DeviceLink,
  policy: LedgerPolicy,
  call?: CallOptions,
): Promise<RegisteredPolicy> => {
  const commands = clientCommands(noYield);
  addPolicy(commands, policy);
  const encoded = encodeLedgerPolicy(policy);
  const request = byteWriter();
  writeCompactSize(request, encoded.length);
  writeBytes(request, encoded);
  const answer = await link.run(
    task('REGISTER_WALLET', true, MAX_POLICY_EXCHANGES, call),
    interpreted('REGISTER_WALLET', INSTRUCTION.registerPolicy, writtenBytes(request), commands),
  );
  if (answer.length !== 2 * HMAC_LENGTH) throw misshapen('REGISTER_WALLET', answer);
  return { id: answer.slice(0, HMAC_LENGTH), hmac: answer.slice(HMAC_LENGTH) };
};

const address = async (
  link: DeviceLink,
  request: AddressRequest,
  call?: CallOptions,
): Promise<string> => {
  const { policy, hmac = noHmac, change, index, display } = request;
  const commands = clientCommands(noYield);
  addPolicy(commands, policy);
  const data = byteWriter();
  writeUint8(data, display ? 1 : 0);
  writeBytes(data, ledgerPolicyId(policy));
  writeBytes(data, hmac);
  writeUint8(data, change);
  // Big-endian, unlike everything that Bitcoin itself writes.
  for (const shift of [24, 16, 8, 0]) writeUint8(data, index >>> shift);
  const answer = await link.run(
    task('GET_WALLET_ADDRESS', display, MAX_POLICY_EXCHANGES, call),
    interpreted('GET_WALLET_ADDRESS', INSTRUCTION.address, writtenBytes(data), commands),
  );
  const text = formatUtf8(answer);
  if (!/^[0-9A-Za-z]{1,100}$/.test(text)) throw misshapen('GET_WALLET_ADDRESS', answer);
  return text;
};

/** A policy has at most 15 keys; more is no app. */
const MAX_YIELDS_PER_INPUT = 16;

const signPsbt = async (
  link: DeviceLink,
  psbt: Psbt,
  policy: LedgerPolicy,
  hmac: Uint8Array = noHmac,
  { ownKeys = 1, ...call }: SignCall = {},
): Promise<readonly YieldedSignature[]> => {
  const inputs = psbt.inputs.length;
  const yielded: YieldedSignature[] = [];
  const commands = clientCommands((bytes) => {
    yielded.push(decodeYield(bytes, inputs));
    if (yielded.length > inputs * MAX_YIELDS_PER_INPUT) {
      const what = `SIGN_PSBT: the device gives ${yielded.length} signatures of ${inputs} inputs.`;
      throw ledgerError('DEVICE_ENDLESS', what, { actual: yielded.length });
    }
  });
  addPolicy(commands, policy);
  const commitment = commitToPsbt(psbt, commands);
  const keys = policy.keys.length;
  const sorted = policy.template.includes('sortedmulti');
  const estimated = signingExchanges(psbt, keys, ownKeys, sorted);
  // Whatever keys are the device's, an honest one is far from this.
  const most = signingExchanges(psbt, keys, Math.min(keys, MAX_OWN_KEYS), true);
  const request = concatBytes(commitment, ledgerPolicyId(policy), hmac);
  const answer = await link.run(
    {
      ...call,
      command: 'SIGN_PSBT',
      // Once the first signature has come there is nothing left to ask a person.
      isReviewed: () => yielded.length === 0,
      maxExchanges: 4 * most + 2000,
      estimated,
    },
    interpreted('SIGN_PSBT', INSTRUCTION.signPsbt, request, commands),
  );
  if (answer.length !== 0) throw misshapen('SIGN_PSBT', answer);
  return yielded;
};

/** Input index, length of the key, key, signature (the app's documentation, YIELD of SIGN_PSBT). */
const decodeYield = (bytes: Uint8Array, inputs: number): YieldedSignature => {
  const reader = byteReader(bytes);
  const inputIndex = readCompactSize(reader);
  const publicKey = readBytes(reader, readUint8(reader)).slice();
  const signature = bytes.slice(reader.offset);
  if (inputIndex < inputs && signature.length > 0) return { inputIndex, publicKey, signature };
  throw ledgerError('DEVICE_PROTOCOL', 'SIGN_PSBT: the device yields what is no signature.', {
    inputIndex,
    inputs,
  });
};

const addPolicy = (commands: ClientCommands, policy: LedgerPolicy): void => {
  commands.addPreimage(encodeLedgerPolicy(policy));
  commands.addPreimage(asciiBytes(policy.template));
  commands.addList(policy.keys.map(asciiBytes));
};

/** A command of the app in which the device asks for data, to its end. */
const interpreted =
  (
    command: LedgerCommand,
    instruction: number,
    request: Uint8Array,
    commands: ClientCommands,
  ): ((exchange: Exchange) => Promise<Uint8Array>) =>
  async (exchange) => {
    let answer = await exchange(commandApdu(instruction, request));
    const continueApdu = continueApdus();
    while (answer.status === STATUS.interrupted) {
      const { data } = answer;
      answer = await exchange(continueApdu((writer) => commands.answer(data, writer)));
    }
    if (answer.status !== STATUS.done) throw statusError(command, answer);
    return answer.data;
  };

const noHmac = new Uint8Array(HMAC_LENGTH);

const noYield = (): void => {
  throw ledgerError('DEVICE_PROTOCOL', 'The device yields something where nothing is signed.');
};

const misshapen = (command: LedgerCommand, answer: Uint8Array): Error =>
  ledgerError('DEVICE_PROTOCOL', `${command}: the answer of the device is not of its form.`, {
    command,
    actual: answer.length,
  });
