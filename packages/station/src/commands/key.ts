import { writeNewFile } from '@qoima/journal';
import {
  decodeKeyRecord,
  encodeKeyRecord,
  formatCosignerKey,
  type ScriptKind,
} from '@qoima/policy';
import { formatHex, parseUtf8 } from '@qoima/primitives';
import { generateMnemonic, parseMnemonic } from '@qoima/signer-software';
import { printable } from '@qoima/terminal';
import { type Command, Option } from 'commander';
import { readLedgerKey } from '../ledger-key.ts';
import { stationCosigner } from '../own-cosigner.ts';
import type { OpenSession, Session } from '../session.ts';
import type { StationKey } from '../station-key.ts';

/** Where new keys and given ones come from. */
export interface KeySources {
  /** So many bytes of the system's randomness. */
  readonly random: (length: number) => Uint8Array;
  /** Standard input as text, up to more than any mnemonic is long. */
  readonly readInput: () => Promise<string>;
}

/** 256 bits: 24 words. */
const ENTROPY_BYTES = 32;

/** `qoima-station key create | import | export`. */
export const addKeyCommands = (program: Command, open: OpenSession, sources: KeySources): void => {
  const key = program
    .command('key')
    .description('the key of this station: of a Ledger, or for rehearsals and drills of words');

  key
    .command('create')
    .description('make new words of the system’s randomness, for rehearsals and recovery drills')
    .requiredOption('--name <name>', 'the custodian’s name, as it will stand in the policy')
    .action((options: { name: string }, command: Command) =>
      keep(open(command), {
        kind: 'software',
        name: options.name,
        mnemonic: generateMnemonic(sources.random(ENTROPY_BYTES)),
      }),
    );

  key
    .command('import')
    .description('bring a key: that of a Ledger, or BIP-39 words on standard input')
    .requiredOption('--name <name>', 'the custodian’s name, as it will stand in the policy')
    .option('--ledger', 'the key of the Ledger that is plugged in; it never leaves the device')
    .action(async ({ name, ledger }: ImportOptions, command: Command) => {
      const session = open(command);
      session.station.key.checkFree();
      if (ledger === true) return keep(session, await readLedgerKey(session, name));
      session.terminal.expectInput(
        'Type the 12 to 24 words, with spaces or line ends between them, then Enter and Ctrl-D. They show as you type.',
      );
      const mnemonic = parseMnemonic(await sources.readInput());
      return keep(session, { kind: 'software', name, mnemonic });
    });

  key
    .command('export')
    .description('write the key record, public, for the coordinator')
    .requiredOption('--out <file>', 'file to write')
    .addOption(
      new Option('--script <kind>', 'script type of the policy to come')
        .choices(['wsh', 'sh-wsh', 'sh'])
        .default('wsh'),
    )
    .action((options: { out: string; script: ScriptKind }, command: Command) => {
      const { station, terminal } = open(command);
      const cosigner = stationCosigner(station.key.read(), options.script, station.network);
      writeNewFile(options.out, parseUtf8(encodeKeyRecord({ network: station.network, cosigner })));
      terminal.output.result(
        { name: cosigner.name, key: formatCosignerKey(cosigner), file: options.out },
        [formatCosignerKey(cosigner), `Written to ${printable(options.out)}.`],
      );
    });
};

interface ImportOptions {
  readonly name: string;
  readonly ledger?: boolean;
}

const keep = async ({ station, terminal }: Session, key: StationKey): Promise<void> => {
  const { name } = key;
  const cosigner = stationCosigner(key, 'wsh', station.network);
  // Read as a coordinator will, so that a name that no policy takes is refused before anything is stored.
  decodeKeyRecord(encodeKeyRecord({ network: station.network, cosigner }));
  const fingerprint = formatHex(cosigner.origin.fingerprint);
  const device = key.kind === 'ledger' ? key.model : null;
  await station.change((journal) => {
    station.key.checkFree();
    journal.append('key.stored', { name, fingerprint, ...(device === null ? {} : { device }) });
    station.key.write(key);
  });
  terminal.output.result({ name, fingerprint, device }, [
    `The key of ${name} is stored; its fingerprint is ${fingerprint}.`,
    device === null
      ? 'It is a software key: rehearse with it, and keep no reserve on it.'
      : `It stays in the ${device}; what is stored here is public.`,
  ]);
};
