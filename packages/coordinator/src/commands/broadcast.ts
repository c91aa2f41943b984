import type { Command } from 'commander';
import { broadcastProposal } from '../broadcast.ts';
import { warnOfDamaged } from '../damaged-lines.ts';
import { nextStep } from '../next-step.ts';
import { proposalJson } from '../proposal.ts';
import type { OpenSession } from '../session.ts';
import { placeText } from '../whereabouts.ts';

/** `qoima broadcast`. */
export const addBroadcastCommand = (program: Command, open: OpenSession): void => {
  program
    .command('broadcast')
    .description('ask the node whether it would take the finished transaction, then send it')
    .argument('<proposal>', 'beginning of its id')
    .action(async (prefix: string, _options: object, command: Command) => {
      const { coordinator, terminal, scriptsOf, chain } = open(command);
      const proposal = coordinator.proposals.find(prefix);
      warnOfDamaged({ coordinator, terminal });
      const scripts = scriptsOf(proposal.policyId);
      const { proposal: sent, found } = await broadcastProposal(
        coordinator,
        scripts,
        chain(scripts),
        proposal.id,
      );
      terminal.output.result({ proposal: proposalJson(sent), found: found ? { ...found } : null }, [
        ...(found === undefined
          ? []
          : [`The node has it already, ${placeText(found)}; its signatures may be others.`]),
        nextStep(sent) ?? '',
      ]);
    });
};
