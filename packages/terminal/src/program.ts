import { type ErrorDetails, isQoimaError, type JsonValue, QoimaError } from '@qoima/primitives';
import { type Colors, colorsFor } from './colors.ts';
import { terminalError } from './errors.ts';
import { exitCodes } from './exit-code.ts';
import { type Output, openOutput } from './output.ts';
import { printable, printableJson, printableLines } from './printable.ts';
import { noProgress, openProgress, type Progress, type ProgressEnd } from './progress.ts';
import { type Confirm, confirmAt, type PromptStreams } from './prompt.ts';
import { type TextStream, textSink } from './text-stream.ts';

/** What a program is given by its process. */
export interface ProgramIo extends PromptStreams {
  /** The arguments alone, without the interpreter and the script. */
  readonly argv: readonly string[];
  readonly stdout: TextStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What a command shows itself with. */
export interface Terminal {
  readonly output: Output;
  readonly progress: Progress;
  readonly confirm: Confirm;
  /**
   * Tells a person what to type, on stderr, before standard input is read. Silent if that is no terminal,
   * and with `--json`.
   */
  readonly expectInput: (what: string) => void;
}

/**
 * The rim of a program: runs `command`, shows its result or its error, and returns the exit code.
 *
 * An error is one line on stderr, `error CODE: message`; with `--json` among the arguments it is
 * `{"error":{"code","message","details"}}` there. The errors of a command-line parser (commander, with
 * `exitOverride`) become `USAGE_INVALID`. Anything that is not a `QoimaError` is a `DEFECT`, without a
 * stack unless `QOIMA_DEBUG` is 1.
 */
export const runProgram = async (
  io: ProgramIo,
  command: (terminal: Terminal) => Promise<void>,
): Promise<number> => {
  const json = wantsJson(io.argv);
  const stdout = textSink(io.stdout);
  const stderr = textSink(io.stderr);
  const stderrColors = colorsFor(io.stderr, io.env);
  const shown = json ? NO_PROGRESS : openProgress(stderr, io.stderr, stderrColors);
  const { output, end } = openOutput(stdout, json, colorsFor(io.stdout, io.env), shown.clear);
  const confirm: Confirm = async (confirmation) => {
    shown.clear();
    await confirmAt(io, json)(confirmation);
  };
  const expectInput = (what: string): void => {
    if (json || io.stdin.isTTY !== true) return;
    shown.clear();
    stderr.write(`${printableLines(what, false)}\n`);
  };

  const report = (error: QoimaError): number => {
    shown.end();
    stderr.write(json ? jsonError(error) : textError(error, stderrColors));
    const place = error.cause instanceof Error ? error.cause.stack : error.stack;
    if (!json && io.env['QOIMA_DEBUG'] === '1') {
      stderr.write(`${printableLines(place ?? '', false)}\n`);
    }
    return exitCodes[error.kind];
  };

  let code: number;
  try {
    await command({ output, progress: shown.progress, confirm, expectInput });
    code = exitCodes[end()];
  } catch (cause) {
    const error = typedError(cause, json);
    if (error === 'shown' && json) stdout.write(`${parserMessage(cause)}\n`);
    code = error === 'shown' ? exitCodes.done : report(error);
  }
  const failure = await stdout.flush();
  if (failure !== undefined) {
    const error = terminalError('OUTPUT_FAILED', 'The output could not be written.', {}, failure);
    code = report(error);
  }
  await stderr.flush();
  return code;
};

/**
 * What commander needs to leave all showing to `runProgram`:
 * `program.exitOverride().configureOutput(parserOutput(io))`, said before sub-commands are added, which
 * inherit both. Help goes to stdout, except with `--json`, where the rim refuses it and shows the version
 * itself; its errors are shown by the rim alone.
 */
export const parserOutput = (
  io: Pick<ProgramIo, 'argv' | 'stdout'>,
): { writeOut: (text: string) => void; writeErr: () => void; outputError: () => void } => ({
  writeOut: (text) => {
    if (!wantsJson(io.argv)) io.stdout.write(text);
  },
  writeErr: () => {},
  outputError: () => {},
});

/**
 * What `--version` shows, for commander's `version()`: the version alone, or with `--json` among the
 * arguments one JSON value, in which `facts` stand beside it.
 */
export const versionText = (
  { argv }: Pick<ProgramIo, 'argv'>,
  version: string,
  facts: Readonly<Record<string, JsonValue>>,
): string => (wantsJson(argv) ? JSON.stringify({ version, ...facts }, null, 2) : version);

/** With `--json` stderr holds an error or nothing. */
const NO_PROGRESS: ProgressEnd = { progress: noProgress, clear: () => {}, end: () => {} };

const wantsJson = (argv: readonly string[]): boolean => {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json');
};

/** `shown` for a parser's help and version, which `parserOutput` has put on stdout; not with `--json`. */
const typedError = (cause: unknown, json: boolean): QoimaError | 'shown' => {
  if (isQoimaError(cause)) return cause;
  if (isParserError(cause)) {
    if (cause.exitCode === 0 && json && cause.code !== 'commander.version') {
      const message = 'Help is text for a person: ask for it without --json.';
      return terminalError('USAGE_INVALID', message, {}, cause);
    }
    if (cause.exitCode === 0) return 'shown';
    const message =
      cause.code === 'commander.help'
        ? 'A command is missing.'
        : capital(cause.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' '));
    return terminalError('USAGE_INVALID', sentence(message), {}, cause);
  }
  const message = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return terminalError('DEFECT', sentence(message.slice(0, 300)), {}, cause);
};

/** Of a version this is the version. */
const parserMessage = (cause: unknown): string => (isParserError(cause) ? cause.message : '');

const isParserError = (cause: unknown): cause is Error & { code: string; exitCode: number } =>
  cause instanceof Error &&
  'code' in cause &&
  typeof cause.code === 'string' &&
  cause.code.startsWith('commander.') &&
  'exitCode' in cause &&
  typeof cause.exitCode === 'number';

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const sentence = (text: string): string => (/[.!?)]$/.test(text) ? text : `${text}.`);

const textError = (error: QoimaError, colors: Colors): string =>
  `${colors.red('error')} ${error.code}: ${printable(error.message)}\n`;

const jsonError = (error: QoimaError): string => {
  const { code, message, details }: { code: string; message: string; details: ErrorDetails } =
    error;
  return `${printableJson(JSON.stringify({ error: { code, message, details } }))}\n`;
};
