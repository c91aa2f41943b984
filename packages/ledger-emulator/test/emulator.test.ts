import { isQoimaError } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import { openEmulator } from '../src/index.ts';
import { apduOf, converse, hostData, messageData, pathData } from './host.ts';
import { emulatedPolicy, emulatorNumber, ledgerPolicy, register } from './wallet.ts';

const HELLO = new TextEncoder().encode('hello');
const ACCOUNT = [48, 1, 0, 2].map((step) => step + 0x8000_0000);

const FINGERPRINT = apduOf(0xe1, 0x05, 0, 1);
const APP_AND_VERSION = apduOf(0xb0, 0x01, 0, 0);

const statusOf = (answer: Uint8Array): number => ((answer.at(-2) ?? 0) << 8) | (answer.at(-1) ?? 0);

const codeOf = async (run: () => unknown): Promise<string> => {
  try {
    await run();
  } catch (error) {
    if (isQoimaError(error)) return error.code;
    throw error;
  }
  return 'none';
};

describe('opening', () => {
  it('takes words in any spacing and case, and a passphrase', async () => {
    const words = 'abandon '.repeat(11);
    const fingerprint = async (mnemonic: string, passphrase?: string) =>
      (await openEmulator({ mnemonic, passphrase, app: 'Bitcoin' }).exchange(FINGERPRINT)).slice(
        0,
        4,
      );
    const plain = await fingerprint(`${words}about`);
    expect(plain).toEqual(Uint8Array.of(0x73, 0xc5, 0xda, 0x0a));
    expect(await fingerprint(` \n${words.toUpperCase()}  about\n`)).toEqual(plain);
    expect(await fingerprint(`${words}about`, 'TREZOR')).not.toEqual(plain);
  });

  it('refuses others, and repeats none of their words', () => {
    const mnemonic = `${'zebra '.repeat(11)}zoo`;
    try {
      openEmulator({ mnemonic, app: 'Bitcoin' });
      expect.unreachable();
    } catch (error) {
      expect(isQoimaError(error, 'EMULATOR_MNEMONIC_INVALID')).toBe(true);
      expect(JSON.stringify(error) + String(error)).not.toMatch(/zebra|zoo/);
    }
  });
});

describe('the person at the device', () => {
  it('is asked with the screens that led to the decision', async () => {
    const asked: (readonly string[])[] = [];
    const emulator = emulatorNumber(0, {
      approval: (screens) => {
        asked.push(screens);
        return Promise.resolve('reject');
      },
    });
    const path = Uint8Array.of(1, ...pathData(ACCOUNT));
    const { statusWord } = await converse(emulator.exchange, 0x00, path, hostData());
    expect(statusWord).toBe('6985');
    expect(asked).toHaveLength(1);
    expect(asked[0]?.[0]).toBe('Confirm public key');
    expect(asked[0]?.at(-1)).toBe('Approve public key');
    expect(emulator.screens.slice(-2)).toEqual(['Reject operation', 'Public key rejected']);
  });

  it('may fail, and the emulator goes on', async () => {
    const emulator = emulatorNumber(0, {
      approval: () => {
        throw new RangeError('nobody is here');
      },
    });
    const host = hostData();
    const data = messageData(host, [...ACCOUNT, 0, 0], HELLO);
    await expect(converse(emulator.exchange, 0x10, data, host)).rejects.toThrow(RangeError);
    expect(statusOf(await emulator.exchange(FINGERPRINT))).toBe(0x9000);
  });

  it('sees each screen when it is shown', async () => {
    const seen: string[] = [];
    const emulator = emulatorNumber(0, { onScreen: (text) => seen.push(text) });
    await register(emulator, ledgerPolicy(await emulatedPolicy({})));
    expect(seen).toEqual(emulator.screens);
    expect(seen.at(-1)).toBe('Account registered');
  });
});

