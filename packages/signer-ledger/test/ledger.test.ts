import { formatExtendedKey, parseDerivationPath, policyScripts } from '@qoima/policy';
import { formatHex, isQoimaError, type Network, parseHex, parseUtf8 } from '@qoima/primitives';
import { signPsbt, unsignedTransactionId } from '@qoima/psbt';
import { describe, expect, it } from 'vitest';
import {
  type Ledger,
  type LedgerTransport,
  type OpenOptions,
  openLedger,
  type Registration,
} from '../src/index.ts';
import {
  fingerprintOf,
  hmacOf,
  psbtOf,
  recording,
  registrationOf,
  replayAll,
  vectorOf,
  walletOf,
} from './replay.ts';

const OPENING = ['app-and-version', 'fingerprint-c1'] as const;

const opened = async (...names: readonly string[]): Promise<Ledger> =>
  openLedger(replayAll(...OPENING, ...names), {
    network: 'testnet',
    now: () => new Date('2026-11-22T00:00:00Z'),
  });

/** A device that answers each request with the next of these, and a fingerprint at the end. */
const scripted = (
  answers: readonly string[],
): LedgerTransport & { readonly closed: () => boolean } => {
  let at = 0;
  let isClosed = false;
  return {
    exchange: async () => parseHex(answers[at++] ?? 'f5acc2fd9000'),
    close: async () => {
      isClosed = true;
    },
    closed: () => isClosed,
  };
};

const appAnswer = (name: string, version: string): string =>
  [
    '01',
    ...[name, version].map((text) => {
      const bytes = parseUtf8(text);
      return `${formatHex(Uint8Array.of(bytes.length))}${formatHex(bytes)}`;
    }),
    '01009000',
  ].join('');

const codeOf = async (failing: Promise<unknown>): Promise<string> => {
  try {
    await failing;
  } catch (error) {
    if (isQoimaError(error)) return error.code;
    throw error;
  }
  return 'none';
};

describe('openLedger', () => {
  it('tells app, version, model and fingerprint', async () => {
    const ledger = await opened();
    expect(ledger).toMatchObject({
      app: 'Bitcoin Test',
      version: '2.4.6',
      model: 'Ledger Nano S Plus',
    });
    expect(formatHex(ledger.fingerprint)).toBe('f5acc2fd');
  });

  it.each<[string, string, string, Network, string]>([
    ['another app', 'Ethereum', '1.10.0', 'testnet', 'DEVICE_WRONG_APP'],
    ['no app', 'BOLOS', '1.2.0', 'testnet', 'DEVICE_WRONG_APP'],
    ['the mainnet app on testnet', 'Bitcoin', '2.4.6', 'testnet', 'DEVICE_WRONG_NETWORK'],
    ['the test app on mainnet', 'Bitcoin Test', '2.4.6', 'mainnet', 'DEVICE_WRONG_NETWORK'],
    ['2.0.9', 'Bitcoin Test', '2.0.9', 'regtest', 'DEVICE_APP_TOO_OLD'],
    ['1.6.5', 'Bitcoin Test', '1.6.5', 'regtest', 'DEVICE_APP_TOO_OLD'],
    ['no version', 'Bitcoin Test', 'x', 'regtest', 'DEVICE_APP_TOO_OLD'],
    ['2.1.0', 'Bitcoin Test', '2.1.0', 'regtest', 'none'],
    ['2.10.0-rc1', 'Bitcoin Test', '2.10.0-rc1', 'signet', 'none'],
    ['3.0.0', 'Bitcoin', '3.0.0', 'mainnet', 'none'],
  ])('%s', async (_, name, version, network, code) => {
    const transport = scripted([appAnswer(name, version)]);
    expect(await codeOf(openLedger(transport, { network }))).toBe(code);
    expect(transport.closed()).toBe(code !== 'none');
  });

  it('names the cosigner whose device it is not', async () => {
    const expected = { name: 'Aigerim', fingerprint: fingerprintOf(2) };
    const opening = openLedger(replayAll(...OPENING), { network: 'testnet', expected });
    await expect(opening).rejects.toMatchObject({
      code: 'DEVICE_WRONG_DEVICE',
      kind: 'device',
      details: { cosigner: 'Aigerim', expected: '73c5da0a', actual: 'f5acc2fd' },
    });
  });

  it('puts a command aside that another program left unfinished', async () => {
    const transport = scripted(['6a80', appAnswer('Bitcoin Test', '2.4.6')]);
    expect(await codeOf(openLedger(transport, { network: 'testnet' }))).toBe('none');
  });

  it.each([
    ['locked', '5515', 'DEVICE_LOCKED'],
    ['locked, older', '6982', 'DEVICE_LOCKED'],
    ['no status word', '90', 'DEVICE_PROTOCOL'],
    ['an answer cut short', '010c42697463', 'DEVICE_FAILED'],
    ['another format', '029000', 'DEVICE_PROTOCOL'],
    ['interrupted for ever', 'e000', 'DEVICE_FAILED'],
  ])('an answer that is %s', async (_, answer, code) => {
    const transport = scripted([answer, answer, answer]);
    expect(await codeOf(openLedger(transport, { network: 'testnet' }))).toBe(code);
  });
});

