import { type DerivationPath, parseDerivationPath } from '@qoima/policy';
import {
  formatBase64,
  formatHex,
  isQoimaError,
  parseBase64,
  parseHex,
  parseUtf8,
} from '@qoima/primitives';
import { decodePsbt, type Psbt } from '@qoima/psbt';
import type { LedgerClient, LedgerPolicy } from '@qoima/signer-ledger';
import * as v from 'valibot';
import { policySchema, type RecordedPolicy, type RecordedVector } from './recordings.ts';

/** What a recording is about, if it cannot be played. */
export class NotUnderstood extends Error {}

/** What no host of ours ever sends, though the recording is in order: the reason is the message. */
export class NotSent extends NotUnderstood {}

/** Calls the host's side of a vector: the commands that its `command` and `params` stand for. */
export type Play = (client: LedgerClient) => Promise<unknown>;

/** The policies of a folder, by name. */
export type Wallets = Readonly<Record<string, RecordedPolicy>>;

/**
 * How a vector is played with `@qoima/signer-ledger`. Its result has the form that the vector's own has.
 * @throws NotUnderstood
 */
export const playOf = (vector: RecordedVector, wallets: Wallets): Play => {
  const command = Object.hasOwn(plays, vector.command) ? plays[vector.command] : undefined;
  if (command === undefined) throw new NotSent(`no host of ours knows ${vector.command}`);
  return command(vector, wallets);
};

/** The policy that a vector is about, if it is about one. @throws NotUnderstood */
export const policyOf = (vector: RecordedVector, wallets: Wallets): LedgerPolicy | undefined => {
  const { wallet, policy } = vector.params;
  if (policy !== undefined) return ledgerPolicyFrom(read(policySchema, policy));
  if (wallet === undefined) return undefined;
  const name = read(v.string(), wallet);
  const found = Object.hasOwn(wallets, name) ? wallets[name] : undefined;
  if (found === undefined) throw new NotUnderstood(`there is no wallet ${name}`);
  return ledgerPolicyFrom(found);
};

const ledgerPolicyFrom = (policy: RecordedPolicy): LedgerPolicy => ({
  name: policy.name,
  template: policy.descriptorTemplate,
  keys: policy.keys,
});

type Command = (vector: RecordedVector, wallets: Wallets) => Play;

const appAndVersion: Command = () => async (client) => {
  const { name, version, flags } = await client.appAndVersion();
  return { name, version, flags: formatHex(flags) };
};

const fingerprint: Command = () => async (client) => formatHex(await client.fingerprint());

const extendedKey: Command = ({ params }) => {
  const { path, display } = read(
    v.object({ path: v.string(), display: v.optional(v.boolean(), false) }),
    params,
  );
  const steps = stepsOf(path);
  return (client) => client.extendedKey(steps, display);
};

const registerWallet: Command = (vector, wallets) => {
  const policy = needed(policyOf(vector, wallets), 'policy');
  return async (client) => {
    const { id, hmac } = await client.registerPolicy(policy);
    return { policyId: formatHex(id), hmac: formatHex(hmac) };
  };
};

/** None, or zeros, of a policy that is not registered. */
const hmacSchema = v.nullish(v.string(), null);

const addressSchema = v.object({
  hmac: hmacSchema,
  change: v.optional(v.number(), 0),
  index: v.optional(v.number(), 0),
  display: v.optional(v.boolean(), false),
});

const walletAddress: Command = (vector, wallets) => {
  const policy = needed(policyOf(vector, wallets), 'policy');
  const { hmac, ...place } = read(addressSchema, vector.params);
  return (client) => client.address({ policy, hmac: hmacOf(hmac), ...place });
};

const signPsbt: Command = (vector, wallets) => {
  const policy = needed(policyOf(vector, wallets), 'policy');
  const { hmac } = read(v.object({ hmac: hmacSchema }), vector.params);
  const psbt = psbtOf(vector);
  return async (client) => {
    const yielded = await client.signPsbt(psbt, policy, hmacOf(hmac));
    return yielded.map(({ inputIndex, publicKey, signature }) => ({
      input: inputIndex,
      pubkey: formatHex(publicKey),
      sig: formatHex(signature),
    }));
  };
};

