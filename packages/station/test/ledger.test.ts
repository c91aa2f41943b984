import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJournal } from '@qoima/journal';
import { type EmulatorOptions, type LedgerEmulator, openEmulator } from '@qoima/ledger-emulator';
import { decodeKeyRecord, encodePolicyFile, formatCosignerKey } from '@qoima/policy';
import {
  decodePsbt,
  encodePsbt,
  fieldsOf,
  INPUT,
  matchPolicy,
  type PsbtMap,
  verifySignatures,
} from '@qoima/psbt';
import { reviewPsbt } from '@qoima/review';
import { usbDevices } from '@qoima/signer-ledger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Bench,
  cosignerNamed,
  type End,
  id,
  openBench,
  type Surroundings,
  samplePolicy,
  sampleSpend,
  scripts,
  wordsOf,
} from './sample.ts';

/*
 * A custodian at a station with an emulated Ledger, through the program. Whatever goes wrong with the device is
 * one line, exit code 5 (or 3 where a check of ours said no), and changes nothing.
 */

let bench: Bench;
/** What is plugged in at the moment; nothing if undefined. */
let plugged: Partial<EmulatorOptions> | undefined;
/** All that devices have shown since they were last looked at. */
let shown: string[];
let interrupt: (() => void) | undefined;

/** A device goes on between two commands as the last one has left it, until another is plugged in. */
const running = new WeakMap<object, LedgerEmulator>();

const deviceOf = (options: Partial<EmulatorOptions>): LedgerEmulator => {
  const known = running.get(options);
  if (known !== undefined) return known;
  const emulator = openEmulator({
    mnemonic: wordsOf('Bolat'),
    app: 'Bitcoin Test',
    onScreen: (screen) => shown.push(screen),
    ...options,
  });
  running.set(options, emulator);
  return emulator;
};

const surroundings: Surroundings = {
  devices: {
    list: async () => (plugged === undefined ? [] : [{ id: 'usb', name: 'Ledger Nano S Plus' }]),
    open: async () => {
      if (plugged === undefined) return usbDevices(async () => noUsb).open();
      const emulator = deviceOf(plugged);
      return {
        name: 'Ledger Nano S Plus',
        // As USB tells it: an error of nobody's.
        exchange: (apdu) =>
          emulator.exchange(apdu).catch(() => Promise.reject(new Error('cannot write to device'))),
        close: async () => {},
      };
    },
  },
  onInterrupt: (stop) => {
    interrupt = stop;
    return () => {
      interrupt = undefined;
    };
  },
};

/** A USB library that loads and finds nothing. */
const noUsb = {
  listen: ({ complete }: { complete: () => void }) => {
    complete();
    return { unsubscribe: () => {} };
  },
  open: () => Promise.reject(new Error('nothing is there')),
};

beforeEach(() => {
  bench = openBench(surroundings);
  plugged = {};
  shown = [];
});
afterEach(() => {
  bench.remove();
});

const spend = sampleSpend();
const { digest } = reviewPsbt(spend, scripts);
const out = (): string => join(bench.folder, 'out.psbt');
const home = (...path: readonly string[]): string => join(bench.home, 'regtest', ...path);
const events = (): readonly string[] =>
  readJournal(home('journal.jsonl')).entries.map(({ event }) => event);

const done = async (run: Promise<End>): Promise<End> => {
  const end = await run;
  if (end.code !== 0) throw new Error(`ended with ${end.code}: ${end.stderr}`);
  return end;
};

/** One hash over all that the station keeps. */
const kept = (): string => {
  const hash = createHash('sha256');
  const files = readdirSync(bench.home, { recursive: true, encoding: 'utf8' }).sort();
  for (const path of files.map((name) => join(bench.home, name))) {
    if (statSync(path).isFile()) hash.update(`${path}\n`).update(readFileSync(path));
  }
  return hash.digest('hex');
};

/** Expects one line with this code and this exit code, and no change. */
const refusal = async (run: () => Promise<End>, code: string, exit = 5): Promise<string> => {
  const before = kept();
  const { stderr, code: actual } = await run();
  const lines = stderr.trimEnd().split('\n');
  expect(lines.at(-1)).toMatch(new RegExp(`^error ${code}: [^\\n]+$`));
  expect(actual).toBe(exit);
  expect(kept()).toBe(before);
  expect(existsSync(out())).toBe(false);
  return stderr;
};

