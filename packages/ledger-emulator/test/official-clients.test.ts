import { createRequire } from 'node:module';
import { formatHex, parseHex } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import { emulatorTransport, openEmulator, type Transport } from '../src/index.ts';
import { type Recording, recordedDevice, recordedPolicy, recordings } from './recordings.ts';

/** Ledger's own clients, unmodified, in their CommonJS form: Node cannot load the other. */
const require = createRequire(import.meta.url);

interface ClientPolicy {
  getId(): Buffer;
}

interface PolicyClient {
  getAppAndVersion(): Promise<{ name: string; version: string }>;
  getMasterFingerprint(): Promise<string>;
  getExtendedPubkey(path: string, display?: boolean): Promise<string>;
  registerWallet(policy: ClientPolicy): Promise<readonly [Buffer, Buffer]>;
  getWalletAddress(
    policy: ClientPolicy,
    hmac: Buffer | null,
    change: number,
    index: number,
    display: boolean,
  ): Promise<string>;
  signPsbt(
    psbt: string,
    policy: ClientPolicy,
    hmac: Buffer | null,
  ): Promise<(readonly [number, { pubkey: Buffer; signature: Buffer }])[]>;
  signMessage(message: Buffer, path: string): Promise<string>;
}

const { AppClient, WalletPolicy, DefaultWalletPolicy } = require('@ledgerhq/ledger-bitcoin') as {
  AppClient: new (transport: Transport) => PolicyClient;
  WalletPolicy: new (name: string, template: string, keys: readonly string[]) => ClientPolicy;
  DefaultWalletPolicy: new (template: string, key: string) => ClientPolicy;
};

interface SingleKeyClient {
  getWalletXpub(arg: { path: string; xpubVersion: number }): Promise<string>;
  getWalletPublicKey(
    path: string,
    options: { format: string; verify?: boolean },
  ): Promise<{ publicKey: string; bitcoinAddress: string }>;
  signMessage(path: string, messageHex: string): Promise<{ v: number; r: string; s: string }>;
}

const { default: Btc } = require('@ledgerhq/hw-app-btc') as {
  default: new (options: { transport: Transport; currency: string }) => SingleKeyClient;
};

const recording = (name: string): Recording => {
  const found = recordings.find((each) => each.name === name);
  if (found === undefined) throw new Error('there is such a recording');
  return found;
};

const open = (name: string) => {
  const recorded = recording(name);
  const emulator = openEmulator({
    ...recordedDevice(recorded),
    approval: recorded.userDecision ?? 'approve',
  });
  const transport = emulatorTransport(emulator);
  return { recorded, emulator, transport, client: new AppClient(transport) };
};

const clientPolicy = (recorded: Recording): ClientPolicy => {
  const { name, descriptorTemplate, keys } = recordedPolicy(recorded.params ?? {});
  return new WalletPolicy(name, descriptorTemplate, keys);
};

const registrationHmac = (): Buffer =>
  Buffer.from((recording('register-wsh-3of5-c1').result as { hmac: string }).hmac, 'hex');

