import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type ErrorKind, QoimaError } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import {
  type ProgramIo,
  parserOutput,
  runProgram,
  type Terminal,
  versionText,
} from '../src/index.ts';
import { fakeIo } from './streams.ts';

const run = async (
  argv: readonly string[],
  command: (terminal: Terminal) => void | Promise<void>,
  options: Parameters<typeof fakeIo>[1] = {},
): Promise<{ code: number; out: string; err: string }> => {
  const io = fakeIo(argv, options);
  const code = await runProgram(io, async (terminal) => command(terminal));
  return { code, out: io.stdout.text(), err: io.stderr.text() };
};

const thrown = (kind: ErrorKind, message = 'No.', details = {}): QoimaError =>
  new QoimaError({ code: 'TEST_CODE', kind }, message, details);

/** An error as commander throws it under `exitOverride`. */
const parserError = (code: string, exitCode: number, message: string): Error =>
  Object.assign(new Error(message), { code, exitCode });

describe('a command that goes well', () => {
  const command = ({ output }: Terminal): void => {
    output.line('first', 'second');
    output.result({ fee: '12', nested: [1] }, ['The fee is 12.']);
  };

  it('shows text to a person', async () => {
    expect(await run([], command)).toEqual({
      code: 0,
      out: 'first\nsecond\nThe fee is 12.\n',
      err: '',
    });
  });

  it('gives exactly one JSON value with --json', async () => {
    const { code, out, err } = await run(['x', '--json'], command);
    expect(JSON.parse(out)).toEqual({ fee: '12', nested: [1] });
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  it('shows its version, and with --json what is worth knowing beside it', () => {
    const shown = (...argv: readonly string[]): string =>
      versionText({ argv }, '1.2.3', { curve: 'wasm' });
    expect(shown('--version')).toBe('1.2.3');
    expect(JSON.parse(shown('--version', '--json'))).toEqual({ version: '1.2.3', curve: 'wasm' });
  });

  it('gives null when it has no result', async () => {
    expect((await run(['--json'], () => {})).out).toBe('null\n');
    expect((await run([], () => {})).out).toBe('');
  });

  it('does not take --json after -- for itself', async () => {
    expect((await run(['--', '--json'], command)).out).toContain('first');
  });

  it('may have a result and still be incomplete', async () => {
    const { code, out } = await run([], ({ output }) =>
      output.result({}, 'Two more.', 'incomplete'),
    );
    expect({ code, out }).toEqual({ code: 4, out: 'Two more.\n' });
  });

  it('has one result: a second is a defect', async () => {
    const { code, err, out } = await run(['--json'], ({ output }) => {
      output.result(1);
      output.result(2);
    });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('DEFECT');
  });

  it('lets no foreign text out raw', async () => {
    const { out } = await run(
      [],
      ({ output }) => output.line('\u001b[31mred\u001b[39m \u001b[2J'),
      { terminal: true },
    );
    expect(out).toBe('\u001b[31mred\u001b[39m \\u{1b}[2J\n');
  });

  it('shows progress on stderr, or nothing with --json', async () => {
    const staged = ({ progress }: Terminal): void => progress.stage('Scan').done();
    expect(await run([], staged)).toEqual({ code: 0, out: '', err: 'Scan: done\n' });
    expect(await run(['--json'], staged)).toEqual({ code: 0, out: 'null\n', err: '' });
  });
});

describe('a command that fails', () => {
  it.each([
    ['failed', 1],
    ['usage', 2],
    ['refused', 3],
    ['incomplete', 4],
    ['device', 5],
  ] as const)('%s: one line and exit code %i', async (kind, code) => {
    const result = await run([], () => {
      throw thrown(kind, 'It is\nso.');
    });
    expect(result).toEqual({ code, out: '', err: 'error TEST_CODE: It is\\u{a}so.\n' });
  });

  it('says it in JSON with --json, and leaves stdout empty', async () => {
    const result = await run(['--json'], ({ output }) => {
      output.result({ done: true });
      throw thrown('refused', 'It is so.', { expected: 1, actual: 2 });
    });
    expect(result).toMatchObject({ code: 3, out: '' });
    expect(JSON.parse(result.err)).toEqual({
      error: { code: 'TEST_CODE', message: 'It is so.', details: { expected: 1, actual: 2 } },
    });
    expect(result.err.trimEnd()).not.toContain('\n');
  });

  it('ends a stage that runs before it says so', async () => {
    const { err } = await run([], ({ progress }) => {
      progress.stage('Scan');
      throw thrown('failed');
    });
    expect(err).toBe('Scan: failed\nerror TEST_CODE: No.\n');
  });

  it.each([
    ['an error', new TypeError('x is undefined'), 'TypeError: x is undefined.'],
    ['a string', 'text', 'text.'],
    ['nothing', undefined, 'undefined.'],
  ])('calls %s that nobody expected a defect, without a stack', async (_, cause, message) => {
    const { code, err } = await run([], () => {
      throw cause;
    });
    expect(code).toBe(1);
    expect(err).toMatch(
      new RegExp(`^error DEFECT: ${message} This is a defect.*QOIMA_DEBUG=1.*\n$`),
    );
  });

  it('shows the stack under QOIMA_DEBUG=1', async () => {
    const { err } = await run(
      [],
      () => {
        throw new TypeError('x');
      },
      { env: { QOIMA_DEBUG: '1' } },
    );
    expect(err).toMatch(/^error DEFECT.*\nTypeError: x\n\s+at /);
  });

  it('bounds what a defect may say', async () => {
    const { err } = await run([], () => {
      throw new Error('a'.repeat(5000));
    });
    expect(err.length).toBeLessThan(600);
  });
});

describe('a command-line parser', () => {
  it.each([
    ['commander.helpDisplayed', 0, '(outputHelp)', 0, ''],
    ['commander.version', 0, '0.1.0', 0, ''],
    ['commander.help', 1, '(outputHelp)', 2, 'A command is missing.'],
    [
      'commander.unknownOption',
      1,
      "error: unknown option '--jsn'\n(Did you mean --json?)",
      2,
      "Unknown option '--jsn' (Did you mean --json?)",
    ],
    [
      'commander.missingArgument',
      1,
      "error: missing required argument 'file'",
      2,
      "Missing required argument 'file'.",
    ],
  ])('%s', async (code, exitCode, message, expected, shown) => {
    const result = await run([], () => {
      throw parserError(code, exitCode, message);
    });
    expect(result.code).toBe(expected);
    expect(result.err).toBe(
      shown === ''
        ? ''
        : `error USAGE_INVALID: ${shown} Run it with --help to see its arguments and options.\n`,
    );
  });
});

describe('a command-line parser with --json', () => {
  const asked = async (
    code: string,
    message: string,
  ): Promise<{ code: number; out: string; err: string }> => {
    const io = fakeIo(['--json']);
    const exit = await runProgram(io, async () => {
      parserOutput(io).writeOut('Usage: x\n');
      throw parserError(code, 0, message);
    });
    return { code: exit, out: io.stdout.text(), err: io.stderr.text() };
  };

  it.each(['commander.helpDisplayed', 'commander.help'])('refuses help: %s', async (code) => {
    const { err, ...end } = await asked(code, '(outputHelp)');
    expect(end).toEqual({ code: 2, out: '' });
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'USAGE_INVALID' } });
  });

  it('shows the version', async () => {
    expect(await asked('commander.version', '{"version":"1"}')).toEqual({
      code: 0,
      out: '{"version":"1"}\n',
      err: '',
    });
  });
});

