import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { emulatorProgram } from '../src/program.ts';
import { fakeIo } from './streams.ts';

const MNEMONIC = `${'abandon '.repeat(11)}about`;
const NO_PORTS = ['--port', '0', '--apdu-port', '0'];

const folder = mkdtempSync(join(tmpdir(), 'qoima-emulator-'));

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the program; `during` is what happens between its start and Ctrl-C. */
const run = async (
  argv: readonly string[],
  {
    env = {},
    input = '',
    during,
  }: {
    readonly env?: Record<string, string>;
    readonly input?: string;
    readonly during?: (url: string) => Promise<void>;
  } = {},
) => {
  const io = fakeIo(argv, env);
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const code = emulatorProgram(io, {
    readInput: () => Promise.resolve(input),
    sleep: () => Promise.resolve(),
    ended,
  });
  let finished = false;
  void code.finally(() => {
    finished = true;
  });
  const url = async (): Promise<string | undefined> => {
    for (;;) {
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(io.stdout.text() + io.stderr.text());
      if (found !== null) return found[0];
      if (finished) return undefined;
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
  };
  const found = await url();
  if (found !== undefined) await during?.(found);
  end();
  return { code: await code, stdout: io.stdout.text(), stderr: io.stderr.text() };
};

const post = async (url: string, data: string): Promise<string> => {
  const response = await fetch(`${url}/apdu`, { method: 'POST', body: JSON.stringify({ data }) });
  return ((await response.json()) as { data: string }).data;
};

const fingerprintOf = async (
  argv: readonly string[],
  options: { env?: Record<string, string>; input?: string } = {},
): Promise<string> => {
  let answer = '';
  await run([...NO_PORTS, ...argv], {
    ...options,
    during: async (url) => {
      answer = await post(url, 'e105000100');
    },
  });
  return answer;
};

describe('the mnemonic', () => {
  it('is of a file, of standard input or of the environment', async () => {
    const file = join(folder, 'words');
    writeFileSync(file, `${MNEMONIC}\n`);
    expect(await fingerprintOf(['--mnemonic-file', file])).toBe('73c5da0a9000');
    expect(await fingerprintOf(['--mnemonic-file', '-'], { input: MNEMONIC })).toBe('73c5da0a9000');
    const env = { QOIMA_EMULATOR_MNEMONIC: MNEMONIC };
    expect(await fingerprintOf([], { env })).toBe('73c5da0a9000');
    const other = await fingerprintOf([], { env: { ...env, QOIMA_EMULATOR_PASSPHRASE: 'x' } });
    expect(other).toMatch(/^[0-9a-f]{8}9000$/);
    expect(other).not.toBe('73c5da0a9000');
  });

  it('is never an argument', async () => {
    for (const argv of [['--mnemonic', MNEMONIC], [MNEMONIC]]) {
      const { code, stdout, stderr } = await run([...NO_PORTS, ...argv]);
      expect(code).toBe(2);
      expect(stdout + stderr).not.toMatch(/^Bitcoin/m);
    }
  });

  it('must be there, and is not repeated when it is wrong', async () => {
    const none = await run(NO_PORTS);
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('There is no mnemonic')]);
    const wrong = await run(NO_PORTS, { env: { QOIMA_EMULATOR_MNEMONIC: 'zebra zoo' } });
    expect(wrong.code).toBe(2);
    expect(wrong.stdout + wrong.stderr).not.toMatch(/zebra|zoo/);
  });

  it('is said to be wrong by where it came from', async () => {
    const file = join(folder, 'wrong words');
    writeFileSync(file, 'zebra zoo\n');
    const [wrong, standard, missing] = [
      await run([...NO_PORTS, '--mnemonic-file', file]),
      await run([...NO_PORTS, '--mnemonic-file', '-'], { input: 'zebra zoo' }),
      await run([...NO_PORTS, '--mnemonic-file', join(folder, 'nowhere')]),
    ];
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain(`EMULATOR_MNEMONIC_INVALID: ${file} holds no English mnemonic.`);
    expect(standard.stderr).toContain('Standard input holds no English mnemonic.');
    expect(standard.stderr + wrong.stderr).not.toMatch(/zebra|zoo/);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain(`${join(folder, 'nowhere')} cannot be read (ENOENT).`);
  });

  it('is not repeated where it stands for its file', async () => {
    const { code, stdout, stderr } = await run([
      ...NO_PORTS,
      '--json',
      '--mnemonic-file',
      MNEMONIC,
    ]);
    expect(code).toBe(2);
    expect(stdout + stderr).not.toContain('abandon');
  });
});

describe('qoima-ledger-emulator', () => {
  const env = { QOIMA_EMULATOR_MNEMONIC: MNEMONIC };
  /** GET_EXTENDED_PUBKEY of m/48'/1'/0'/2', shown. */
  const shownKey = 'e10000011201048000003080000001800000008000000'.concat('2');

  it('helps', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    for (const option of ['--app', '--app-version', '--port', '--apdu-port', '--mnemonic-file']) {
      expect(stdout).toContain(option);
    }
    expect(stdout).toContain('Never use a mnemonic that holds money');
  });

  it('shows its screens, and ends by Ctrl-C', async () => {
    const { code, stdout, stderr } = await run(NO_PORTS, {
      env,
      during: async (url) => {
        expect(await post(url, shownKey)).toMatch(/9000$/);
      },
    });
    expect(code).toBe(0);
    expect(stdout + stderr).toContain('Bitcoin Test 2.4.6, emulated, on http://127.0.0.1:');
    expect(stdout + stderr).toContain('Confirm public key');
    expect(stdout + stderr).toContain('Ended after 1 exchanges.');
  });

  it('is told build, version, decision and faults', async () => {
    const argv = ['--app', 'mainnet', '--app-version', '2.3.0', '--approval', 'reject', '--json'];
    const { stdout } = await run([...NO_PORTS, ...argv], {
      env,
      during: async (url) => {
        expect(await post(url, 'b001000000')).toBe('0107426974636f696e05322e332e3001009000');
        expect(await post(url, shownKey.replace('80000001', '80000000'))).toBe('6985');
      },
    });
    const { exchanges, screens } = JSON.parse(stdout) as { exchanges: number; screens: string[] };
    expect(exchanges).toBe(2);
    expect(screens.length).toBeGreaterThan(2);

    await run([...NO_PORTS, '--garbage-at', '1', '--delay', '5', '--reject-at', '1'], {
      env,
      during: async (url) => {
        expect(await post(url, 'e105000100')).toBe('deadbe1337');
        expect(await post(url, shownKey)).toBe('6985');
      },
    });
  });

  it.each([
    ['--port', '65536'],
    ['--port', 'x'],
    ['--garbage-at', '0'],
    ['--app', 'signet'],
    ['--app-version', '1.0.0'],
    ['--approval', 'maybe'],
  ])('refuses %s %s', async (...argv) => {
    expect((await run([...NO_PORTS, ...argv], { env })).code).toBe(2);
  });
});
