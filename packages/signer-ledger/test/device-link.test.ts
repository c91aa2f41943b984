import { policyScripts } from '@qoima/policy';
import { parseHex } from '@qoima/primitives';
import { createPsbt } from '@qoima/psbt';
import { describe, expect, it } from 'vitest';
import {
  type CommandProgress,
  type LedgerTransport,
  ledgerClient,
  ledgerPolicyOf,
  type Timer,
} from '../src/index.ts';
import { coinsOf, emulated, emulatedPolicy, strangerScript, transportTo } from './emulated.ts';
import { hmacOf, psbtOf, recording, replay, walletOf } from './replay.ts';

/** Time that passes when the test says so. */
const manualTimer = (): {
  readonly timer: Timer;
  readonly pass: (milliseconds: number) => void;
} => {
  let now = 0;
  const due = new Set<{ readonly at: number; readonly callback: () => void }>();
  return {
    timer: (milliseconds, callback) => {
      const entry = { at: now + milliseconds, callback };
      due.add(entry);
      return () => {
        due.delete(entry);
      };
    },
    pass: (milliseconds) => {
      now += milliseconds;
      for (const entry of [...due]) {
        if (entry.at > now || !due.delete(entry)) continue;
        entry.callback();
      }
    },
  };
};

/** Something to wait for, until it is opened. */
const latch = (): { readonly opened: Promise<void>; readonly open: () => void } => {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
};

/** A recorded device that keeps silent at one exchange until it is let go. */
const holding = (
  name: string,
  at: number,
): LedgerTransport & {
  readonly letGo: () => void;
  readonly held: Promise<void>;
  readonly sent: readonly string[];
} => {
  const answers = recording(name).map(({ answer }) => parseHex(answer));
  const sent: string[] = [];
  let count = 0;
  const gate = latch();
  const reached = latch();
  return {
    sent,
    held: reached.opened,
    letGo: gate.open,
    exchange: async (apdu) => {
      const place = count++;
      sent.push(Buffer.from(apdu).toString('hex'));
      if (place === at) {
        reached.open();
        await gate.opened;
      }
      return answers[place] ?? parseHex('f5acc2fd9000');
    },
    close: async () => {
      await gate.opened;
    },
  };
};

const policy = ledgerPolicyOf(walletOf('wsh-3of5'));
const hmac = hmacOf('wsh-3of5', 1);
const psbt = psbtOf('sign-wsh-1in-2out-c1');
/** The exchange after which the recorded device reviews, and the one that yields. */
const REVIEW = 286;