describe('the policy client', () => {
  it('is told app, version, fingerprint and keys', async () => {
    const { client } = open('appclient-get-app-and-version');
    expect(await client.getAppAndVersion()).toMatchObject({
      name: 'Bitcoin Test',
      version: '2.4.6',
    });
    expect(await client.getMasterFingerprint()).toBe('f5acc2fd');
    const { result } = recording('xpub-48-2-c1');
    expect(await client.getExtendedPubkey("m/48'/1'/0'/2'")).toBe(result);
  });

  it('registers a policy', async () => {
    const { client, recorded, emulator } = open('appclient-register-wallet');
    const policy = clientPolicy(recorded);
    const [id, hmac] = await client.registerWallet(policy);
    expect(id).toEqual(policy.getId());
    expect(hmac).toEqual(registrationHmac());
    expect(emulator.screens).toEqual(recorded.screens);
  });

  it('is refused a registration that the person rejects', async () => {
    const { client, recorded } = open('appclient-register-wallet-rejected');
    await expect(client.registerWallet(clientPolicy(recorded))).rejects.toMatchObject({
      statusCode: 0x6985,
    });
  });

  it('shows addresses', async () => {
    const { client, recorded, emulator } = open('appclient-get-wallet-address-display');
    const { change = 0, index = 0 } = recorded.params ?? {};
    expect(
      await client.getWalletAddress(
        clientPolicy(recorded),
        registrationHmac(),
        change,
        index,
        true,
      ),
    ).toBe(recorded.result);
    expect(emulator.screens).toEqual(recorded.screens);
  });

  it('signs', async () => {
    const { client } = open('appclient-sign-psbt');
    const recorded = recording('sign-wsh-1in-2out-c1');
    const signed = await client.signPsbt(
      recorded.psbtBefore ?? '',
      clientPolicy(recorded),
      registrationHmac(),
    );
    expect(
      signed.map(([input, { pubkey, signature }]) => ({
        input,
        pubkey: formatHex(pubkey),
        sig: formatHex(signature),
      })),
    ).toEqual(recorded.signatures);
  });

  it('signs messages', async () => {
    const { client, recorded } = open('appclient-sign-message');
    const signature = await client.signMessage(Buffer.from('hello'), "m/48'/1'/0'/2'/0/0");
    expect(signature).toBe(recorded.result);
  });

  it('gets addresses of default policies, without a registration', async () => {
    const { client } = open('appclient-get-app-and-version');
    const address = async (template: string, path: string): Promise<string> => {
      const key = `[f5acc2fd/${path}]${await client.getExtendedPubkey(`m/${path}`)}`;
      return client.getWalletAddress(new DefaultWalletPolicy(template, key), null, 0, 3, false);
    };
    expect(await address('wpkh(@0/**)', "84'/1'/0'")).toMatch(/^tb1q.{38}$/);
    expect(await address('pkh(@0/**)', "44'/1'/0'")).toMatch(/^[mn]/);
    expect(await address('sh(wpkh(@0/**))', "49'/1'/0'")).toMatch(/^2/);
    // BIP-84's path under BIP-44's script is nobody's default.
    await expect(address('pkh(@0/**)', "84'/1'/0'")).rejects.toMatchObject({ statusCode: 0x6a80 });
  });
});

describe('the client for single keys', () => {
  const openBtc = () => {
    const { transport } = open('xpub-48-2-c1');
    return new Btc({ transport, currency: 'bitcoin_testnet' });
  };

  it('is told extended keys', async () => {
    const { result } = recording('xpub-48-2-c1');
    const path = "48'/1'/0'/2'";
    expect(await openBtc().getWalletXpub({ path, xpubVersion: 0x043587cf })).toBe(result);
  });

  it('gets addresses, and checks them itself', async () => {
    const { bitcoinAddress } = await openBtc().getWalletPublicKey("84'/1'/0'/0/3", {
      format: 'bech32',
    });
    expect(bitcoinAddress).toMatch(/^tb1q.{38}$/);
  });

  it('signs messages', async () => {
    const { result } = recording('message-65-bytes');
    const { signatureHex } = result as { signatureHex: string };
    const path = "48'/1'/0'/2'/0/0";
    const { v, r, s } = await openBtc().signMessage(path, '79'.repeat(65));
    const header = parseHex(signatureHex)[0] ?? 0;
    expect({ v, r, s }).toEqual({
      v: header - 31,
      r: signatureHex.slice(2, 66),
      s: signatureHex.slice(66),
    });
  });
});

describe('a cable that is pulled', () => {
  it('is what the USB transports tell', async () => {
    const emulator = openEmulator({
      ...recordedDevice(recording('fingerprint-c1')),
      misbehaviour: { unplugAtExchange: 2 },
    });
    const transport = emulatorTransport(emulator);
    const lost: unknown[] = [];
    transport.on('disconnect', (error: unknown) => {
      lost.push(error);
    });
    const client = new AppClient(transport);
    expect(await client.getMasterFingerprint()).toBe('f5acc2fd');
    await expect(client.getMasterFingerprint()).rejects.toMatchObject({
      name: 'DisconnectedDeviceDuringOperation',
    });
    expect(lost).toHaveLength(1);
  });
});
