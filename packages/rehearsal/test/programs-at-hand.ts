import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { coordinatorProgram } from '@qoima/coordinator';
import type { LedgerDevices } from '@qoima/signer-ledger';
import { stationProgram } from '@qoima/station';
import type { ProgramIo } from '@qoima/terminal';
import { seededBytes } from '../src/seed.ts';

/** How a program ended, and all that it said. */
export interface End {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine that nothing is plugged into. */
const noDevices: LedgerDevices = {
  list: async () => [],
  open: async () => {
    throw new Error('no test here opens a device');
  },
};

type Env = Readonly<Record<string, string>>;

/** `qoima …` in this process, with streams that are no terminal. */
export const qoima = (argv: readonly string[], env: Env = {}): Promise<End> =>
  run(argv, env, coordinatorProgram);

/** `qoima-station …`; `words` is what it is given on standard input, `devices` what is plugged in. */
export const station = (
  argv: readonly string[],
  env: Env = {},
  words = '',
  devices: LedgerDevices = noDevices,
): Promise<End> =>
  run(argv, env, (io) =>
    stationProgram(io, {
      random: (length) => seededBytes('a test', `key ${argv.join(' ')}`).subarray(0, length),
      readInput: async () => words,
      devices,
      onInterrupt: () => () => {},
    }),
  );

const run = async (
  argv: readonly string[],
  env: Env,
  program: (io: ProgramIo) => Promise<number>,
): Promise<End> => {
  const [stdout, stderr] = [sink(), sink()];
  const stdin = Object.assign(new PassThrough(), { isTTY: false });
  const code = await program({ argv, env, stdin, stdout, stderr });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
};

const sink = () => {
  const chunks: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk, _encoding, written) => {
      chunks.push(String(chunk));
      written();
    },
  });
  return Object.assign(stream, { isTTY: false, columns: 100, text: () => chunks.join('') });
};

/** One hash over every file below a folder: names, modes and contents. */
export const folderDigest = (folder: string): string => {
  const hash = createHash('sha256');
  const visit = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const child = join(path, entry.name);
      hash.update(`${child}\n${statSync(child).mode}\n`);
      if (entry.isDirectory()) visit(child);
      else hash.update(readFileSync(child));
    }
  };
  visit(folder);
  return hash.digest('hex');
};