const sign = (): Promise<End> =>
  bench.run('sign', join(bench.folder, 'spend.psbt'), '--accept', digest, '--out', out());

/** The station has the key of Bolat's Ledger and has pinned the policy. */
const pin = async (): Promise<void> => {
  bench.put('spend.psbt', encodePsbt(spend));
  const policy = bench.put('policy.json', encodePolicyFile(scripts.policy));
  await done(bench.run('key', 'import', '--ledger', '--name', 'Bolat'));
  await done(bench.run('policy', 'import', policy, '--accept', id));
};

const register = async (): Promise<void> => {
  await pin();
  await done(bench.run('policy', 'register', '--accept', id));
  shown = [];
};

describe('device', () => {
  it('lists what is plugged in, and says so if nothing is', async () => {
    const one = await bench.run('device', 'list');
    expect(one).toMatchObject({ code: 0, stdout: expect.stringContaining('Ledger Nano S Plus') });
    plugged = undefined;
    const none = await bench.run('device', 'list');
    expect(none).toMatchObject({
      code: 5,
      stdout: '',
      stderr: expect.stringMatching(/^error STATION_NO_DEVICE: No Ledger is plugged in/),
    });
    const { code, stdout, stderr } = await bench.run('--json', 'device', 'list');
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'STATION_NO_DEVICE' } });
  });

  it('shows model, app and fingerprint', async () => {
    const { fingerprint } = cosignerNamed('Bolat').origin;
    expect(await bench.json('device', 'show')).toEqual({
      model: 'Ledger Nano S Plus',
      app: 'Bitcoin Test',
      version: '2.4.6',
      fingerprint: Buffer.from(fingerprint).toString('hex'),
    });
  });

  it('is one clear line where the USB library does not load', async () => {
    const why = 'libusb-1.0.so.0: cannot open shared object file: No such file or directory';
    const bare = openBench({
      devices: usbDevices(() => Promise.reject(new Error(why))),
      onInterrupt: () => () => {},
    });
    try {
      for (const argv of [
        ['device', 'list'],
        ['device', 'show'],
      ]) {
        const { code, stdout, stderr } = await bare.run(...argv);
        expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
        expect(stderr).toMatch(/^error DEVICE_USB_UNAVAILABLE: [^\n]*libusb[^\n]*\n$/);
      }
    } finally {
      bare.remove();
    }
  });
});

describe('another app', () => {
  /** Answers `b0 01` so, and is asked for nothing else. */
  const opened = (name: string, version: string): Surroundings => {
    const [app, number] = [Buffer.from(name), Buffer.from(version)];
    const answer = [1, app.length, ...app, number.length, ...number, 1, 0, 0x90, 0];
    let asked = 0;
    return {
      devices: {
        list: async () => [],
        open: async () => ({
          exchange: async () => {
            asked += 1;
            return asked === 1 ? Uint8Array.from(answer) : Uint8Array.of(0x6d, 0);
          },
          close: async () => {},
        }),
      },
      onInterrupt: () => () => {},
    };
  };

  it.each([
    ['that is too old', 'Bitcoin Test', '2.0.6', 'DEVICE_APP_TOO_OLD'],
    ['for another coin', 'Ethereum', '1.10.4', 'DEVICE_WRONG_APP'],
    ['of mainnet', 'Bitcoin', '2.4.6', 'DEVICE_WRONG_NETWORK'],
    ['that is none', 'BOLOS', '1.6.0', 'DEVICE_WRONG_APP'],
  ])('%s is refused, in one line', async (_what, name, version, code) => {
    const other = openBench(opened(name, version));
    try {
      const { code: exit, stderr } = await other.run('device', 'show');
      expect(exit).toBe(5);
      expect(stderr).toMatch(new RegExp(`^error ${code}: [^\\n]+\\n$`));
    } finally {
      other.remove();
    }
  });
});

