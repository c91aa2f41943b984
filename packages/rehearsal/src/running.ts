import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Holder,
  holderSchema,
  isDead,
  isThere,
  processOf,
  writeFileAtomically,
} from '@qoima/journal';
import { parseUtf8 } from '@qoima/primitives';
import * as v from 'valibot';
import { rehearsalError } from './errors.ts';

/** Who works in the folder of a rehearsal, in `running.json`: the rehearsal, and the program that it runs. */
export interface Running {
  /** Notes a program that was started. */
  readonly program: (pid: number) => void;
  /** Notes that nobody works there. */
  readonly end: () => void;
}

const FILE = 'running.json';

const schema = v.strictObject({ rehearsal: holderSchema, program: v.nullable(holderSchema) });

const PAUSE_MS = 50;
const PATIENCE_MS = 60_000;

/**
 * Takes a folder for this process. A rehearsal that was killed may have left a program behind that still
 * writes: that one's end is waited for. Two that begin at the same moment do not see each other.
 * @throws `REHEARSAL_RUNNING`
 */
export const takeFolder = async (folder: string): Promise<Running> => {
  const path = join(folder, FILE);
  const found = isThere(path) ? read(path) : undefined;
  if (found !== undefined) {
    const { rehearsal, program } = found;
    if (rehearsal.pid !== process.pid && !isDead(rehearsal)) throw running(folder, rehearsal);
    for (let left = PATIENCE_MS; program !== null && !isDead(program); left -= PAUSE_MS) {
      if (left <= 0) throw running(folder, program);
      await sleep(PAUSE_MS);
    }
  }
  const rehearsal = processOf(process.pid);
  const write = (program: Holder | null): void =>
    writeFileAtomically(path, parseUtf8(`${JSON.stringify({ rehearsal, program })}\n`));
  write(null);
  return {
    program: (pid) => write(processOf(pid)),
    end: () => rmSync(path, { force: true }),
  };
};

/** Undefined for a file that says nothing of use: it is written whole, so nobody here wrote it. */
const read = (path: string): v.InferOutput<typeof schema> | undefined => {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), readFileSync(path, 'utf8'));
  return parsed.success ? parsed.output : undefined;
};

const running = (folder: string, { pid, host }: Holder): Error =>
  rehearsalError('REHEARSAL_RUNNING', `Process ${pid} on ${host} works in ${folder}.`, {
    folder,
    pid,
    host,
  });
