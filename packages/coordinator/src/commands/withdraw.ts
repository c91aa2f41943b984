import type { Command } from 'commander';
import { labelText } from '../options.ts';
import { proposalJson } from '../proposal.ts';
import { remainsJson, remainsLines } from '../remains-lines.ts';
import type { OpenSession } from '../session.ts';
import { withdrawProposal } from '../withdraw.ts';

/** `qoima withdraw`. */
export const addWithdrawCommand = (program: Command, open: OpenSession): void => {
  program
    .command('withdraw')
    .description('take a proposal back that was not sent: its coins are free again')
    .argument('<proposal>', 'beginning of its id')
    .requiredOption('--reason <text>', 'why, for the journal')
    .action(async (prefix: string, options: { reason: string }, command: Command) => {
      const { coordinator, terminal, scriptsOf } = open(command);
      const { id, policyId } = coordinator.proposals.find(prefix);
      const reason = labelText(options.reason, '--reason', 1);
      const { proposal, remains } = await withdrawProposal(
        coordinator,
        scriptsOf(policyId),
        id,
        reason,
      );
      terminal.output.result({ proposal: proposalJson(proposal), remains: remainsJson(remains) }, [
        `Proposal ${id.slice(0, 8)} is withdrawn; its coins are free: ${proposal.coins.length}.`,
        ...remainsLines(remains),
      ]);
    });
};