describe('the key of a Ledger', () => {
  it('is read once, and exported without the device', async () => {
    await done(bench.run('key', 'import', '--ledger', '--name', 'Bolat'));
    expect(shown).toEqual([]);
    plugged = undefined;
    for (const [kind, path] of [
      ['wsh', "48'/1'/0'/2'"],
      ['sh-wsh', "48'/1'/0'/1'"],
      ['sh', "45'/1'/0'"],
    ] as const) {
      const file = join(bench.folder, kind);
      const { key } = await bench.json('key', 'export', '--script', kind, '--out', file);
      expect(String(key)).toContain(`/${path}]tpub`);
      expect(formatCosignerKey(decodeKeyRecord(readFileSync(file, 'utf8')).cosigner)).toBe(key);
      if (kind === 'wsh') expect(key).toBe(formatCosignerKey(cosignerNamed('Bolat')));
    }
    expect(readFileSync(home('key.json'), 'utf8')).not.toContain('mnemonic');
    expect(await bench.json('status')).toMatchObject({
      name: 'Bolat',
      device: 'Ledger Nano S Plus',
    });
  });

  it.each([
    ['for mainnet', { app: 'Bitcoin' }, 'DEVICE_WRONG_NETWORK'],
    ['that was unplugged', { misbehaviour: { unplugAtExchange: 3 } }, 'DEVICE_DISCONNECTED'],
    ['that talks nonsense', { misbehaviour: { garbageAtExchange: 1 } }, 'DEVICE_'],
  ] as const)('is not read from a device %s', async (_what, options, code) => {
    plugged = options;
    const end = await bench.run('key', 'import', '--ledger', '--name', 'Bolat');
    expect(end.stderr).toMatch(new RegExp(`^error ${code}[A-Z_]*: [^\\n]+\\n$`));
    expect(end.code).toBe(5);
    expect(existsSync(bench.home)).toBe(false);
  });

  it('is never written over, and asked for by what needs a device', async () => {
    await done(bench.given(wordsOf('Bolat'), 'key', 'import', '--name', 'Bolat'));
    const again = () => bench.run('key', 'import', '--ledger', '--name', 'Bolat');
    await refusal(again, 'STATION_KEY_EXISTS', 3);
    await refusal(() => bench.run('message', 'sign', 'hello'), 'STATION_KEY_NOT_A_LEDGER', 2);
  });
});

describe('registration', () => {
  it('says what the device will show, asks, and keeps what it gives', async () => {
    await pin();
    const typed = await bench.typing(id.slice(0, 8), 'policy', 'register');
    expect(typed.code).toBe(0);
    const [listed = ''] = typed.stdout.split('Registered');
    expect(listed).toContain('Account name: Reserve');
    expect(listed).toContain(`Our key@1: ${formatCosignerKey(cosignerNamed('Bolat'))}`);
    expect(listed.indexOf('Their key@0')).toBeLessThan(listed.indexOf('Our key@1'));
    expect(shown.at(-1)).toBe('Account registered');
    expect(readdirSync(home('registrations'))).toEqual([`${id}.json`]);
    expect(statSync(home('registrations', `${id}.json`)).mode & 0o777).toBe(0o600);
    expect(events()).toEqual(['key.stored', 'policy.pinned', 'policy.registered']);
    expect(await bench.json('status')).toMatchObject({ registered: [id] });
  });

  it('is not repeated, but checked', async () => {
    await register();
    const before = kept();
    const again = await bench.run('policy', 'register');
    expect(again).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('the Ledger knows it'),
    });
    expect(shown).toEqual([]);
    expect(kept()).toBe(before);
    await done(bench.run('policy', 'register', '--again', '--accept', id));
    expect(shown.at(-1)).toBe('Account registered');
    // Seed and policy are the same, so the registration is.
    expect(await bench.json('policy', 'register')).toMatchObject({ policyId: id, isNew: false });
  });

  it('is nothing when it is rejected, by the person or at the station', async () => {
    await pin();
    plugged = { approval: 'reject' };
    const accepted = () => bench.run('policy', 'register', '--accept', id);
    await refusal(accepted, 'DEVICE_REJECTED');
    shown = [];
    await refusal(() => bench.typing('no', 'policy', 'register'), 'CONFIRM_DECLINED', 3);
    const other = () => bench.run('policy', 'register', '--accept', 'f'.repeat(64));
    await refusal(other, 'STATION_ID_MISMATCH', 3);
    expect(shown).toEqual([]);
    plugged = {};
    await done(accepted());
  });

  it('is missed by what needs it', async () => {
    await pin();
    await refusal(sign, 'STATION_NOT_REGISTERED', 2);
    await refusal(() => bench.run('address', 'show', 'receive/0'), 'STATION_NOT_REGISTERED', 2);
  });
});

