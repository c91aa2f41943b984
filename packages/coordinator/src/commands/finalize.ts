import { checkNewFile, writeNewFile } from '@qoima/journal';
import { formatHex, parseUtf8 } from '@qoima/primitives';
import type { Command } from 'commander';
import { warnOfDamaged } from '../damaged-lines.ts';
import { finalizeProposal } from '../finalize.ts';
import { nextStep } from '../next-step.ts';
import { proposalJson } from '../proposal.ts';
import type { OpenSession } from '../session.ts';

/** `qoima finalize`. */
export const addFinalizeCommand = (program: Command, open: OpenSession): void => {
  program
    .command('finalize')
    .description('verify every signature again and make the finished transaction')
    .argument('<proposal>', 'beginning of its id')
    .option('--out <file>', 'write the transaction here too, as hex')
    .action(async (prefix: string, options: { out?: string }, command: Command) => {
      const { coordinator, terminal, scriptsOf } = open(command);
      const proposal = coordinator.proposals.find(prefix);
      warnOfDamaged({ coordinator, terminal });
      if (options.out !== undefined && proposal.state === 'open') checkNewFile(options.out);
      const final = await finalizeProposal(coordinator, scriptsOf(proposal.policyId), proposal.id);
      const hex = formatHex(final.transaction);
      if (options.out !== undefined) writeNewFile(options.out, parseUtf8(`${hex}\n`));
      terminal.output.result(
        { proposal: proposalJson(final.proposal), vsize: final.vsize, transaction: hex },
        nextStep(final.proposal, `, ${final.vsize} vB`),
      );
    });
};
