import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  formatFields,
  type Output,
  type ProgramIo,
  parserOutput,
  runProgram,
} from '@qoima/terminal';
import { Command, Option } from 'commander';
import { findBitcoind, startBitcoind } from './bitcoind.ts';
import { type CeremonyEnd, rehearse } from './ceremony.ts';
import { rehearsalError } from './errors.ts';
import { startRegtestNode } from './regtest/regtest-node.ts';
import type { RunningNode } from './running-node.ts';

/** Any fixed time will do; without one, no two rehearsals would write the same bytes. */
const DEFAULT_CLOCK = '2026-01-01T00:00:00Z';

interface Options {
  readonly node: 'embedded' | 'bitcoind';
  readonly seed: string;
  readonly clock: string;
  readonly out?: string;
}

/** The program behind `npm run rehearse`. */
export const rehearsalProgram = (io: ProgramIo): Promise<number> =>
  runProgram(io, async ({ output, progress }) => {
    const program = new Command('rehearse')
      .description('A whole 3-of-5 ceremony on regtest, through the real programs and files.')
      .addOption(
        new Option('--node <node>', 'which chain')
          .choices(['embedded', 'bitcoind'])
          .default('embedded'),
      )
      .option('--seed <text>', 'makes the keys; the same seed writes the same files', 'rehearsal')
      .option('--clock <time>', 'what all programs take for the time', DEFAULT_CLOCK)
      .option('--out <folder>', 'where to write; default: a new temporary folder')
      .option('--json', 'one JSON value on stdout, errors as JSON on stderr')
      .exitOverride()
      .configureOutput(parserOutput(io));
    program.parse(io.argv, { from: 'user' });
    const options = program.opts<Options>();
    const folder = emptyFolder(options.out);
    const node = await startNode(options, io.env);
    try {
      output.line(`On ${node.name}.`);
      const { seed, clock } = options;
      const end = await rehearse({ node, folder, seed, clock, progress });
      showEnd(output, end, folder);
    } finally {
      await node.stop();
    }
  });

const startNode = async (options: Options, env: ProgramIo['env']): Promise<RunningNode> => {
  const time = Math.floor(Date.parse(options.clock) / 1000);
  // The node's files are not the ceremony's: cookies and block files differ from run to run.
  const dir = mkdtempSync(join(tmpdir(), 'qoima-regtest-'));
  const node =
    options.node === 'bitcoind'
      ? await startBitcoind({ binary: findBitcoind(env), dir })
      : await startRegtestNode({ dir, seedTime: time });
  return {
    ...node,
    stop: async () => {
      await node.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

const emptyFolder = (out: string | undefined): string => {
  if (out === undefined) return mkdtempSync(join(tmpdir(), 'qoima-rehearsal-'));
  const folder = resolve(out);
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw rehearsalError('REHEARSAL_FOLDER_NOT_EMPTY', `There are files in ${folder}.`, { folder });
  }
  return folder;
};

const showEnd = (output: Output, end: CeremonyEnd, folder: string): void => {
  const { txid, confirmations, journals, policyId } = end;
  const entries = Object.values(journals).reduce((a, b) => a + b, 0);
  output.result({ policyId, txid, confirmations, journals, folder }, [
    formatFields([
      ['Confirmed', txid],
      ['Confirmations', confirmations.toString()],
      ['Policy', policyId],
      ['Journals', `${Object.keys(journals).length} hold, ${entries} entries`],
      ['Files', folder],
    ]),
  ]);
};
