import { checkNewFile, writeNewFile } from '@qoima/journal';
import { encodePsbt } from '@qoima/psbt';
import { reportJson, signingSheet } from '@qoima/review';
import { formatFields, printable } from '@qoima/terminal';
import { type Command, Option } from 'commander';
import { feeRate, labelText, outpoint, ruleNames, wholeNumber } from '../options.ts';
import { parsePayment } from '../payment.ts';
import { proposalJson } from '../proposal.ts';
import { proposeSpend, refuseRepeated, type SpendRequest } from '../propose.ts';
import { rescanProgress } from '../rescan-progress.ts';
import type { OpenSession } from '../session.ts';
import { tellSyncing } from '../tell-syncing.ts';

/** `qoima propose`. */
export const addProposeCommand = (program: Command, open: OpenSession): void => {
  program
    .command('propose')
    .description('choose coins, build a PSBT, review it, and store it as a proposal')
    .requiredOption(
      '--pay <address=btc>',
      'pay this many BTC to this address; may be repeated',
      collect,
    )
    .option('--fee-rate <sat/vB>', 'satoshis per vbyte; else the node’s estimate')
    .option('--coin <txid:vout>', 'spend exactly these coins; may be repeated', collect)
    .option('--min-confirmations <n>', 'choose no coin with fewer', '1')
    .option('--label <text>', 'what this spend is for')
    .addOption(new Option('--psbt-version <v>', 'PSBT version').choices(['0', '2']).default('0'))
    .option('--accept-warning <rule>', 'accept a warning by its rule; may be repeated', collect)
    .option('--out <file>', 'write the PSBT here, to carry to the stations')
    .action(async (options: ProposeOptions, command: Command) => {
      const { coordinator, terminal, scripts, chain } = open(command);
      const own = scripts();
      const label = labelText(options.label ?? '', '--label');
      const payments = options.pay.map((text, i) =>
        parsePayment(text, own, `--pay ${i + 1} of ${options.pay.length}`),
      );
      const accepted = ruleNames(options.acceptWarning ?? [], '--accept-warning');
      // First, so that a command that was cut off learns this and not that its file is there.
      refuseRepeated(coordinator, own.policy, { label, payments });
      if (options.out !== undefined) checkNewFile(options.out);
      const request: SpendRequest = {
        label,
        payments,
        feeRate: options.feeRate === undefined ? undefined : feeRate(options.feeRate, '--fee-rate'),
        coins: (options.coin ?? []).map((text) => outpoint(text, '--coin')),
        minConfirmations: wholeNumber(options.minConfirmations, '--min-confirmations', 1_000_000),
        version: options.psbtVersion === '2' ? 2 : 0,
        acceptedWarnings: accepted,
        onProgress: rescanProgress(terminal.progress),
      };
      const nodeSyncing = await tellSyncing(terminal, chain(own));
      const { proposal, psbt, report } = await proposeSpend(coordinator, own, request);
      if (options.out !== undefined) writeNewFile(options.out, encodePsbt(psbt));
      terminal.output.result(
        { proposal: proposalJson(proposal), report: reportJson(report), nodeSyncing },
        [
          formatFields(signingSheet(report)),
          options.out === undefined
            ? `Proposal ${proposal.id.slice(0, 8)} is stored. Write its PSBT with "qoima export".`
            : `Proposal ${proposal.id.slice(0, 8)} is stored; its PSBT is in ${printable(options.out)}.`,
        ],
      );
    });
};

interface ProposeOptions {
  readonly pay: readonly string[];
  readonly feeRate?: string;
  readonly coin?: readonly string[];
  readonly minConfirmations: string;
  readonly label?: string;
  readonly psbtVersion: '0' | '2';
  readonly acceptWarning?: readonly string[];
  readonly out?: string;
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];
