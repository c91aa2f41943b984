import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { argumentsOf, type Call, type Place } from './place.ts';

/** A change that a program makes to the disk, as `kill-point.mjs` lists it. */
export interface TracedEffect {
  readonly name: string;
  readonly path: string;
  readonly from?: string;
  readonly hasHalf: boolean;
}

/** Where a program is killed: in front of its n-th effect (from 1), behind it, or in the middle. */
export interface KillPoint {
  readonly at: number;
  readonly how: 'before' | 'half' | 'after';
}

/** How a process ended. */
interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command as a process of its own, undisturbed; gives what it changed, in order. */
export const traceEffects = async (place: Place, call: Call): Promise<readonly TracedEffect[]> => {
  const trace = `${place.folder}.trace`;
  const end = await runBuilt(place, call, { QOIMA_CRASH_TRACE: trace });
  if (end.code !== 0) throw new Error(`${call.argv.join(' ')}: ${end.code} ${end.stderr}`);
  return JSON.parse(readFileSync(trace, 'utf8')) as readonly TracedEffect[];
};

/** Runs a command as a process of its own, undisturbed, however it ends. */
export const runAlone = (place: Place, call: Call): Promise<ProcessEnd> =>
  runBuilt(place, call, {});

/** Runs a command as a process of its own, which SIGKILL ends at a point. */
export const runKilled = async (
  place: Place,
  call: Call,
  point: KillPoint,
): Promise<ProcessEnd> => {
  const end = await runBuilt(place, call, {
    QOIMA_CRASH_AT: point.at.toString(),
    QOIMA_CRASH_HOW: point.how,
  });
  if (end.signal === 'SIGKILL') return end;
  throw new Error(
    `${call.argv.join(' ')} was to be killed ${point.how} effect ${point.at} and ended with ${end.code}: ${end.stderr}`,
  );
};

const runBuilt = (
  place: Place,
  call: Call,
  crash: Readonly<Record<string, string>>,
): Promise<ProcessEnd> =>
  new Promise((resolve, reject) => {
    const { program, ledger } = call;
    const main = ledger === undefined ? mains[program] : LEDGER_STATION;
    const argv = ['--import', KILL_POINT, main, ...argumentsOf(place, call)];
    const device = ledger === undefined ? {} : { QOIMA_REHEARSAL_LEDGER: ledger };
    const env = { ...call.env, ...device, ...crash, QOIMA_CRASH_ROOT: place.folder };
    const child = spawn(process.execPath, argv, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
    // A program that ends without reading its input closes the pipe; that is no error of ours.
    child.stdin.on('error', () => {});
    child.stdin.end(call.words ?? '');
  });

const KILL_POINT = new URL('kill-point.mjs', import.meta.url).href;

const packages = new URL('../../../', import.meta.url);
const mains: Readonly<Record<Call['program'], string>> = {
  coordinator: join(fileURLToPath(packages), 'coordinator', 'dist', 'main.js'),
  station: join(fileURLToPath(packages), 'station', 'dist', 'main.js'),
};
/** The station as it is, with an emulated Ledger in the place of USB. */
const LEDGER_STATION = join(fileURLToPath(packages), 'rehearsal', 'dist', 'ledger-station-main.js');