const signMessage: Command = ({ params }) => {
  const { path, message, messageHex } = read(
    v.object({
      path: v.string(),
      message: v.optional(v.string(), ''),
      messageHex: v.optional(v.string()),
    }),
    params,
  );
  const steps = stepsOf(path);
  const bytes = messageHex === undefined ? parseUtf8(message) : parseHex(messageHex);
  return async (client) => {
    const signature = await client.signMessage(steps, bytes);
    return { signatureHex: formatHex(signature) };
  };
};

/** As ledger-bitcoin 0.3.0 gives what it was yielded. */
const clientSignPsbt: Command = (vector, wallets) => {
  const sign = signPsbt(vector, wallets);
  return async (client) =>
    ((await sign(client)) as { input: number; pubkey: string; sig: string }[]).map(
      ({ input, pubkey, sig }) => [input, { pubkey, signature: sig }],
    );
};

const clientSignMessage: Command = (vector, wallets) => {
  const sign = signMessage(vector, wallets);
  return async (client) => {
    const { signatureHex } = (await sign(client)) as { signatureHex: string };
    return formatBase64(parseHex(signatureHex));
  };
};

/** As ledger-bitcoin 0.3.0: it asks for app and version after each address. */
const clientAddress: Command = (vector, wallets) => {
  const ask = walletAddress(vector, wallets);
  return async (client) => {
    const address = await ask(client);
    await client.appAndVersion();
    return address;
  };
};

/** As ledger-bitcoin 0.3.0: it asks for an address after each registration, and for the version again. */
const clientRegister: Command = (vector, wallets) => {
  const policy = needed(policyOf(vector, wallets), 'policy');
  return async (client) => {
    const { id, hmac } = await client.registerPolicy(policy);
    await client.address({ policy, hmac, change: 0, index: 0, display: false });
    await client.appAndVersion();
    await client.appAndVersion();
    return [formatHex(id), formatHex(hmac)];
  };
};

const plays: Readonly<Record<string, Command>> = {
  GET_APP_AND_VERSION: appAndVersion,
  GET_MASTER_FINGERPRINT: fingerprint,
  GET_EXTENDED_PUBKEY: extendedKey,
  REGISTER_WALLET: registerWallet,
  GET_WALLET_ADDRESS: walletAddress,
  SIGN_PSBT: signPsbt,
  SIGN_MESSAGE: signMessage,
  'AppClient.getAppAndVersion': appAndVersion,
  'AppClient.getMasterFingerprint': fingerprint,
  'AppClient.getExtendedPubkey': extendedKey,
  'AppClient.registerWallet': clientRegister,
  'AppClient.getWalletAddress': clientAddress,
  'AppClient.signPsbt': clientSignPsbt,
  'AppClient.signMessage': clientSignMessage,
};

const psbtOf = ({ psbtBefore, params }: RecordedVector): Psbt => {
  const text = psbtBefore ?? read(v.object({ psbt: v.string() }), params).psbt;
  try {
    return decodePsbt(parseBase64(text));
  } catch (error) {
    if (isQoimaError(error)) {
      throw new NotSent(`Qoima refuses the PSBT before any device sees it: ${error.message}`);
    }
    throw error;
  }
};

const stepsOf = (path: string): DerivationPath => {
  try {
    return parseDerivationPath(path);
  } catch (error) {
    if (isQoimaError(error)) throw new NotSent(`Qoima sends no such path: ${error.message}`);
    throw error;
  }
};

const hmacOf = (hmac: string | null): Uint8Array | undefined =>
  hmac === null ? undefined : parseHex(hmac);

const needed = <Value>(value: Value | undefined, what: string): Value => {
  if (value === undefined) throw new NotUnderstood(`it names no ${what}`);
  return value;
};

const read = <Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
): v.InferOutput<Schema> => {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new NotUnderstood(`its params: ${v.getDotPath(issue) ?? ''} ${issue.message}`);
};