describe('a Ledger', () => {
  it('gives extended keys', async () => {
    const ledger = await opened('xpub-48-2-c1');
    const key = await ledger.extendedKey(parseDerivationPath("m/48'/1'/0'/2'"));
    expect(formatExtendedKey(key)).toBe(vectorOf('xpub-48-2-c1').result);
  });

  it('refuses a key of another place', async () => {
    const pairs = recording('xpub-48-2-c1');
    const answer = recording('xpub-48-1-c1')[0]?.answer ?? '';
    expect(pairs).toHaveLength(1);
    const ledger = await openLedger(
      scripted([appAnswer('Bitcoin Test', '2.4.6'), 'f5acc2fd9000', answer]),
      {
        network: 'testnet',
      },
    );
    const path = parseDerivationPath("m/48'/1'/0'/2'");
    expect(await codeOf(ledger.extendedKey(path))).toBe('DEVICE_PROTOCOL');
  });

  it('registers a policy and tries the registration out', async () => {
    const policy = walletOf('wsh-3of5');
    const ledger = await opened('register-wsh-3of5-c1', 'address-wsh-3of5-0-0');
    expect(await ledger.registerPolicy(policy)).toEqual(registrationOf(policy, 'wsh-3of5'));
  });

  it('tells a rejection', async () => {
    const ledger = await opened('register-wsh-3of5-rejected');
    const registering = ledger.registerPolicy(walletOf('wsh-3of5'));
    await expect(registering).rejects.toMatchObject({
      code: 'DEVICE_REJECTED',
      kind: 'device',
      details: { command: 'REGISTER_WALLET', statusWord: '6985' },
    });
  });

  it('does not ask a device that is no cosigner', async () => {
    const transport = scripted([appAnswer('Bitcoin Test', '2.4.6'), '000000009000']);
    const ledger = await openLedger(transport, { network: 'testnet' });
    expect(await codeOf(ledger.registerPolicy(walletOf('wsh-3of5')))).toBe('DEVICE_NOT_A_COSIGNER');
  });

  it('does not register a policy of another network', async () => {
    const ledger = await opened();
    expect(await codeOf(ledger.registerPolicy(walletOf('mainnet-wsh-3of5')))).toBe(
      'DEVICE_WRONG_NETWORK',
    );
  });

  it('shows addresses, and compares them by script where the device names another network', async () => {
    for (const [network, prefix] of [
      ['testnet', 'tb1'],
      ['regtest', 'bcrt1'],
    ] as const) {
      const policy = walletOf('wsh-3of5', network);
      const transport = replayAll(...OPENING, 'address-wsh-3of5-1-2-display');
      const ledger = await openLedger(transport, { network });
      const registration = registrationOf(policy, 'wsh-3of5');
      const place = { branch: 'change', index: 2 } as const;
      const address = await ledger.showAddress(registration, policyScripts(policy), place);
      expect(address).toMatch(prefix);
    }
  });

  it('refuses an address that is not ours', async () => {
    const policy = walletOf('wsh-3of5');
    const answers = recording('address-wsh-3of5-0-3').map(({ answer }) => answer);
    const ledger = await openLedger(
      scripted([appAnswer('Bitcoin Test', '2.4.6'), 'f5acc2fd9000', ...answers]),
      { network: 'testnet' },
    );
    const registration = registrationOf(policy, 'wsh-3of5');
    const place = { branch: 'receive', index: 4 } as const;
    const asked = ledger.showAddress(registration, policyScripts(policy), place);
    await expect(asked).rejects.toMatchObject({ code: 'DEVICE_ADDRESS_MISMATCH', kind: 'refused' });
  });

  it('tells an HMAC that is another device’s', async () => {
    const policy = walletOf('wsh-3of5');
    const ledger = await opened('address-wsh-3of5-other-device-hmac');
    const registration = { ...registrationOf(policy, 'wsh-3of5'), hmac: hmacOf('wsh-3of5', 2) };
    const place = { branch: 'receive', index: 0 } as const;
    const asked = ledger.showAddress(registration, policyScripts(policy), place, {
      display: false,
    });
    expect(await codeOf(asked)).toBe('DEVICE_REGISTRATION_WRONG');
  });

  it('signs messages, with a signature that it has checked', async () => {
    const ledger = await opened('xpub-48-2-child', 'message-64-bytes');
    const path = parseDerivationPath("m/48'/1'/0'/2'/0/0");
    const { signature, publicKey } = await ledger.signMessage(path, 'x'.repeat(64));
    const { signatureHex, publicKey: key } = vectorOf('message-64-bytes').result as {
      signatureHex: string;
      publicKey: string;
    };
    expect(formatHex(signature)).toBe(signatureHex);
    expect(formatHex(publicKey)).toBe(key);
  });

  it('refuses the signature of another message', async () => {
    const answers = ['xpub-48-2-child', 'message-64-bytes'].flatMap((name) =>
      recording(name).map(({ answer }) => answer),
    );
    const ledger = await openLedger(
      scripted([
        appAnswer('Bitcoin Test', '2.4.6'),
        'f5acc2fd9000',
        answers[0] ?? '',
        answers.at(-1) ?? '',
      ]),
      { network: 'testnet' },
    );
    const signing = ledger.signMessage(parseDerivationPath("m/48'/1'/0'/2'/0/0"), 'y'.repeat(64));
    expect(await codeOf(signing)).toBe('DEVICE_SIGNATURE_REFUSED');
  });

  it.each(['', 'Қойма', 'a\nb', 'x'.repeat(641)])('does not sign the message %j', async (text) => {
    const ledger = await opened();
    expect(await codeOf(ledger.signMessage([0], text))).toBe('DEVICE_MESSAGE_INVALID');
  });

  it('is of no use once it is closed', async () => {
    const ledger = await opened();
    await ledger.close();
    await ledger.close();
    expect(await codeOf(ledger.extendedKey([0]))).toBe('DEVICE_CLOSED');
  });
});

