import { analyzePsbt } from '@qoima/psbt';
import { reportJson, reviewPsbt, signingSheet } from '@qoima/review';
import { formatFields } from '@qoima/terminal';
import type { Command } from 'commander';
import { analysisJson, analysisLines } from '../analysis-lines.ts';
import { warnOfDamaged } from '../damaged-lines.ts';
import { proposalMemory } from '../memory.ts';
import { refuseBlocked } from '../propose.ts';
import { type OpenSession, readPsbtFile } from '../session.ts';

/** `qoima inspect`. */
export const addInspectCommand = (program: Command, open: OpenSession): void => {
  program
    .command('inspect')
    .description('review a PSBT as a station will: what it pays, what is proven, who has signed')
    .argument('<psbt>', 'PSBT file: binary, base64 or hex')
    .action((file: string, _options: object, command: Command) => {
      const { coordinator, terminal, scripts } = open(command);
      const own = scripts();
      const psbt = readPsbtFile(file);
      warnOfDamaged({ coordinator, terminal });
      const report = reviewPsbt(psbt, own, { memory: proposalMemory(coordinator.proposals) });
      if (!terminal.output.json) terminal.output.line(formatFields(signingSheet(report)));
      refuseBlocked(report);
      const analysis = analyzePsbt(psbt, own);
      terminal.output.result(
        { report: reportJson(report), analysis: analysisJson(analysis) },
        analysisLines(analysis),
      );
    });
};
