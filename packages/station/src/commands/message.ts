import { formatDerivationPath } from '@qoima/policy';
import { formatBase64, formatHex, parseUtf8, sha256 } from '@qoima/primitives';
import { formatFields } from '@qoima/terminal';
import { type Command, Option } from 'commander';
import { ledgerKeyOf, withLedger } from '../ledger-work.ts';
import { stationCosigner } from '../own-cosigner.ts';
import { screenLines } from '../screen-lines.ts';
import type { OpenSession } from '../session.ts';

/** `qoima-station message sign`. */
export const addMessageCommands = (program: Command, open: OpenSession): void => {
  program
    .command('message')
    .description('prove that the station’s key is held')
    .command('sign')
    .description('have the Ledger sign a message with its first receive key')
    .argument('<message>', '1 to 640 printable ASCII characters')
    .addOption(
      new Option('--script <kind>', 'the key for which script type')
        .choices(['wsh', 'sh-wsh', 'sh'])
        .default('wsh'),
    )
    .action(async (message: string, options: MessageOptions, command: Command) => {
      const session = open(command);
      const { station, terminal } = session;
      const key = ledgerKeyOf(station.key.read());
      const { origin } = stationCosigner(key, options.script, station.network);
      const path = [...origin.path, 0, 0];
      const at = formatDerivationPath(path, "'");
      const { publicKey, signature } = await withLedger(session, key, (ledger) =>
        station.change(async (journal) => {
          terminal.output.line(
            ...screenLines({ show: 'message', path, text: message }, ledger.model),
          );
          const signed = await ledger.signMessage(path, message);
          const sha256OfMessage = formatHex(sha256(parseUtf8(message)));
          journal.append('message.signed', { path: at, sha256: sha256OfMessage });
          return signed;
        }),
      );
      const base64 = formatBase64(signature);
      terminal.output.result(
        { message, path: at, publicKey: formatHex(publicKey), signature: base64 },
        formatFields([
          ['Message', message],
          ['Key', `${formatHex(publicKey)} at m/${at}, of ${key.name}`],
          ['Signature', base64],
        ]),
      );
    });
};

interface MessageOptions {
  readonly script: 'wsh' | 'sh-wsh' | 'sh';
}
