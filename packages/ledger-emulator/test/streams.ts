import { PassThrough, Writable } from 'node:stream';
import type { ProgramIo } from '@qoima/terminal';

type Sink = Writable & { readonly text: () => string };

const sink = (): Sink => {
  const chunks: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk, _encoding, written) => {
      chunks.push(String(chunk));
      written();
    },
  });
  return Object.assign(stream, { text: () => chunks.join('') });
};

/** What a process would give, without one. */
export const fakeIo = (
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): ProgramIo & { readonly stdout: Sink; readonly stderr: Sink } => ({
  argv,
  env,
  stdin: new PassThrough(),
  stdout: sink(),
  stderr: sink(),
});
