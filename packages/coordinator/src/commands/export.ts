import { writeNewFile } from '@qoima/journal';
import { encodePsbt } from '@qoima/psbt';
import { printable } from '@qoima/terminal';
import type { Command } from 'commander';
import { refuseWithdrawn } from '../proposal.ts';
import type { OpenSession } from '../session.ts';

/** `qoima export`. */
export const addExportCommand = (program: Command, open: OpenSession): void => {
  program
    .command('export')
    .description('write the PSBT of a proposal, with the signatures taken so far')
    .argument('<proposal>', 'beginning of its id')
    .requiredOption('--out <file>', 'PSBT file to write')
    .action((prefix: string, options: { out: string }, command: Command) => {
      const { coordinator, terminal } = open(command);
      const proposal = coordinator.proposals.find(prefix);
      refuseWithdrawn(proposal);
      const { id } = proposal;
      writeNewFile(options.out, encodePsbt(coordinator.proposals.readSigned(id)));
      terminal.output.result(
        { proposal: id, file: options.out },
        `Written to ${printable(options.out)}.`,
      );
    });
};
