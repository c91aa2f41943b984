import { basename, dirname, join } from 'node:path';
import { writeNewFile } from '@qoima/journal';
import { formatHex, parseUtf8 } from '@qoima/primitives';
import { type Report, reportJson, reviewPsbt, signingSheet, signingSheetHtml } from '@qoima/review';
import { formatFields, printable } from '@qoima/terminal';
import type { Command } from 'commander';
import { isAccepted } from '../copied-id.ts';
import { ownCosigner } from '../own-cosigner.ts';
import { collect } from '../repeated-option.ts';
import { type OpenSession, readPsbtFile } from '../session.ts';
import { checkSignedPlace, checkStillPinned, judgePsbt, signAccepted } from '../sign.ts';
import { withSigner } from '../station-signer.ts';

/** `qoima-station inspect | sign`. */
export const addSignCommands = (program: Command, open: OpenSession): void => {
  program
    .command('inspect')
    .description('show the signing sheet of a PSBT; nothing is signed')
    .argument('<psbt>', 'PSBT file: binary, base64 or hex')
    .option('--html <file>', 'write the sheet here too, as a page to print')
    .action((file: string, options: { html?: string }, command: Command) => {
      const { station, terminal, scripts } = open(command);
      const own = scripts();
      const report = reviewPsbt(readPsbtFile(file), own, { memory: station.memory() });
      if (options.html !== undefined) {
        writeNewFile(options.html, parseUtf8(signingSheetHtml(report)));
      }
      if (!terminal.output.json) terminal.output.line(formatFields(signingSheet(report)));
      judgePsbt(
        report,
        report.findings.map(({ rule }) => rule),
      );
      terminal.output.result(reportJson(report));
    });

  program
    .command('sign')
    .description('review a PSBT, show its signing sheet, and sign it once you accept it')
    .argument('<psbt>', 'PSBT file: binary, base64 or hex')
    .option(
      '--out <file>',
      'signed PSBT to write; else beside the PSBT, with -signed-<fingerprint>',
    )
    .option(
      '--accept <digest>',
      'the whole digest of the sheet, read before; otherwise you are asked',
    )
    .option('--accept-warning <rule>', 'accept a warning by its rule; may be repeated', collect)
    .action(async (file: string, options: SignOptions, command: Command) => {
      const session = open(command);
      const { station, terminal, scripts } = session;
      const own = scripts();
      const key = station.key.read();
      const cosigner = ownCosigner(key, own.policy);
      const out = options.out ?? signedName(file, formatHex(cosigner.origin.fingerprint));
      const psbt = readPsbtFile(file);
      const review = (): Report =>
        reviewPsbt(psbt, own, { memory: station.memory(), signer: cosigner });
      const report = review();
      if (!terminal.output.json) terminal.output.line(formatFields(signingSheet(report)));
      judgePsbt(report, options.acceptWarning ?? []);
      const accepted = isAccepted(
        options.accept,
        report.digest,
        `The digest that was accepted is not that of ${file}.`,
      );
      checkSignedPlace(out, psbt);
      const word = report.digest.slice(0, 8);
      const { signatures } = await withSigner(session, key, psbt, own, async (signer) => {
        await terminal.confirm({
          question: 'Sign this? Compare every line with what was approved.',
          word,
          given: accepted ? word : undefined,
        });
        const recheck = (): void => {
          checkStillPinned(station, own.policy);
          judgePsbt(review(), options.acceptWarning ?? []);
        };
        return signAccepted(station, {
          psbt,
          scripts: own,
          report,
          signer,
          cosigner,
          recheck,
          out,
        });
      });
      terminal.output.result(
        { report: reportJson(report), signatures, file: out },
        `Signatures by ${cosigner.name}: ${signatures}. Written to ${printable(out)}.`,
      );
    });
};

interface SignOptions {
  readonly out?: string;
  readonly accept?: string;
  readonly acceptWarning?: readonly string[];
}

const signedName = (file: string, fingerprint: string): string =>
  join(dirname(file), `${basename(file).replace(/\.psbt$/i, '')}-signed-${fingerprint}.psbt`);
