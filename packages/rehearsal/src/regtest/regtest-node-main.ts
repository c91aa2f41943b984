import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { isQoimaError } from '@qoima/primitives';
import { type RegtestNodeOptions, startRegtestNode } from './regtest-node.ts';

/**
 * The embedded regtest node as a process of its own:
 *
 *     regtest-node-main --dir DIR --seed-time SECONDS [--port 0]
 *
 * Once it answers, its port stands in DIR/port and its cookie in DIR/.cookie. It ends with exit code 0
 * on SIGTERM, SIGINT or the call `stop`, and takes both files away; with 1 if DIR cannot be made.
 */
const main = async (): Promise<void> => {
  const options = readOptions();
  if (options === undefined) {
    process.stderr.write('usage: regtest-node-main --dir DIR --seed-time SECONDS [--port 0]\n');
    process.exitCode = 2;
    return;
  }
  const node = await startRegtestNode(options);
  const portPath = join(options.dir, 'port');
  // Renamed into place, so that whoever waits for the file never reads half a number.
  writeFileSync(`${portPath}.new`, `${new URL(node.url).port}\n`);
  renameSync(`${portPath}.new`, portPath);
  process.stdout.write(`Embedded regtest node, all in memory: ${node.url}\n`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void node.stop());
  await node.stopped;
  rmSync(portPath, { force: true });
};

const readOptions = (): RegtestNodeOptions | undefined => {
  const { dir, port, 'seed-time': seedTime } = readArguments();
  if (dir === undefined || !isNatural(port) || !isNatural(seedTime)) return undefined;
  return { dir, port: Number(port), seedTime: Number(seedTime) };
};

const readArguments = (): Readonly<Record<string, string | undefined>> => {
  const options = {
    dir: { type: 'string' },
    port: { type: 'string', default: '0' },
    'seed-time': { type: 'string' },
  } as const;
  try {
    return parseArgs({ options }).values;
  } catch {
    // An argument that is none of these: the usage says which there are.
    return {};
  }
};

const isNatural = (value: unknown): boolean =>
  typeof value === 'string' && /^[0-9]{1,10}$/.test(value);

try {
  await main();
} catch (error) {
  if (!isQoimaError(error)) throw error;
  process.stderr.write(`error ${error.code}: ${error.message}\n`);
  process.exitCode = 1;
}
