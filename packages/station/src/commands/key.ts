import { writeNewFile } from '@qoima/journal';
import {
  decodeKeyRecord,
  encodeKeyRecord,
  formatCosignerKey,
  type ScriptKind,
} from '@qoima/policy';
import { formatHex, parseUtf8 } from '@qoima/primitives';
import { generateMnemonic, parseMnemonic } from '@qoima/signer-software';
import { type Command, Option } from 'commander';
import { stationCosigner } from '../own-cosigner.ts';
import type { OpenSession, Session } from '../session.ts';

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
    .description('the software key of this station, for rehearsals and recovery drills');

  key
    .command('create')
    .description('make a new key of the system’s randomness')
    .requiredOption('--name <name>', 'the custodian’s name, as it will stand in the policy')
    .action((options: { name: string }, command: Command) =>
      keep(open(command), options.name, generateMnemonic(sources.random(ENTROPY_BYTES))),
    );

  key
    .command('import')
    .description('bring a key: its BIP-39 words on standard input, from a file or a pipe')
    .requiredOption('--name <name>', 'the custodian’s name, as it will stand in the policy')
    .action(async (options: { name: string }, command: Command) => {
      const session = open(command);
      session.station.key.checkFree();
      await keep(session, options.name, parseMnemonic(await sources.readInput()));
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
        [formatCosignerKey(cosigner), `Written to ${options.out}.`],
      );
    });
};

const keep = async (
  { station, terminal }: Session,
  name: string,
  mnemonic: string,
): Promise<void> => {
  const cosigner = stationCosigner({ name, mnemonic }, 'wsh', station.network);
  // Read as a coordinator will, so that a name that no policy takes is refused before anything is stored.
  decodeKeyRecord(encodeKeyRecord({ network: station.network, cosigner }));
  const fingerprint = formatHex(cosigner.origin.fingerprint);
  await station.change((journal) => {
    station.key.checkFree();
    journal.append('key.stored', { name, fingerprint });
    station.key.write({ name, mnemonic });
  });
  terminal.output.result({ name, fingerprint }, [
    `The key of ${name} is stored; its fingerprint is ${fingerprint}.`,
    'It is a software key: rehearse with it, and keep no reserve on it.',
  ]);
};