describe('a link to a device', () => {
  it('waits for minutes while a person may be reading, and says so', async () => {
    const { timer, pass } = manualTimer();
    const seen: CommandProgress[] = [];
    const device = holding('sign-wsh-1in-2out-c1', REVIEW);
    const onProgress = (progress: CommandProgress): void => void seen.push(progress);
    const signing = ledgerClient(device, { timer, onProgress }).signPsbt(psbt, policy, hmac);
    await device.held;
    pass(1000);
    expect(seen.some(({ waiting }) => waiting)).toBe(false);
    pass(1000);
    expect(seen.at(-1)).toMatchObject({ waiting: true, exchanges: REVIEW, command: 'SIGN_PSBT' });
    pass(1_800_000);
    device.letGo();
    expect(await signing).toHaveLength(1);
  });

  it('does not wait for ever even then', async () => {
    const { timer, pass } = manualTimer();
    const device = holding('sign-wsh-1in-2out-c1', REVIEW);
    const signing = ledgerClient(device, { timer, reviewMs: 600_000 }).signPsbt(psbt, policy, hmac);
    await device.held;
    pass(2000);
    pass(600_000);
    await expect(signing).rejects.toMatchObject({ code: 'DEVICE_SILENT', kind: 'device' });
  });

  it.each([
    ['a fingerprint', 'fingerprint-c1', 0],
    ['what follows the first signature', 'sign-wsh-5in-2out-c1', -1],
  ])('does not wait where nobody is asked: %s', async (_, name, at) => {
    const { timer, pass } = manualTimer();
    const last = recording(name).length - 1;
    const device = holding(name, at === -1 ? last : at);
    const client = ledgerClient(device, { timer });
    const asking = at === -1 ? client.signPsbt(psbtOf(name), policy, hmac) : client.fingerprint();
    await device.held;
    pass(31_000);
    await expect(asking).rejects.toMatchObject({ code: 'DEVICE_SILENT' });
  });

  it('runs one command at a time', async () => {
    const device = holding('fingerprint-c1', 0);
    const client = ledgerClient(device);
    const first = client.fingerprint();
    await expect(client.fingerprint()).rejects.toMatchObject({ code: 'DEVICE_BUSY' });
    device.letGo();
    await first;
    await client.fingerprint();
  });

  it('lets the device go when a command is cancelled between two exchanges', async () => {
    const controller = new AbortController();
    const answers = recording('sign-wsh-1in-2out-c1').map(({ answer }) => parseHex(answer));
    const sent: string[] = [];
    const client = ledgerClient({
      exchange: async (apdu) => {
        sent.push(Buffer.from(apdu).toString('hex'));
        if (sent.at(-1) === 'f801000000') return parseHex('6a80');
        if (sent.at(-1) === 'e105000100') return parseHex('f5acc2fd9000');
        return answers[sent.length - 1] as Uint8Array;
      },
      close: async () => {},
    });
    const onProgress = ({ exchanges }: CommandProgress): void => {
      if (exchanges === 100) controller.abort();
    };
    const { signal } = controller;
    const signing = client.signPsbt(psbt, policy, hmac, { signal, onProgress });
    await expect(signing).rejects.toMatchObject({ code: 'DEVICE_CANCELLED' });
    // An empty answer, which the app takes for a wrong one, is all that it gets (seen: 6a80).
    expect(sent).toHaveLength(101);
    expect(sent.at(-1)).toBe('f801000000');
    await client.fingerprint();
    expect(sent).toHaveLength(102);
  });

  it('is cancelled at once while a person reads, and waits for that person before it goes on', async () => {
    const { timer, pass } = manualTimer();
    const controller = new AbortController();
    const device = holding('sign-wsh-1in-2out-c1', REVIEW);
    const client = ledgerClient(device, { timer });
    const { signal } = controller;
    const signing = client.signPsbt(psbt, policy, hmac, { signal });
    await device.held;
    controller.abort();
    await expect(signing).rejects.toMatchObject({ code: 'DEVICE_CANCELLED' });
    const tooEarly = client.fingerprint();
    pass(31_000);
    await expect(tooEarly).rejects.toMatchObject({ code: 'DEVICE_BUSY' });
    device.letGo();
    // The recording goes on asking after the approval; the link gives it nothing more but empty answers.
    await client.fingerprint().catch(() => undefined);
    expect(device.sent[REVIEW + 1]).toBe('f801000000');
  });

  it('does not begin what is cancelled already', async () => {
    const client = ledgerClient(replay('fingerprint-c1'), { signal: AbortSignal.abort() });
    await expect(client.fingerprint()).rejects.toMatchObject({ code: 'DEVICE_CANCELLED' });
  });

  it.each([0, 1, 7, 200, REVIEW, 349])(
    'tells an unplugged cable at exchange %i, and stays lost',
    async (at) => {
      const answers = recording('sign-wsh-1in-2out-c1').map(({ answer }) => parseHex(answer));
      let count = 0;
      const client = ledgerClient({
        exchange: async () => {
          if (count === at) throw new Error('cannot write to HID device');
          return answers[count++] as Uint8Array;
        },
        close: async () => {},
      });
      const signing = client.signPsbt(psbt, policy, hmac);
      await expect(signing).rejects.toMatchObject({ code: 'DEVICE_DISCONNECTED', kind: 'device' });
      await expect(client.fingerprint()).rejects.toMatchObject({ code: 'DEVICE_DISCONNECTED' });
    },
  );

  it('tells a transport that throws where it should reject', async () => {
    const client = ledgerClient({
      exchange: () => {
        throw new Error('closed');
      },
      close: async () => {},
    });
    await expect(client.fingerprint()).rejects.toMatchObject({ code: 'DEVICE_DISCONNECTED' });
  });

  it('closes although the transport does not', async () => {
    const { timer, pass } = manualTimer();
    const client = ledgerClient(holding('fingerprint-c1', 0), { timer });
    const closing = client.close();
    pass(31_000);
    await closing;
    await expect(client.fingerprint()).rejects.toMatchObject({ code: 'DEVICE_CLOSED' });
  });

  it('closes within a second if the device is left with a review', async () => {
    const { timer, pass } = manualTimer();
    const controller = new AbortController();
    // Its transport closes when that exchange has ended, as Ledger's own does.
    const device = holding('sign-wsh-1in-2out-c1', REVIEW);
    const client = ledgerClient(device, { timer });
    const signing = client.signPsbt(psbt, policy, hmac, { signal: controller.signal });
    await device.held;
    controller.abort();
    await expect(signing).rejects.toThrow(/still show its review.*reject it there/);
    const closing = client.close();
    pass(1000);
    await closing;
  });

  it.each(['5515', '6901', '6601'])(
    'has the app put its command aside after the system answered %s in its place',
    async (word) => {
      const emulator = emulated();
      const transport = transportTo(emulator);
      let at = -1;
      const interrupted = ledgerClient({
        ...transport,
        exchange: async (apdu) => {
          at += 1;
          // Still so when the command is abandoned, and no longer at the next.
          return at === 40 || at === 41 ? parseHex(word) : transport.exchange(apdu);
        },
      });
      const wallet = await emulatedPolicy();
      const wanted = ledgerPolicyOf(wallet);
      const { hmac: registered } = await ledgerClient(transport).registerPolicy(wanted);
      const scripts = policyScripts(wallet);
      const spend = createPsbt({
        scripts,
        coins: coinsOf(scripts, 1, 100_000n),
        outputs: [{ kind: 'payment', scriptPubKey: strangerScript(1), amount: 90_000n }],
      });
      const sign = () => interrupted.signPsbt(spend, wanted, registered);
      await expect(sign()).rejects.toMatchObject({ details: { statusWord: word } });
      expect(at).toBe(41);
      expect(await sign()).toHaveLength(1);
    },
  );

  it.each([
    ['5501', 'DEVICE_REJECTED'],
    ['5502', 'DEVICE_NOT_SET_UP'],
    ['6601', 'DEVICE_BUSY'],
    ['6901', 'DEVICE_WRONG_APP'],
    ['6b0c', 'DEVICE_LOCKED'],
  ])('knows the word %s of the system', async (word, code) => {
    const client = ledgerClient({ exchange: async () => parseHex(word), close: async () => {} });
    await expect(client.fingerprint()).rejects.toMatchObject({ code });
  });

  it.each([
    [
      'the same question',
      '40004e45a592b6f11e79d825d09bd4dce6e04764edfb1831bf525d8fd17891e67890e000',
    ],
    ['for nothing', 'e000'],
    ['for a preimage that nobody has', `4000${'00'.repeat(32)}e000`],
    ['for a preimage of another kind', `4001${'00'.repeat(32)}e000`],
    ['for a tree that nobody has', `41${'00'.repeat(32)}0500e000`],
    [
      'for a leaf beyond the tree',
      '416c273fc619150e9fb4a6ab26583add0ecfa7db7fcc49dcb03e0e45db3eef0a6b0505e000',
    ],
    [
      'for a tree of another size',
      '416c273fc619150e9fb4a6ab26583add0ecfa7db7fcc49dcb03e0e45db3eef0a6b0600e000',
    ],
    ['for half a question', '416c27e000'],
    ['for more where there is none', 'a0e000'],
    ['for a leaf index cut short', '42aae000'],
    ['something unknown', '99e000'],
    ['to take a signature where none is due', '1000e000'],
  ])('ends with an error when the device asks %s', async (_, answer) => {
    let count = 0;
    const client = ledgerClient({
      exchange: async () => {
        count++;
        return parseHex(answer);
      },
      close: async () => {},
    });
    const registering = client.registerPolicy(policy);
    await expect(registering).rejects.toMatchObject({
      code: expect.stringMatching(/^DEVICE_(?:PROTOCOL|ENDLESS)$/),
    });
    expect(count).toBeLessThan(3000);
  });
});
