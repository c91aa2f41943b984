#!/usr/bin/env node
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { emulatorProgram } from './program.ts';

/** More than 24 words with all the white space that a table puts between them. */
const MAX_INPUT_LENGTH = 4096;

const readInput = async (): Promise<string> => {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > MAX_INPUT_LENGTH) break;
  }
  return text;
};

const ended = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      resolve();
    });
  }
});

process.exitCode = await emulatorProgram(
  {
    argv: process.argv.slice(2),
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
  },
  { readInput, sleep: (milliseconds) => sleep(milliseconds), ended },
);
