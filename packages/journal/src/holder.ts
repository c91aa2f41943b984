import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import process from 'node:process';
import * as v from 'valibot';
import { errnoOf } from './file-error.ts';

/**
 * A process, as another one can recognise it. A number alone does not do: systems give it out again,
 * after a restart from the beginning, and each container counts for itself.
 */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Linux: changes with every start of the machine. Null where the system does not tell. */
  readonly boot: string | null;
  /** Linux: within which process numbers count, `pid:[4026531836]`. */
  readonly numbers: string | null;
  /** Linux: when the process began, in clock ticks since the machine did. */
  readonly started: string | null;
}

/** This process. */
export const thisProcess = (): Holder => processOf(process.pid);

/** A process that runs here, of those that this one can see. */
export const processOf = (pid: number): Holder => ({
  pid,
  host: hostname(),
  boot: ask(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
  numbers: ask(() => readlinkSync('/proc/self/ns/pid')),
  started: statusOf(pid)?.started ?? null,
});

/**
 * Whether a process has certainly ended. False for one that cannot be judged from here: on another
 * host, or in another container.
 */
export const isDead = (holder: Holder): boolean => {
  const here = thisProcess();
  if (holder.host !== here.host) return false;
  // The machine was started anew since, and nothing of then is running.
  if (differ(holder.boot, here.boot)) return true;
  if (differ(holder.numbers, here.numbers)) return false;
  return !isRunning(holder.pid) || differ(holder.started, statusOf(holder.pid)?.started ?? null);
};

/** Whether any process has this number here, but for one that has ended and was not waited for. */
export const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
  } catch (cause) {
    return errnoOf(cause) !== 'ESRCH';
  }
  return !['Z', 'X'].includes(statusOf(pid)?.state ?? '');
};

const text = v.nullable(v.string());

/** Reads what a lock file says. That its process lives is not checked. */
export const holderSchema: v.GenericSchema<unknown, Holder> = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  host: v.string(),
  boot: v.optional(text, null),
  numbers: v.optional(text, null),
  started: v.optional(text, null),
});

/** What is unknown on either side proves nothing. */
const differ = (a: string | null, b: string | null): boolean => a !== null && b !== null && a !== b;

/** Fields 3 and 22 of `/proc/PID/stat`; a program's name, field 2, may hold anything but its last `)`. */
const statusOf = (pid: number): { state: string; started: string } | undefined => {
  const line = ask(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  const [state, ...rest] = line?.slice(line.lastIndexOf(')') + 2).split(' ') ?? [];
  const started = rest[18];
  return state === undefined || started === undefined ? undefined : { state, started };
};

const ask = (look: () => string): string | null => {
  try {
    return look();
  } catch {
    return null;
  }
};
