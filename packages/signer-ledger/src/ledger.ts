import {
  type Branch,
  branchNumbers,
  type DerivationPath,
  decodeAddress,
  type ExtendedKey,
  encodeAddress,
  formatDerivationPath,
  keyNetworkOf,
  type PolicyScript,
  type PolicyScripts,
  parseExtendedKey,
  policyId,
  policyScripts,
  type WalletPolicy,
} from '@qoima/policy';
import {
  equalBytes,
  excerpt,
  formatHex,
  isQoimaError,
  type Network,
  parseUtf8,
} from '@qoima/primitives';
import type { Signer } from '@qoima/psbt';
import { type CallOptions, type LedgerClient, ledgerClient } from './client.ts';
import { derivedCosigners } from './derived-cosigners.ts';
import type { LinkOptions } from './device-link.ts';
import { ledgerError } from './errors.ts';
import { ledgerPolicyId, ledgerPolicyOf } from './ledger-policy.ts';
import { type LedgerSignerOptions, ledgerSigner } from './ledger-signer.ts';
import { checkMessageSignature } from './message-signature.ts';
import { ownCosigners } from './own-cosigners.ts';
import { preflightPolicy } from './preflight.ts';
import { refusedBy } from './refused-by.ts';
import { checkRegistration, type Registration } from './registration.ts';
import type { LedgerTransport } from './transport.ts';

/** What a device must be to be spoken to. */
export interface OpenOptions extends LinkOptions {
  readonly network: Network;
  /** Whose device it has to be; any if left out. */
  readonly expected?: { readonly name: string; readonly fingerprint: Uint8Array };
  /** For the date of a registration. */
  readonly now?: () => Date;
}

/** How an address is to be asked for. */
export interface AddressCall extends CallOptions {
  /** Whether a person sees and confirms it; true if left out. */
  readonly display?: boolean;
}

/** A signed message's signature, checked against its key. */
export interface MessageSignature {
  /** 33 bytes: the key at the path, by which the signature was checked. */
  readonly publicKey: Uint8Array;
  /** 65 bytes: header, r and s. In base64 it is what `signmessage` of Bitcoin Core gives. */
  readonly signature: Uint8Array;
}

/** An open device with the right app and the right seed. One command at a time. */
export interface Ledger {
  readonly app: string;
  readonly version: string;
  /** The product, as far as the connection tells. */
  readonly model: string | undefined;
  /** Of the master key, 4 bytes. */
  readonly fingerprint: Uint8Array;
  /**
   * The extended key at a path. Without `display` the app gives BIP-48 paths of script types 1' and 2' of its
   * own network and accounts to 100, and their unhardened children; `DEVICE_NOT_SUPPORTED` for others.
   */
  extendedKey(
    path: DerivationPath,
    options?: CallOptions & { readonly display?: boolean },
  ): Promise<ExtendedKey>;
  /**
   * Has a person approve the policy on the device, and tries the registration out with a silent address.
   * Never called by anything here: a policy is registered when somebody wants it.
   * @throws `DEVICE_LIMIT`, `DEVICE_REJECTED`, `DEVICE_NOT_A_COSIGNER` …
   */
  registerPolicy(policy: WalletPolicy, options?: CallOptions): Promise<Registration>;
  /**
   * Has the device derive an address and compares it with our own.
   * @returns the address in the words of the policy's network; on regtest the device shows `tb1…`
   * @throws `DEVICE_ADDRESS_MISMATCH`, `DEVICE_REGISTRATION_MISMATCH`, `DEVICE_REGISTRATION_WRONG` …
   */
  showAddress(
    registration: Registration,
    scripts: PolicyScripts,
    place: { readonly branch: Branch; readonly index: number },
    options?: AddressCall,
  ): Promise<string>;
  signer(registration: Registration, options?: LedgerSignerOptions): Signer;
  /**
   * Signs a text with the key at a path, to prove that the key is there, and checks the signature.
   * @throws `DEVICE_MESSAGE_INVALID` unless 1 to 640 printable ASCII characters
   */
  signMessage(path: DerivationPath, text: string, options?: CallOptions): Promise<MessageSignature>;
  close(): Promise<void>;
}

/**
 * Sees to it that the other end is the Bitcoin app of the right network, 2.1.0 or later, on the device
 * that is expected. If not, the connection is closed. A command that another program left unfinished
 * is put aside.
 * @throws `DEVICE_WRONG_APP`, `DEVICE_WRONG_NETWORK`, `DEVICE_APP_TOO_OLD`, `DEVICE_WRONG_DEVICE`,
 *   `DEVICE_LOCKED`, `DEVICE_DISCONNECTED`, `DEVICE_SILENT` …
 */