describe('a command that waits for its host', () => {
  const interrupted = async () => {
    const emulator = emulatorNumber(0);
    const host = hostData();
    const data = messageData(host, [...ACCOUNT, 0, 0], HELLO);
    expect(statusOf(await emulator.exchange(apduOf(0xe1, 0x10, 0, 1, data)))).toBe(0xe000);
    return emulator;
  };

  it('is given up by another one, which is refused', async () => {
    const { exchange } = await interrupted();
    expect(statusOf(await exchange(FINGERPRINT))).toBe(0x6a80);
    expect(statusOf(await exchange(FINGERPRINT))).toBe(0x9000);
    expect(statusOf(await exchange(apduOf(0xf8, 1, 0, 0)))).toBe(0xb007);
  });

  it('goes on waiting while the system is asked', async () => {
    const { exchange } = emulatorNumber(0);
    const meddling = async (apdu: Uint8Array): Promise<Uint8Array> => {
      if (apdu[0] === 0xf8) expect(statusOf(await exchange(APP_AND_VERSION))).toBe(0x9000);
      return exchange(apdu);
    };
    const host = hostData();
    const data = messageData(host, [...ACCOUNT, 0, 0], HELLO);
    const { statusWord, exchanges } = await converse(meddling, 0x10, data, host);
    expect(statusWord).toBe('9000');
    expect(exchanges).toBeGreaterThan(1);
  });
});

describe('misbehaviour', () => {
  it('garbles one answer, and the app never saw the question', async () => {
    const { exchange } = emulatorNumber(0, { misbehaviour: { garbageAtExchange: 2 } });
    const answers = [await exchange(FINGERPRINT), await exchange(FINGERPRINT)];
    expect(answers.map(statusOf)).toEqual([0x9000, 0x1337]);
    expect(await exchange(FINGERPRINT)).toEqual(answers[0]);
  });

  it('pulls the cable for good', async () => {
    const { exchange } = emulatorNumber(0, { misbehaviour: { unplugAtExchange: 2 } });
    await exchange(FINGERPRINT);
    for (let i = 0; i < 2; i++) {
      expect(await codeOf(() => exchange(FINGERPRINT))).toBe('EMULATOR_UNPLUGGED');
    }
  });

  it('is late by the clock that it was given', async () => {
    const waits: number[] = [];
    const { exchange } = emulatorNumber(0, {
      misbehaviour: { delayMilliseconds: 250 },
      sleep: async (milliseconds) => {
        waits.push(milliseconds);
      },
    });
    await exchange(FINGERPRINT);
    await exchange(FINGERPRINT);
    expect(waits).toEqual([250, 250]);
  });
});

describe('an emulator', () => {
  it('answers in order, however impatient the host', async () => {
    const emulator = emulatorNumber(0);
    const answers = await Promise.all([
      emulator.exchange(FINGERPRINT),
      emulator.exchange(APP_AND_VERSION),
      emulator.exchange(FINGERPRINT),
    ]);
    expect(answers[0]).toEqual(answers[2]);
    expect(emulator.exchanges).toBe(3);
  });

  it('says nothing once it is closed', async () => {
    const emulator = emulatorNumber(0);
    emulator.close();
    emulator.close();
    expect(await codeOf(() => emulator.exchange(FINGERPRINT))).toBe('EMULATOR_CLOSED');
  });
});

describe('what is not emulated', () => {
  it.each([
    ['tr(@0/**)', 1],
    ['tr(@0/**,pk(@1/**))', 2],
    ['wsh(and_v(v:pk(@0/**),older(65535)))', 1],
    ['wsh(or_d(pk(@0/**),and_v(v:pkh(@1/**),older(10))))', 2],
  ])('%s is refused as not supported', async (descriptorTemplate, count) => {
    const emulator = emulatorNumber(0);
    const { keys } = ledgerPolicy(await emulatedPolicy({}));
    const policy = { name: 'Later', descriptorTemplate, keys: keys.slice(0, count) };
    await expect(register(emulator, policy)).rejects.toThrow('6a82');
    expect(emulator.screens).toEqual([]);
  });
});
