#!/usr/bin/env node
import process from 'node:process';
import { rehearsalProgram } from './program.ts';

process.exitCode = await rehearsalProgram({
  argv: process.argv.slice(2),
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
});
