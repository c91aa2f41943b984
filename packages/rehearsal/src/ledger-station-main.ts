#!/usr/bin/env node
import { randomBytes } from 'node:crypto';
import process from 'node:process';
import { stationProgram } from '@qoima/station';
import { emulatedLedger } from './emulated-ledger.ts';

/*
 * `qoima-station` as it is, with an emulated Ledger in the place of USB. The file that describes it holds
 * a seed, and so it comes by the environment and not as an argument.
 */
const { QOIMA_REHEARSAL_LEDGER: path = '', QOIMA_REHEARSAL_MISHAP: mishap = '' } = process.env;

process.exitCode = await stationProgram(
  {
    argv: process.argv.slice(2),
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
  },
  {
    random: (length) => new Uint8Array(randomBytes(length)),
    readInput: () => Promise.resolve(''),
    devices: emulatedLedger(path, mishap),
    onInterrupt: (stop) => {
      process.once('SIGINT', stop);
      return () => process.off('SIGINT', stop);
    },
  },
);
