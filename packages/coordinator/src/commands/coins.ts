import { formatBtc, formatOutpoint, sumSats } from '@qoima/primitives';
import { formatTable } from '@qoima/terminal';
import type { Command } from 'commander';
import { listCoins, watchPolicy } from '../coins.ts';
import { warnOfDamaged } from '../damaged-lines.ts';
import { wholeNumber } from '../options.ts';
import { rescanProgress } from '../rescan-progress.ts';
import type { OpenSession } from '../session.ts';
import { tellSyncing } from '../tell-syncing.ts';

/** `qoima coins`. */
export const addCoinsCommand = (program: Command, open: OpenSession): void => {
  program
    .command('coins')
    .description('list the policy’s unspent coins, as the node has them and our keys prove them')
    .option('--min-confirmations <n>', 'leave out coins with fewer', '1')
    .action(async (options: { minConfirmations: string }, command: Command) => {
      const { coordinator, terminal, scripts, chain } = open(command);
      const own = scripts();
      const node = chain(own);
      warnOfDamaged({ coordinator, terminal });
      const least = wholeNumber(options.minConfirmations, '--min-confirmations', 1_000_000);
      const nodeSyncing = await tellSyncing(terminal, node);
      await watchPolicy(coordinator, own, node, rescanProgress(terminal.progress));
      const { coins, unproven } = await listCoins(coordinator, own, node, least);
      const total = sumSats(coins.map(({ amount }) => amount));
      terminal.output.result(
        {
          totalSats: total.toString(),
          coins: coins.map((coin) => ({
            outpoint: formatOutpoint(coin.outpoint),
            amountSats: coin.amount.toString(),
            branch: coin.branch,
            index: coin.index,
            confirmations: coin.confirmations,
            lockedBy: coin.lockedBy ?? null,
          })),
          unproven: unproven.map(formatOutpoint),
          nodeSyncing,
        },
        [
          formatTable(
            [
              { title: 'Coin' },
              { title: 'BTC', align: 'right' },
              { title: 'Address', align: 'right' },
              { title: 'Confirmations', align: 'right' },
              { title: 'Locked by' },
            ],
            coins.map((coin) => [
              formatOutpoint(coin.outpoint),
              formatBtc(coin.amount),
              `${coin.branch} ${coin.index}`,
              coin.confirmations.toString(),
              coin.lockedBy?.slice(0, 8) ?? '',
            ]),
          ),
          `Coins: ${coins.length}, together ${formatBtc(total)} BTC`,
          ...unproven.map(
            (outpoint) => `Not counted, on no known address: ${formatOutpoint(outpoint)}`,
          ),
        ],
      );
    });
};
