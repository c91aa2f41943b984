import type { JsonValue } from '@qoima/primitives';
import type { Command } from 'commander';
import { warnOfDamaged } from '../damaged-lines.ts';
import { labelText } from '../options.ts';
import { proposalJson } from '../proposal.ts';
import { remainsJson, remainsLines } from '../remains-lines.ts';
import type { OpenSession } from '../session.ts';
import { type ReleasedCoins, withdrawProposal } from '../withdraw.ts';

/** `qoima withdraw`. */
export const addWithdrawCommand = (program: Command, open: OpenSession): void => {
  program
    .command('withdraw')
    .description(
      'take a proposal back that was not sent, or lost against another spend of its coins',
    )
    .argument('<proposal>', 'beginning of its id')
    .requiredOption('--reason <text>', 'why, for the journal')
    .action(async (prefix: string, options: { reason: string }, command: Command) => {
      const { coordinator, terminal, scriptsOf, chain } = open(command);
      const { id, policyId } = coordinator.proposals.find(prefix);
      warnOfDamaged({ coordinator, terminal });
      const reason = labelText(options.reason, '--reason', 1);
      const scripts = scriptsOf(policyId);
      const withdrawn = await withdrawProposal(coordinator, scripts, chain(scripts), id, reason);
      const { proposal, remains, coins, conflictDepth } = withdrawn;
      terminal.output.result(
        {
          proposal: proposalJson(proposal),
          remains: remainsJson(remains),
          coins: releasedJson(coins),
          conflictDepth: conflictDepth ?? null,
        },
        [
          `Proposal ${id.slice(0, 8)} is withdrawn.`,
          ...releasedLines(coins),
          ...(conflictDepth === undefined ? remainsLines(remains) : conflictLines(conflictDepth)),
        ],
      );
    });
};

/** Only what the node was asked about is called free. */
const releasedLines = (coins: ReleasedCoins): readonly string[] => {
  if (!coins.asked) {
    return [
      `Warning: the node could not be asked (${coins.error.code}), so it is not known whether somebody has sent it, nor whether its coins are free.`,
      'Look at "qoima coins" before you pay the same again.',
    ];
  }
  const { free, notFree } = coins;
  if (notFree.length === 0) return [`Its coins are free: ${free.length}.`];
  return [
    `Its coins that are free: ${free.length}.`,
    `Warning: the node does not list ${notFree.join(', ')} as unspent, or another proposal holds it. Find out what has spent it before you pay the same again.`,
  ];
};

const conflictLines = (depth: number): readonly string[] => [
  `It was sent, and lost: another spend of its coins has ${depth} confirmations.`,
  'Warning: if a reorganisation undoes that spend, this one can be confirmed after all. Have it in mind when you pay the same again.',
];

const releasedJson = (coins: ReleasedCoins): JsonValue =>
  coins.asked
    ? { asked: true, free: coins.free, notFree: coins.notFree }
    : { asked: false, error: coins.error.code };