describe('address show', () => {
  it('compares what the device derives with what is derived here', async () => {
    await register();
    const end = await bench.run('address', 'show', 'receive/0', 'change/3');
    expect(end.code).toBe(0);
    expect(end.stdout).toContain('Derived here: bcrt');
    expect(shown.filter((screen) => screen === 'Address verified')).toHaveLength(2);
    expect(events().slice(3)).toEqual(['address.shown', 'address.shown']);
  });

  it.each(['receive', 'receive/x', 'receive/-1', 'deposit/0', 'receive/100001'])(
    'does not know %s',
    async (place) => {
      await register();
      await refusal(() => bench.run('address', 'show', place), 'STATION_OPTION_INVALID', 2);
    },
  );
});

describe('signing with a Ledger', () => {
  it('needs no word about it, and says what will be shown before it asks', async () => {
    await register();
    const end = await sign();
    expect(end.code).toBe(0);
    const order = [
      'Pays',
      'The Ledger will show',
      'Amount: 0.5 TEST',
      'Fees: 0.00001 TEST',
      'exchanges',
    ];
    const places = order.map((text) => end.stdout.indexOf(text));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    // Each page that came was on the list.
    expect(shown.map((screen) => screen.replace(/ \| .*/, ''))).toEqual([
      'Review transaction',
      'From',
      'Amount',
      'To',
      'Fees',
      'Sign transaction',
      'Transaction signed',
    ]);
    const signed = decodePsbt(readFileSync(out()));
    expect(fieldsOf(signed.inputs[0] as PsbtMap, INPUT.partialSignature)).toHaveLength(1);
    verifySignatures(signed, matchPolicy(signed, scripts));
    expect(events().at(-1)).toBe('psbt.signed');
  });

  it('gives what the software signer gives', async () => {
    await register();
    await done(sign());
    const software = openBench();
    try {
      const policy = software.put('policy.json', encodePolicyFile(scripts.policy));
      const file = software.put('spend.psbt', encodePsbt(spend));
      await done(software.given(wordsOf('Bolat'), 'key', 'import', '--name', 'Bolat'));
      await done(software.run('policy', 'import', policy, '--accept', id));
      const other = join(software.folder, 'out.psbt');
      await done(software.run('sign', file, '--accept', digest, '--out', other));
      expect(readFileSync(out())).toEqual(readFileSync(other));
    } finally {
      software.remove();
    }
  });

  it.each([
    ['is rejected at once', { approval: 'reject' }, 'DEVICE_REJECTED'],
    ['is rejected at a screen', { approval: { rejectAtScreen: 4 } }, 'DEVICE_REJECTED'],
    ['is unplugged at once', { misbehaviour: { unplugAtExchange: 1 } }, 'DEVICE_DISCONNECTED'],
    ['is unplugged on the way', { misbehaviour: { unplugAtExchange: 100 } }, 'DEVICE_DISCONNECTED'],
    ['answers nonsense', { misbehaviour: { garbageAtExchange: 50 } }, 'DEVICE_[A-Z_]+'],
    ['has the app of mainnet open', { app: 'Bitcoin' }, 'DEVICE_WRONG_NETWORK'],
    ['is that of Dana', { mnemonic: wordsOf('Dana') }, 'DEVICE_WRONG_DEVICE'],
    ['has a passphrase', { passphrase: 'hidden' }, 'DEVICE_WRONG_DEVICE'],
  ] as const)('can be done again after a device that %s', async (_what, options, code) => {
    await register();
    plugged = options;
    await refusal(sign, code);
    plugged = {};
    await done(sign());
  });

  it('asks for no review of what could not be written', async () => {
    await register();
    const [before, spendFile] = [kept(), join(bench.folder, 'spend.psbt')];
    const taken = bench.put('taken.psbt', 'mine');
    for (const [place, code] of [
      [join(bench.folder, 'signed/'), 'FILE_NAME_INVALID'],
      [join(bench.folder, 'signed', 'a.psbt'), 'FILE_NOT_FOUND'],
      [taken, 'FILE_EXISTS'],
      [spendFile, 'FILE_EXISTS'],
    ] as const) {
      const end = await bench.run('sign', spendFile, '--accept', digest, '--out', place);
      expect(end.stderr).toMatch(new RegExp(`^error ${code}: [^\\n]+\\n$`));
    }
    expect(shown).toEqual([]);
    expect(kept()).toBe(before);
    // The same signature again, for a person who is not sure that it was written.
    await done(sign());
    await done(sign());
  });

  it('is not asked for what it has signed', async () => {
    await register();
    await done(sign());
    shown = [];
    const again = await bench.run('sign', out(), '--accept', digest);
    expect(again.stderr).toMatch(/^error STATION_ALREADY_SIGNED: /);
    expect(shown).toEqual([]);
  });

  it('says that nothing is plugged in', async () => {
    await register();
    plugged = undefined;
    await refusal(sign, 'DEVICE_ABSENT');
  });

  it('stops where the person at the terminal interrupts it', async () => {
    await register();
    let screens = 0;
    plugged = {
      onScreen: () => {
        screens += 1;
        if (screens === 1) interrupt?.();
      },
    };
    await refusal(sign, 'DEVICE_CANCELLED');
    // The same device, with what it was in the middle of.
    await done(sign());
  });

  it('works with app 2.3.0', async () => {
    plugged = { version: '2.3.0' };
    await register();
    await done(sign());
  });

  it('refuses a registration that is not this one', async () => {
    await register();
    const file = home('registrations', `${id}.json`);
    const text = readFileSync(file, 'utf8');
    const hmac = /"hmac": "([0-9a-f]{64})"/.exec(text)?.[1] ?? '';

    writeFileSync(
      file,
      text.replace(
        hmac,
        hmac.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
      ),
    );
    await refusal(sign, 'DEVICE_REGISTRATION_WRONG');
    await refusal(() => bench.run('policy', 'register'), 'DEVICE_REGISTRATION_WRONG');
    expect(shown).toEqual([]);

    writeFileSync(file, text.replace(/"policyId": "./, '"policyId": "x'));
    await refusal(sign, 'DEVICE_REGISTRATION_INVALID', 3);

    // That of another pinned policy, put in this one's place.
    const second = samplePolicy('Second');
    const { id: other } = JSON.parse(encodePolicyFile(second)) as { id: string };
    const policy = bench.put('second.json', encodePolicyFile(second));
    await done(bench.run('policy', 'import', policy, '--accept', other));
    await done(bench.run('--policy', 'Second', 'policy', 'register', '--accept', other));
    writeFileSync(file, readFileSync(home('registrations', `${other}.json`)));
    const signIt = () =>
      bench.run(
        '--policy',
        'Reserve',
        'sign',
        join(bench.folder, 'spend.psbt'),
        '--accept',
        digest,
      );
    await refusal(signIt, 'DEVICE_REGISTRATION_MISMATCH', 3);

    writeFileSync(file, text);
    await done(signIt());
  });
});

describe('message sign', () => {
  it('proves that the key is held', async () => {
    await register();
    const proof = await bench.json('message', 'sign', 'Bolat holds this key');
    expect(proof).toMatchObject({ path: "48'/1'/0'/2'/0/0", message: 'Bolat holds this key' });
    expect(Buffer.from(String(proof['signature']), 'base64')).toHaveLength(65);
    expect(shown).toEqual([
      'Review message',
      "Path | 48'/1'/0'/2'/0/0",
      'Message | Bolat holds this key',
      'Sign message',
      'Message signed',
    ]);
    expect(events().at(-1)).toBe('message.signed');
  });

  it('takes nothing that the device would not show, and leaves no trace when rejected', async () => {
    await register();
    for (const text of ['', 'Ертіс', 'x'.repeat(641)]) {
      await refusal(() => bench.run('message', 'sign', text), 'DEVICE_MESSAGE_INVALID', 3);
    }
    plugged = { approval: 'reject' };
    await refusal(() => bench.run('message', 'sign', 'hello'), 'DEVICE_REJECTED');
  });
});
