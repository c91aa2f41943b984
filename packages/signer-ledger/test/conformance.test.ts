import { parseDerivationPath } from '@qoima/policy';
import { formatBase64, formatHex, isQoimaError, parseHex, parseUtf8 } from '@qoima/primitives';
import { parsePsbt } from '@qoima/psbt';
import { describe, expect, it } from 'vitest';
import { type LedgerClient, type LedgerPolicy, ledgerClient } from '../src/index.ts';
import { index, type Replay, replay, type Vector } from './replay.ts';

const policyOf = ({ params }: Vector): LedgerPolicy => {
  const { name, descriptorTemplate, keys } =
    params?.policy ?? index.wallets[params?.wallet ?? ''] ?? expect.fail('no policy');
  return { name, template: descriptorTemplate, keys };
};

const hmacOf = ({ params }: Vector): Uint8Array | undefined =>
  typeof params?.hmac === 'string' ? parseHex(params.hmac) : undefined;

const pathOf = ({ params }: Vector): readonly number[] => parseDerivationPath(params?.path ?? '');

const addressOf = async (client: LedgerClient, vector: Vector): Promise<string> => {
  const { change = 0, index: place = 0, display = false } = vector.params ?? {};
  const request = { change, index: place, display };
  return client.address({ policy: policyOf(vector), hmac: hmacOf(vector), ...request });
};

const messageOf = ({ params }: Vector): Uint8Array =>
  params?.messageHex === undefined ? parseUtf8(params?.message ?? '') : parseHex(params.messageHex);

const sign = async (client: LedgerClient, vector: Vector): Promise<unknown> => {
  const psbt = parsePsbt(parseUtf8(vector.psbtBefore ?? vector.params?.psbt ?? ''));
  const signed = await client.signPsbt(psbt, policyOf(vector), hmacOf(vector));
  return signed.map(({ inputIndex, publicKey, signature }) => ({
    input: inputIndex,
    pubkey: formatHex(publicKey),
    sig: formatHex(signature),
  }));
};

const register = async (
  client: LedgerClient,
  vector: Vector,
): Promise<{ readonly policyId: string; readonly hmac: string }> => {
  const { id, hmac } = await client.registerPolicy(policyOf(vector));
  return { policyId: formatHex(id), hmac: formatHex(hmac) };
};

const signMessage = async (client: LedgerClient, vector: Vector): Promise<unknown> => {
  const signature = await client.signMessage(pathOf(vector), messageOf(vector));
  return { signatureBase64: formatBase64(signature), signatureHex: formatHex(signature) };
};

const version = async (client: LedgerClient): Promise<unknown> => {
  const { name, version: number, flags } = await client.appAndVersion();
  return { name, version: number, flags: formatHex(flags) };
};

/** What each command is asked for, and what its recorded result is compared with. */
const play: Readonly<Record<string, (client: LedgerClient, vector: Vector) => Promise<unknown>>> = {
  GET_APP_AND_VERSION: version,
  GET_MASTER_FINGERPRINT: async (client) => formatHex(await client.fingerprint()),
  GET_EXTENDED_PUBKEY: (client, vector) =>
    client.extendedKey(pathOf(vector), vector.params?.display === true),
  REGISTER_WALLET: register,
  GET_WALLET_ADDRESS: addressOf,
  SIGN_PSBT: sign,
  SIGN_MESSAGE: signMessage,
  // Whole calls of Ledger's policy client, which adds requests of its own; they are made here as it makes them.
  'AppClient.getAppAndVersion': version,
  'AppClient.getMasterFingerprint': async (client) => formatHex(await client.fingerprint()),
  'AppClient.getExtendedPubkey': (client, vector) =>
    client.extendedKey(pathOf(vector), vector.params?.display === true),
  'AppClient.registerWallet': async (client, vector) => {
    const { policyId, hmac } = await register(client, vector);
    const place = { change: 0, index: 0, display: false };
    await client.address({ policy: policyOf(vector), hmac: parseHex(hmac), ...place });
    await client.appAndVersion();
    await client.appAndVersion();
    return [policyId, hmac];
  },
  'AppClient.getWalletAddress': async (client, vector) => {
    const text = await addressOf(client, vector);
    await client.appAndVersion();
    return text;
  },
  'AppClient.signPsbt': sign,
  'AppClient.signMessage': async (client, vector) =>
    formatBase64(await client.signMessage(pathOf(vector), messageOf(vector))),
};

const played = async (
  vector: Vector,
): Promise<{ readonly transport: Replay; readonly result: unknown; readonly error: unknown }> => {
  const transport = replay(vector.name);
  const run = play[vector.command] ?? expect.fail(`${vector.command} is not known`);
  try {
    return { transport, result: await run(ledgerClient(transport), vector), error: undefined };
  } catch (error) {
    return { transport, result: undefined, error };
  }
};

const expectedOf = (vector: Vector): unknown => {
  if (vector.signatures !== undefined) return vector.signatures;
  if (vector.command !== 'AppClient.signPsbt') return vector.result;
  const result = vector.result as readonly [number, { pubkey: string; signature: string }][];
  return result.map(([input, { pubkey, signature }]) => ({ input, pubkey, sig: signature }));
};

describe('the host side of every recorded exchange with the app, byte for byte', () => {
  const commands = index.vectors.filter(({ command }) => command !== 'RAW');

  it('covers every recording but the hand-made ones', () => {
    expect(index.vectors.length - commands.length).toBe(
      index.vectors.filter(({ name }) => name.startsWith('protocol-')).length,
    );
  });

  it.each(commands.map((vector) => [vector.name, vector] as const))('%s', async (_, vector) => {
    const { transport, result, error } = await played(vector);
    if (vector.statusWord === '9000') {
      if (error !== undefined) throw error;
      const expected = expectedOf(vector);
      // A recorded result may say more than the device did: an address beside a message's signature.
      if (typeof result === 'object') expect(expected).toMatchObject(result ?? {});
      else expect(result).toBe(expected);
    } else {
      if (!isQoimaError(error)) throw error ?? new Error('it was not refused');
      expect(error.details['statusWord']).toBe(vector.statusWord);
      expect(error.details['errorCode']).toBe(vector.errorCode);
    }
    expect(transport.played()).toBe(transport.length);
  });
});