export const openLedger = async (
  transport: LedgerTransport,
  options: OpenOptions,
): Promise<Ledger> => {
  const { network, expected, now = () => new Date() } = options;
  const client = ledgerClient(transport, options);
  try {
    const { name: app, version } = await client.appAndVersion();
    checkApp(app, version, network);
    const fingerprint = await client.fingerprint();
    checkFingerprint(fingerprint, expected);
    const model = transport.name;
    return ledgerOf({ client, app, version, model, fingerprint, network, now });
  } catch (error) {
    await client.close();
    throw error;
  }
};

interface OpenDevice {
  readonly client: LedgerClient;
  readonly app: string;
  readonly version: string;
  readonly model: string | undefined;
  readonly fingerprint: Uint8Array;
  readonly network: Network;
  readonly now: () => Date;
}

const ledgerOf = (device: OpenDevice): Ledger => {
  const { client, app, version, model, fingerprint, network } = device;
  return {
    app,
    version,
    model,
    fingerprint,
    extendedKey: (path, options) => extendedKey(device, path, options),
    registerPolicy: (policy, options) => registerPolicy(device, policy, options),
    showAddress: async (registration, scripts, { branch, index }, options) => {
      checkNetwork(scripts.policy, network);
      checkRegistration(registration, scripts.policy, fingerprint);
      const script = scripts.at(branch, index);
      return comparedAddress(device, scripts.policy, registration.hmac, script, options);
    },
    signer: (registration, options) => ledgerSigner(device, registration, options),
    signMessage: (path, text, options) => signMessage(device, path, text, options),
    close: () => client.close(),
  };
};

const registerPolicy = async (
  device: OpenDevice,
  policy: WalletPolicy,
  options?: CallOptions,
): Promise<Registration> => {
  const { client, fingerprint, app, version, model, network } = device;
  checkNetwork(policy, network);
  const refusals = preflightPolicy(policy, fingerprint);
  if (refusals.some(({ rule }) => rule === 'own-key')) {
    throw ledgerError(
      'DEVICE_NOT_A_COSIGNER',
      `No key of the policy ${policy.name} has the fingerprint ${formatHex(fingerprint)} of the device.`,
      { policy: policy.name, fingerprint: formatHex(fingerprint) },
    );
  }
  if (refusals.length > 0) throw refusedBy('The policy is not for a Ledger', refusals);
  await checkOwnKeys(device, policy);
  const wanted = ledgerPolicyOf(policy);
  const { id, hmac } = await client.registerPolicy(wanted, options);
  const expected = ledgerPolicyId(wanted);
  if (!equalBytes(id, expected) || hmac.every((byte) => byte === 0)) {
    throw ledgerError(
      'DEVICE_PROTOCOL',
      'The device has registered something else than it was sent.',
      {
        expected: formatHex(expected),
        actual: formatHex(id),
      },
    );
  }
  const first = policyScripts(policy).at('receive', 0);
  await comparedAddress(device, policy, hmac, first, { ...options, display: false });
  return {
    policyId: policyId(policy),
    ledgerPolicyId: id,
    hmac,
    fingerprint,
    app,
    appVersion: version,
    model,
    registeredAt: device.now().toISOString(),
  };
};

/** @throws `DEVICE_POLICY_REFUSED` for a key that claims to be the device's beside its own */
const checkOwnKeys = async (
  { client, fingerprint }: OpenDevice,
  policy: WalletPolicy,
): Promise<void> => {
  const derived = await derivedCosigners(client, policy, fingerprint);
  for (const number of ownCosigners(policy, fingerprint)) {
    if (derived.has(number)) continue;
    const name = policy.cosigners[number]?.name ?? '';
    throw ledgerError(
      'DEVICE_POLICY_REFUSED',
      `The key of ${name} has the fingerprint of the device in its origin, and is not the device’s.`,
      { policy: policy.name, cosigner: name, fingerprint: formatHex(fingerprint) },
    );
  }
};

/** The app of all test networks speaks of testnet, so it is the script behind the address that counts. */
const comparedAddress = async (
  { client }: OpenDevice,
  policy: WalletPolicy,
  hmac: Uint8Array,
  script: PolicyScript,
  { display = true, ...call }: AddressCall = {},
): Promise<string> => {
  const { branch, index, scriptPubKey } = script;
  const own = encodeAddress(scriptPubKey, policy.network);
  const shown = await client.address(
    { policy: ledgerPolicyOf(policy), hmac, change: branchNumbers[branch], index, display },
    call,
  );
  if (isAddressOf(shown, scriptPubKey, policy.network)) return own;
  throw ledgerError(
    'DEVICE_ADDRESS_MISMATCH',
    `At ${branch} ${index} of the policy ${policy.name} the device has the address ${excerpt(shown, 90)}.`,
    { expected: own, actual: shown },
  );
};

