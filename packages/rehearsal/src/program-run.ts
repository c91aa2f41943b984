import { spawn } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { rehearsalError } from './errors.ts';

/** One of the programs under rehearsal, started as its users start it: a process of its own. */
export type ProgramName = 'coordinator' | 'station' | 'ledgerStation';

export interface ProgramRun {
  /** Whose program it is, and where the rehearsal lies: for the error that a device ends it with. */
  readonly who: string;
  readonly folder: string;
  readonly arguments: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Told of the process when it runs. */
  readonly onStart: (pid: number) => void;
}

/** How a program ended. */
export interface ProgramEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. It sees of this process's environment only what it is given. */
const runProgram = (program: ProgramName, run: ProgramRun): Promise<ProgramEnd> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fileURLToPath(mains[program]), ...run.arguments], {
      env: run.env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    if (child.pid !== undefined) run.onStart(child.pid);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.once('error', reject);
    child.once('close', (code) =>
      resolve({
        code: code ?? -1,
        stdout: Buffer.concat(stdout).toString('utf8'),
        stderr: Buffer.concat(stderr).toString('utf8'),
      }),
    );
    // A program that ends without reading its input closes the pipe; that is no error of ours.
    child.stdin.on('error', () => {});
    child.stdin.end(run.input ?? '');
  });

/**
 * Runs a program with `--json` and gives its result; any exit code but `expected` ends the rehearsal.
 * @throws `REHEARSAL_STEP_DIFFERED` with the program's own error, `REHEARSAL_DEVICE_STOPPED`
 */
export const expectResult = async (
  program: ProgramName,
  run: ProgramRun,
  expected = 0,
): Promise<unknown> => {
  const { code, stdout, stderr } = await runProgram(program, {
    ...run,
    arguments: ['--json', ...run.arguments],
  });
  if (code === DEVICE) {
    const { error } = v.parse(deviceError, JSON.parse(stderr));
    throw rehearsalError(
      'REHEARSAL_DEVICE_STOPPED',
      `At ${run.who}: ${error.message} All that was done lies in ${run.folder}.`,
      { who: run.who, folder: run.folder, device: error.code },
    );
  }
  if (code !== expected) {
    throw rehearsalError(
      'REHEARSAL_STEP_DIFFERED',
      `"${program} ${run.arguments.join(' ')}" ended with ${code}: ${stderr.trim() || 'no error text'}.`,
      { expected, actual: code },
    );
  }
  return code === 0 ? JSON.parse(stdout) : JSON.parse(stderr);
};

/** The exit code for a device that is absent or refused. */
const DEVICE = 5;

const deviceError = v.object({ error: v.object({ code: v.string(), message: v.string() }) });

/** `main.js` lies beside the library that the package exports. */
const mains: Readonly<Record<ProgramName, string>> = {
  coordinator: new URL('./main.js', import.meta.resolve('@qoima/coordinator')).href,
  station: new URL('./main.js', import.meta.resolve('@qoima/station')).href,
  ledgerStation: new URL('./ledger-station-main.js', import.meta.url).href,
};
