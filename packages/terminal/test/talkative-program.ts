import { runProgram } from '../src/index.ts';

/** Writes far more than a pipe holds, and ends as incomplete. */
process.exitCode = await runProgram(
  {
    argv: [],
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
  },
  async ({ output }) => {
    for (let at = 0; at < 20_000; at++) {
      output.line('a line of text that nobody will read to its end');
      if (at % 1000 === 0) await new Promise(setImmediate);
    }
    output.result(null, 'done', 'incomplete');
  },
);
