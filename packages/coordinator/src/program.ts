import { readFileSync } from 'node:fs';
import { curveInUse } from '@qoima/curve';
import { clockFrom } from '@qoima/journal';
import { type ProgramIo, parserOutput, runProgram, versionText } from '@qoima/terminal';
import { Command } from 'commander';
import { addAddressCommands } from './commands/address.ts';
import { addBroadcastCommand } from './commands/broadcast.ts';
import { addCoinsCommand } from './commands/coins.ts';
import { addCombineCommand } from './commands/combine.ts';
import { addExportCommand } from './commands/export.ts';
import { addFinalizeCommand } from './commands/finalize.ts';
import { addInspectCommand } from './commands/inspect.ts';
import { addJournalCommand } from './commands/journal.ts';
import { addPolicyCommands } from './commands/policy.ts';
import { addProposeCommand } from './commands/propose.ts';
import { addStatusCommand } from './commands/status.ts';
import { addWithdrawCommand } from './commands/withdraw.ts';
import { sessions } from './session.ts';

/** The program `qoima`, from its arguments to its exit code. */
export const coordinatorProgram = (io: ProgramIo): Promise<number> =>
  runProgram(io, async (terminal) => {
    const program = new Command('qoima')
      .description('The online coordinator: builds spends, gathers signatures, broadcasts.')
      .version(versionText(io, version(), { curve: curveInUse }))
      .option('--home <folder>', 'where its state lies; else $XDG_DATA_HOME or ~/.local/share')
      .option(
        '--network <network>',
        'mainnet, testnet, signet or regtest; also QOIMA_NETWORK',
        io.env['QOIMA_NETWORK'] ?? 'mainnet',
      )
      .option('--policy <name>', 'which policy: its name or the beginning of its id')
      .option('--node <url>', 'Bitcoin Core’s JSON-RPC, else on this machine; also QOIMA_NODE_URL')
      .option('--cookie <file>', 'its cookie, else in ~/.bitcoin; also QOIMA_NODE_COOKIE')
      .option('--json', 'one JSON value on stdout, errors as JSON on stderr')
      .configureHelp({ showGlobalOptions: true })
      .addHelpText('after', AFTERWORD)
      .exitOverride()
      .configureOutput(parserOutput(io));
    const open = sessions(terminal, io.env, clockFrom(io.env));
    addPolicyCommands(program, open);
    addAddressCommands(program, open);
    addCoinsCommand(program, open);
    addProposeCommand(program, open);
    addExportCommand(program, open);
    addInspectCommand(program, open);
    addCombineCommand(program, open);
    addFinalizeCommand(program, open);
    addBroadcastCommand(program, open);
    addStatusCommand(program, open);
    addWithdrawCommand(program, open);
    addJournalCommand(program, open);
    await program.parseAsync(io.argv, { from: 'user' });
  });

const AFTERWORD = `
The way of a spend: propose, inspect and sign at the stations, combine, finalize, broadcast, status.

QOIMA_NODE_USER and QOIMA_NODE_PASSWORD together are used in place of a cookie.
Exit codes: 0 done, 1 failed, 2 usage, 3 refused by a check, 4 more signatures needed.`;

const version = (): string => {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  return (manifest as { version: string }).version;
};