describe('a command that reads standard input', () => {
  const command = ({ expectInput, output }: Terminal): void => {
    expectInput('Type the words.');
    output.result(1, 'Read.');
  };

  it('tells a person at a terminal what to type', async () => {
    expect(await run([], command, { terminal: true })).toMatchObject({
      code: 0,
      out: 'Read.\n',
      err: expect.stringContaining('Type the words.\n'),
    });
  });

  it('says nothing to another program', async () => {
    expect(await run([], command)).toMatchObject({ err: '' });
    expect(await run(['--json'], command, { terminal: true })).toMatchObject({ err: '' });
  });
});

describe('where the output goes', () => {
  it('may be a disk that is full: the command is done and says that it could not tell', async () => {
    const io = fakeIo(['--json']);
    io.stdout._write = (_chunk, _encoding, written) =>
      written(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
    const code = await runProgram(io, async ({ output }) => output.result(1));
    expect(code).toBe(1);
    expect(JSON.parse(io.stderr.text())).toMatchObject({ error: { code: 'OUTPUT_FAILED' } });
  });

  it('may be a reader that leaves early: the command finishes and nothing is said', async () => {
    const program = spawn(
      process.execPath,
      [
        '--conditions=qoima-source',
        '--import',
        'tsx',
        new URL('talkative-program.ts', import.meta.url).pathname,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let err = '';
    program.stderr.on('data', (chunk) => {
      err += String(chunk);
    });
    await once(program.stdout, 'data');
    program.stdout.destroy();
    const [code] = await once(program, 'close');
    expect({ code, err }).toEqual({ code: 4, err: '' });
  });

  it('is what a process has', () => {
    const io: ProgramIo = {
      argv: process.argv.slice(2),
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      env: process.env,
    };
    expect(io.argv).toBeDefined();
  });
});
