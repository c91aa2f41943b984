#!/usr/bin/env node
import { randomBytes } from 'node:crypto';
import process from 'node:process';
import { usbDevices } from '@qoima/signer-ledger';
import { exitCodes } from '@qoima/terminal';
import { stationProgram } from './program.ts';

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

/**
 * A device that a person has left in the middle of a review keeps its USB library, and with it the process,
 * waiting.
 */
const MS_TO_END = 500;

const code = await stationProgram(
  {
    argv: process.argv.slice(2),
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
  },
  {
    random: (length) => new Uint8Array(randomBytes(length)),
    readInput,
    devices: usbDevices(),
    onInterrupt: (stop) => {
      // The first interrupt stops the work; a second one ends the process, as usual.
      process.once('SIGINT', stop);
      return () => process.off('SIGINT', stop);
    },
  },
);
process.exitCode = code;
if (code === exitCodes.device) setTimeout(() => process.exit(code), MS_TO_END).unref();
