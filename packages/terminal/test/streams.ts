import { PassThrough, Writable } from 'node:stream';
import type { ProgramIo } from '../src/index.ts';

/** A stream that keeps what is written to it. */
export type Sink = Writable & { isTTY?: boolean; columns?: number; readonly text: () => string };

export const sink = (terminal = false): Sink => {
  const chunks: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk, _encoding, written) => {
      chunks.push(String(chunk));
      written();
    },
  });
  return Object.assign(stream, { isTTY: terminal, columns: 80, text: () => chunks.join('') });
};

export type Input = PassThrough & { isTTY?: boolean };

/** What a process would give, without one. */
export const fakeIo = (
  argv: readonly string[] = [],
  options: { terminal?: boolean; env?: Record<string, string> } = {},
): ProgramIo & { stdin: Input; stdout: Sink; stderr: Sink } => {
  const terminal = options.terminal ?? false;
  return {
    argv,
    env: options.env ?? {},
    stdin: Object.assign(new PassThrough(), { isTTY: terminal }),
    stdout: sink(terminal),
    stderr: sink(terminal),
  };
};
