import { readFileSync } from 'node:fs';
import { type Output, type ProgramIo, parserOutput, printable, runProgram } from '@qoima/terminal';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { AppVersion } from './app.ts';
import type { Approval } from './approval.ts';
import { type EmulatorOptions, openEmulator } from './emulator.ts';
import { ledgerEmulatorError } from './errors.ts';
import { serveEmulator } from './server.ts';

/** What the program takes from its process besides its arguments. */
export interface EmulatorSources {
  /** Standard input as text. */
  readonly readInput: () => Promise<string>;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Resolves when the program is to end: on Ctrl-C. */
  readonly ended: Promise<void>;
}

/** The program `qoima-ledger-emulator`, from its arguments to its exit code. */
export const emulatorProgram = (io: ProgramIo, sources: EmulatorSources): Promise<number> =>
  runProgram(io, async ({ output }) => {
    const program = new Command('qoima-ledger-emulator')
      .description(
        'A Ledger with the Bitcoin app, emulated on 127.0.0.1. For rehearsals and tests.',
      )
      .addOption(
        new Option('--app <build>', 'which build of the app')
          .choices(['mainnet', 'testnet'])
          .default('testnet'),
      )
      .addOption(
        new Option('--app-version <version>', 'which version of it')
          .choices(['2.4.6', '2.3.0'])
          .default('2.4.6'),
      )
      .option('--port <port>', 'HTTP: POST /apdu; 0 for any free port', port, 5000)
      .option('--apdu-port <port>', 'raw TCP; 0 for any free port', port, 9999)
      .option('--mnemonic-file <file>', 'where the BIP-39 words are; - for standard input')
      .addOption(
        new Option('--approval <kind>', 'what the person does').choices(['approve', 'reject']),
      )
      .option('--reject-at <screen>', 'reject each command at or after its n-th screen', count)
      .option('--unplug-at <exchange>', 'answer nothing from this exchange on', count)
      .option('--garbage-at <exchange>', 'answer this exchange with garbage', count)
      .option('--delay <milliseconds>', 'answer so late', count)
      .option('--json', 'one JSON value on stdout at the end, errors as JSON on stderr')
      .addHelpText('after', AFTERWORD)
      .exitOverride()
      .configureOutput(parserOutput(io));
    program.parse(io.argv, { from: 'user' });
    await serve(program.opts<Options>(), io, sources, output);
  });

interface Options {
  readonly app: 'mainnet' | 'testnet';
  readonly appVersion: AppVersion;
  readonly port: number;
  readonly apduPort: number;
  readonly mnemonicFile?: string;
  readonly approval?: 'approve' | 'reject';
  readonly rejectAt?: number;
  readonly unplugAt?: number;
  readonly garbageAt?: number;
  readonly delay?: number;
}

const AFTERWORD = `
The mnemonic comes from --mnemonic-file, or from QOIMA_EMULATOR_MNEMONIC; a passphrase from
QOIMA_EMULATOR_PASSPHRASE. Never use a mnemonic that holds money: the keys lie in this program's memory, and
whoever reaches the port can ask for signatures. Screens are written to standard output as they are shown,
the ports to standard error.
Ctrl-C ends it.`;

const serve = async (
  options: Options,
  io: ProgramIo,
  sources: EmulatorSources,
  output: Output,
): Promise<void> => {
  const emulator = openEmulator({
    ...(await readMnemonic(options, io, sources)),
    passphrase: io.env['QOIMA_EMULATOR_PASSPHRASE'],
    app: options.app === 'mainnet' ? 'Bitcoin' : 'Bitcoin Test',
    version: options.appVersion,
    approval: approvalOf(options),
    misbehaviour: {
      unplugAtExchange: options.unplugAt,
      garbageAtExchange: options.garbageAt,
      delayMilliseconds: options.delay,
    },
    sleep: sources.sleep,
    onScreen: (text) => {
      output.line(printable(text));
    },
  } satisfies EmulatorOptions);
  try {
    const served = await serveEmulator(emulator, options);
    try {
      // On stderr, so that it can be read with --json too.
      io.stderr.write(
        `${emulator.app} ${emulator.version}, emulated, on ${served.url} and on port ${served.apduPort} (raw).\n`,
      );
      await sources.ended;
    } finally {
      await served.close();
    }
  } finally {
    emulator.close();
  }
  const { exchanges, screens } = emulator;
  output.result({ exchanges, screens: [...screens] }, `Ended after ${exchanges} exchanges.`);
};

/** Never from the arguments, which every user of the machine can read. */
const readMnemonic = async (
  { mnemonicFile }: Options,
  { env }: ProgramIo,
  { readInput }: EmulatorSources,
): Promise<Pick<EmulatorOptions, 'mnemonic' | 'mnemonicFrom'>> => {
  if (mnemonicFile === '-') return { mnemonic: await readInput(), mnemonicFrom: 'Standard input' };
  const given = env[VARIABLE];
  if (mnemonicFile === undefined) {
    if (given !== undefined && given !== '') return { mnemonic: given, mnemonicFrom: VARIABLE };
    throw ledgerEmulatorError('EMULATOR_OPTION_INVALID', 'There is no mnemonic.');
  }
  // No error may show words that somebody gave in the place of their file.
  if (/^\s*[a-z]+(?:\s+[a-z]+){11,}\s*$/i.test(mnemonicFile)) {
    const what = 'What --mnemonic-file names are words, and not a file that holds them.';
    throw ledgerEmulatorError('EMULATOR_OPTION_INVALID', what);
  }
  try {
    return { mnemonic: readFileSync(mnemonicFile, 'utf8'), mnemonicFrom: mnemonicFile };
  } catch (cause) {
    const errno = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    const what = `${mnemonicFile} cannot be read${errno}.`;
    throw ledgerEmulatorError('EMULATOR_OPTION_INVALID', what, { file: mnemonicFile }, cause);
  }
};

const VARIABLE = 'QOIMA_EMULATOR_MNEMONIC';

const approvalOf = ({ approval, rejectAt }: Options): Approval =>
  rejectAt === undefined ? (approval ?? 'approve') : { rejectAtScreen: rejectAt };

const port = (text: string): number => {
  const value = natural(text);
  if (value > 65_535) throw new InvalidArgumentError('Not a port.');
  return value;
};

const count = (text: string): number => {
  const value = natural(text);
  if (value === 0) throw new InvalidArgumentError('Counted from 1.');
  return value;
};

const natural = (text: string): number => {
  if (!/^[0-9]{1,9}$/.test(text)) throw new InvalidArgumentError('Not a number.');
  return Number(text);
};