const isAddressOf = (address: string, scriptPubKey: Uint8Array, network: Network): boolean => {
  try {
    const shownFor = network === 'mainnet' ? 'mainnet' : 'testnet';
    return equalBytes(decodeAddress(address, shownFor), scriptPubKey);
  } catch (error) {
    if (isQoimaError(error)) return false;
    throw error;
  }
};

const extendedKey = async (
  { client, network }: OpenDevice,
  path: DerivationPath,
  { display = false, ...call }: CallOptions & { readonly display?: boolean } = {},
): Promise<ExtendedKey> => {
  const text = await client.extendedKey(path, display, call);
  const where = `m/${formatDerivationPath(path)}`;
  let key: ExtendedKey;
  try {
    key = parseExtendedKey(text);
  } catch (cause) {
    const what = `What the device gives for the key at ${where} is no extended key.`;
    throw ledgerError('DEVICE_PROTOCOL', what, {}, cause);
  }
  const isPlaced = key.depth === path.length && key.childNumber === (path.at(-1) ?? 0);
  if (isPlaced && key.network === keyNetworkOf(network)) return key;
  throw ledgerError(
    'DEVICE_PROTOCOL',
    `The key that the device gives is not the one at ${where}.`,
    {
      expected: path.length,
      actual: key.depth,
    },
  );
};

/** As long as the app shows a message itself, and not its hash (seen: 640). */
const SHOWN_MESSAGE = /^[\x20-\x7e]{1,640}$/;

const signMessage = async (
  device: OpenDevice,
  path: DerivationPath,
  text: string,
  options?: CallOptions,
): Promise<MessageSignature> => {
  if (!SHOWN_MESSAGE.test(text)) {
    const what = `The message of ${text.length} characters is not one that a Ledger shows.`;
    throw ledgerError('DEVICE_MESSAGE_INVALID', what, { actual: text.length });
  }
  const { publicKey } = await extendedKey(device, path, options);
  const signature = await device.client.signMessage(path, parseUtf8(text), options);
  checkMessageSignature(signature, publicKey, text);
  return { publicKey, signature };
};

const APPS = { mainnet: 'Bitcoin', testnet: 'Bitcoin Test' } as const;
/** The first app that knows policies as BIP-388 has them. */
const OLDEST: readonly [number, number, number] = [2, 1, 0];

const checkApp = (app: string, version: string, network: Network): void => {
  const expected = APPS[keyNetworkOf(network)];
  if (app !== expected) {
    const isOther = app === APPS.mainnet || app === APPS.testnet;
    throw ledgerError(
      isOther ? 'DEVICE_WRONG_NETWORK' : 'DEVICE_WRONG_APP',
      app === 'BOLOS' || app === 'OLOS\0'
        ? 'No app is open on the device.'
        : `The app ${excerpt(app)} is open on the device, and for ${network} it must be ${expected}.`,
      { expected, actual: excerpt(app) },
    );
  }
  const numbers = /^([0-9]{1,4})\.([0-9]{1,4})\.([0-9]{1,4})(?![0-9])/.exec(version)?.slice(1);
  const parts = numbers?.map(Number) ?? [0, 0, 0];
  const differing = OLDEST.findIndex((oldest, i) => parts[i] !== oldest);
  if (differing === -1 || (parts[differing] ?? 0) > (OLDEST[differing] ?? 0)) return;
  throw ledgerError(
    'DEVICE_APP_TOO_OLD',
    `The app ${app} on the device has the version ${excerpt(version)}.`,
    { expected: OLDEST.join('.'), actual: excerpt(version) },
  );
};

const checkFingerprint = (actual: Uint8Array, expected: OpenOptions['expected']): void => {
  if (actual.length !== 4) {
    throw ledgerError('DEVICE_PROTOCOL', 'The fingerprint that the device gives has not 4 bytes.');
  }
  if (expected === undefined || equalBytes(actual, expected.fingerprint)) return;
  const [wanted, found] = [expected.fingerprint, actual].map(formatHex) as [string, string];
  throw ledgerError(
    'DEVICE_WRONG_DEVICE',
    `This is the device ${found}, and ${expected.name} has ${wanted}.`,
    { cosigner: expected.name, expected: wanted, actual: found },
  );
};

const checkNetwork = (policy: WalletPolicy, network: Network): void => {
  if (policy.network === network) return;
  throw ledgerError(
    'DEVICE_WRONG_NETWORK',
    `The policy ${policy.name} is for ${policy.network}, and the device was opened for ${network}.`,
    { expected: network, actual: policy.network },
  );
};
