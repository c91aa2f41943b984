import { readFileSync } from 'node:fs';
import { curveInUse } from '@qoima/curve';
import { clockFrom } from '@qoima/journal';
import { type ProgramIo, parserOutput, runProgram, versionText } from '@qoima/terminal';
import { Command } from 'commander';
import { addAddressCommands } from './commands/address.ts';
import { addDeviceCommands } from './commands/device.ts';
import { addKeyCommands, type KeySources } from './commands/key.ts';
import { addMessageCommands } from './commands/message.ts';
import { addPolicyCommands } from './commands/policy.ts';
import { addRegisterCommand } from './commands/register.ts';
import { addSignCommands } from './commands/sign.ts';
import { addStatusCommands } from './commands/status.ts';
import { type LedgerSources, sessions } from './session.ts';

/** What the program is given besides its streams: see `main.ts`. */
export interface StationSources extends KeySources, LedgerSources {}

/** The program `qoima-station`, from its arguments to its exit code. */
export const stationProgram = (io: ProgramIo, sources: StationSources): Promise<number> =>
  runProgram(io, async (terminal) => {
    const program = new Command('qoima-station')
      .description('The offline station: reviews, shows and signs. It holds no network code.')
      .version(versionText(io, version(), { curve: curveInUse }))
      .option('--home <folder>', 'where its state lies; else $XDG_DATA_HOME or ~/.local/share')
      .option(
        '--network <network>',
        'mainnet, testnet, signet or regtest; also QOIMA_NETWORK',
        io.env['QOIMA_NETWORK'] ?? 'mainnet',
      )
      .option('--policy <name>', 'which pinned policy: its name or the beginning of its id')
      .option('--device <id>', 'which of several Ledgers, as "device list" names it')
      .option('--json', 'one JSON value on stdout, errors as JSON on stderr')
      .configureHelp({ showGlobalOptions: true })
      .addHelpText('after', AFTERWORD)
      .exitOverride()
      .configureOutput(parserOutput(io));
    const open = sessions(terminal, io.env, clockFrom(io.env), sources);
    addDeviceCommands(program, open);
    addKeyCommands(program, open, sources);
    addRegisterCommand(addPolicyCommands(program, open), open);
    addAddressCommands(program, open);
    addSignCommands(program, open);
    addMessageCommands(program, open);
    addStatusCommands(program, open);
    await program.parseAsync(io.argv, { from: 'user' });
  });

const AFTERWORD = `
The way of a spend: inspect, compare every line with what was approved, sign, hand the signed file back.

Exit codes: 0 done, 1 failed, 2 usage, 3 refused by a check, 5 device absent or refused.`;

const version = (): string => {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  return (manifest as { version: string }).version;
};
