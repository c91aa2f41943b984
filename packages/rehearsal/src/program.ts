import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { clockFrom } from '@qoima/journal';
import {
  formatFields,
  type Output,
  type ProgramIo,
  parserOutput,
  runProgram,
} from '@qoima/terminal';
import { Command, InvalidArgumentError, Option } from 'commander';
import { findBitcoind, startBitcoind } from './bitcoind.ts';
import { type CeremonyEnd, rehearse } from './ceremony.ts';
import { openCeremonyRecord, type Signers } from './ceremony-record.ts';
import { parseMishap } from './emulated-ledger.ts';
import { rehearsalError } from './errors.ts';
import { startRegtestNode } from './regtest/regtest-node.ts';
import type { RunningNode } from './running-node.ts';

/** Any fixed time will do; without one, no two rehearsals would write the same bytes. */
const USUAL = { seed: 'rehearsal', clock: '2026-01-01T00:00:00Z', signers: 'ledger' } as const;

interface Options {
  readonly node: 'embedded' | 'bitcoind';
  readonly signers?: Signers;
  readonly seed?: string;
  readonly clock?: string;
  readonly out?: string;
  readonly rejectAt?: string;
  readonly unplugAt?: string;
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
      .addOption(
        new Option('--signers <kind>', 'emulated Ledgers (the default), or words in files').choices(
          ['ledger', 'software'],
        ),
      )
      .option(
        '--seed <text>',
        `any text; makes the keys, and the same writes the same files; default: ${USUAL.seed}`,
      )
      .option(
        '--clock <time>',
        `what all programs take for the time; default: ${USUAL.clock}`,
        clockText,
      )
      .option(
        '--out <folder>',
        'where to write; default: a new temporary folder. One that was interrupted goes on',
      )
      .option('--reject-at <screen>', 'the second custodian rejects at this screen of the signing')
      .option('--unplug-at <exchange>', 'the second custodian’s Ledger goes away while it signs')
      .option('--json', 'one JSON value on stdout, errors as JSON on stderr')
      .exitOverride()
      .configureOutput(parserOutput(io));
    program.parse(io.argv, { from: 'user' });
    const options = program.opts<Options>();
    const folder = resolve(options.out ?? mkdtempSync(join(tmpdir(), 'qoima-rehearsal-')));
    const mishap = mishapOf(options);
    const record = await openCeremonyRecord(folder, options, USUAL);
    try {
      if (mishap !== '' && record.signers !== 'ledger') {
        const what = 'This rehearsal is one with software signers.';
        throw rehearsalError('REHEARSAL_MISHAP_INVALID', what, { mishap });
      }
      const node = await startNode(options.node, record.clock, io.env);
      try {
        output.line(`On ${node.name}, in ${folder}.`);
        const end = await rehearse({ node, folder, record, mishap, progress });
        if (mishap !== '')
          output.line(`Nothing came of ${mishap}: there was less to sign, or it was signed.`);
        showEnd(output, end, folder);
      } finally {
        await node.stop();
      }
    } finally {
      record.close();
    }
  });

/** As the programs read it; blocks have their time in 32 bits of seconds, and so has a policy its birthday. */
const clockText = (text: string): string => {
  try {
    const year = clockFrom({ QOIMA_CLOCK: text })().getUTCFullYear();
    if (year > 1970 && year < 2106) return text;
  } catch {
    // Its error speaks of an environment variable that nobody set.
  }
  throw new InvalidArgumentError(
    'Give a time of the years 1971 to 2105 in UTC, as 2026-01-31T12:00:00Z.',
  );
};

/** Of `--reject-at` and `--unplug-at`. @throws `REHEARSAL_MISHAP_INVALID` */
const mishapOf = ({ rejectAt, unplugAt }: Options): string => {
  const mishaps = [
    ...(rejectAt === undefined ? [] : [`reject-at ${rejectAt}`]),
    ...(unplugAt === undefined ? [] : [`unplug-at ${unplugAt}`]),
  ].join(' and ');
  parseMishap(mishaps);
  return mishaps;
};

const startNode = async (
  kind: Options['node'],
  clock: string,
  env: ProgramIo['env'],
): Promise<RunningNode> => {
  const time = Math.floor(Date.parse(clock) / 1000);
  // The node's files are not the ceremony's: cookies and block files differ from run to run.
  const dir = mkdtempSync(join(tmpdir(), 'qoima-regtest-'));
  const node =
    kind === 'bitcoind'
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