describe('the Signer of a Ledger', () => {
  const policy = walletOf('wsh-3of5');
  const scripts = policyScripts(policy);
  const registration = registrationOf(policy, 'wsh-3of5');

  const signed = async (
    name: string,
    options: Partial<OpenOptions> = {},
    own: Registration = registration,
  ): Promise<readonly string[]> => {
    const transport = replayAll(...OPENING, name);
    const ledger = await openLedger(transport, { network: 'testnet', ...options });
    const psbt = psbtOf(name);
    const before = unsignedTransactionId(psbt);
    const wallet = policyScripts(walletOf(vectorOf(name).params?.wallet ?? ''));
    const { psbt: after, added } = await signPsbt(psbt, wallet, ledger.signer(own));
    expect(unsignedTransactionId(after)).toBe(before);
    return added.map(({ signature }) => formatHex(signature));
  };

  it.each([
    'sign-wsh-1in-2out-c1',
    'sign-wsh-5in-2out-c1',
    'sign-wsh-1in-2out-psbtv2',
    'sign-wsh-sighash-all',
    'sign-wsh-3-external-outputs',
    'sign-wsh-op-return',
  ])('signs as recorded: %s', async (name) => {
    const expected = vectorOf(name).signatures ?? [];
    expect(await signed(name)).toEqual(expected.map(({ sig }) => sig));
  });

  it('gives several signatures of one input, in the order of inputs and cosigners', async () => {
    const name = 'sign-wsh-two-own-keys';
    const own = registrationOf(walletOf('wsh-2of3-two-own-keys'), 'wsh-2of3-two-own-keys');
    const found = await signed(name, {}, own);
    const byDevice = vectorOf(name).signatures ?? [];
    expect(found).toHaveLength(4);
    expect(found.toSorted()).toEqual(byDevice.map(({ sig }) => sig).toSorted());
    const byInput = byDevice.toSorted((a, b) => a.input - b.input).map(({ sig }) => sig);
    expect(found).toEqual(byInput);
  });

  it('reports progress up to the number that it estimates', async () => {
    const seen: number[] = [];
    let estimated = 0;
    await signed('sign-wsh-5in-2out-c1', {
      onProgress: (progress) => {
        if (progress.command !== 'SIGN_PSBT') return;
        seen.push(progress.exchanges);
        estimated = progress.estimated ?? 0;
      },
    });
    expect(seen).toEqual(Array.from({ length: 1163 }, (_, i) => i + 1));
    expect(Math.abs(estimated - 1163)).toBeLessThan(12);
  });

  it.each([
    ['sign-wsh-user-rejects', 'DEVICE_REJECTED'],
    ['sign-wsh-hmac-of-other-device', 'DEVICE_REGISTRATION_WRONG'],
  ])('tells a refusal of the device: %s', async (name, code) => {
    const hmac = parseHex(vectorOf(name).params?.hmac ?? '');
    expect(await codeOf(signed(name, {}, { ...registration, hmac }))).toBe(code);
  });

  it.each([
    ['another policy', { policyId: '00'.repeat(32) }],
    ['another policy of the device', { ledgerPolicyId: new Uint8Array(32) }],
    ['another device', { fingerprint: fingerprintOf(2) }],
  ])('does not ask with the registration of %s', async (_, change) => {
    const ledger = await opened();
    const signer = ledger.signer({ ...registration, ...change });
    const signing = signPsbt(psbtOf('sign-wsh-1in-2out-c1'), scripts, signer);
    expect(await codeOf(signing)).toBe('DEVICE_REGISTRATION_MISMATCH');
  });

  it.each([
    'sign-wsh-no-witness-utxo',
    'sign-wsh-change-index-1000000',
    'sign-wsh-locktime-and-version1',
    'sign-wsh-unknown-output-script',
    'sign-wsh-11-change-outputs',
  ])('does not send what the app would refuse or hide: %s', async (name) => {
    const ledger = await opened();
    const signing = signPsbt(psbtOf(name), scripts, ledger.signer(registration));
    expect(await codeOf(signing)).toBe('DEVICE_LIMIT');
  });

  /** The recorded signing with its yields replaced. */
  const withYields = async (
    change: (yields: readonly string[]) => readonly string[],
  ): Promise<string> => {
    const name = 'sign-wsh-5in-2out-c1';
    const answers = recording(name).map(({ answer }) => answer);
    const isYield = (answer: string): boolean => /^10.*e000$/.test(answer);
    const yields = change(answers.filter(isYield));
    const first = answers.findIndex(isYield);
    const before = answers.slice(0, first).filter((answer) => !isYield(answer));
    const transport = scripted([
      appAnswer('Bitcoin Test', '2.4.6'),
      'f5acc2fd9000',
      ...before,
      ...yields,
      '9000',
    ]);
    const ledger = await openLedger(transport, { network: 'testnet' });
    return codeOf(signPsbt(psbtOf(name), scripts, ledger.signer(registration)));
  };

  const flipped = (text: string, at: number): string => {
    const bytes = parseHex(text);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return formatHex(bytes);
  };

  it.each<[string, (yields: readonly string[]) => readonly string[], string]>([
    ['as recorded', (yields) => yields, 'none'],
    ['missing', (yields) => yields.slice(1), 'DEVICE_PROTOCOL'],
    ['all missing', () => [], 'DEVICE_PROTOCOL'],
    ['twice', (yields) => [...yields, ...yields.slice(0, 1)], 'DEVICE_SIGNATURE_REFUSED'],
    [
      'of another input',
      ([first = '', ...rest]) => [flipped(first, 1), ...rest],
      'DEVICE_SIGNATURE_REFUSED',
    ],
    [
      'by another key',
      ([first = '', ...rest]) => [flipped(first, 10), ...rest],
      'DEVICE_SIGNATURE_REFUSED',
    ],
    [
      'with another r',
      ([first = '', ...rest]) => [flipped(first, 50), ...rest],
      'DEVICE_SIGNATURE_REFUSED',
    ],
    [
      'with another flag',
      ([first = '', ...rest]) => [flipped(first, first.length / 2 - 3), ...rest],
      'DEVICE_SIGNATURE_REFUSED',
    ],
    [
      'of an input that is not there',
      ([first = '']) => [`1009${first.slice(4)}`],
      'DEVICE_PROTOCOL',
    ],
    ['of a strange form', () => ['10fde000'], 'DEVICE_PROTOCOL'],
    [
      'without end',
      (yields) => Array.from({ length: 100 }, () => yields[0] ?? ''),
      'DEVICE_ENDLESS',
    ],
  ])('hands on no signature that is %s', async (_, change, code) => {
    expect(await withYields(change)).toBe(code);
  });
});
