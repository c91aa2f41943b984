#!/usr/bin/env node
import process from 'node:process';
import { coordinatorProgram } from './program.ts';

process.exitCode = await coordinatorProgram({
  argv: process.argv.slice(2),
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
});
