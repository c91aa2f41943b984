import { encodeAddress, policyId } from '@qoima/policy';
import { groupFours } from '@qoima/review';
import { formatTable } from '@qoima/terminal';
import { type Command, Option } from 'commander';
import { stationError } from '../errors.ts';
import { ledgerKeyOf, withLedger } from '../ledger-work.ts';
import { screenLines } from '../screen-lines.ts';
import type { OpenSession } from '../session.ts';

/** `qoima-station address list | show`. */
export const addAddressCommands = (program: Command, open: OpenSession): void => {
  const addresses = program.command('address').description('the policy’s addresses, derived here');

  addresses
    .command('list')
    .description(
      'derive addresses from the pinned policy, to compare with what the coordinator shows',
    )
    .addOption(
      new Option('--branch <branch>', 'which addresses')
        .choices(['receive', 'change'])
        .default('receive'),
    )
    .option('--start <index>', `the first of them, 0 to ${MAX_LISTED}`, '0')
    .option('--count <n>', `how many, 1 to ${MAX_LISTED}`, '1')
    .action((options: ListOptions, command: Command) => {
      const { terminal, scripts } = open(command);
      const own = scripts();
      const { branch } = options;
      const start = wholeNumber(options.start, '--start');
      const count = wholeNumber(options.count, '--count', 1);
      const listed = Array.from({ length: count }, (_, offset) => {
        const { index, scriptPubKey } = own.at(branch, start + offset);
        return { branch, index, address: encodeAddress(scriptPubKey, own.policy.network) };
      });
      terminal.output.result(
        listed,
        formatTable(
          [{ title: 'Index', align: 'right' }, { title: 'Address' }],
          listed.map(({ index, address }) => [index.toString(), address]),
        ),
      );
    });

  addresses
    .command('show')
    .description('show addresses on the Ledger, to compare with what the coordinator shows')
    .argument('<address...>', 'which: receive/0, change/3, …')
    .action(async (places: readonly string[], _options: object, command: Command) => {
      const session = open(command);
      const { station, terminal, scripts } = session;
      const own = scripts();
      const { policy } = own;
      const key = ledgerKeyOf(station.key.read());
      const wanted = places.map((place) => {
        const { branch, index } = placeOf(place);
        const script = own.at(branch, index);
        return { script, address: encodeAddress(script.scriptPubKey, policy.network) };
      });
      const registration = station.registrations.read(policy);
      const shown = wanted.map(({ script: { branch, index }, address }) => ({
        branch,
        index,
        address,
      }));
      await withLedger(session, key, (ledger) =>
        station.change(async (journal) => {
          for (const { script, address } of wanted) {
            terminal.output.line(
              `Derived here: ${groupFours(address)}`,
              ...screenLines({ show: 'address', policy, script }, ledger.model),
            );
            await ledger.showAddress(registration, own, script);
          }
          for (const one of shown) {
            journal.append('address.shown', { policyId: policyId(policy), ...one });
          }
        }),
      );
      terminal.output.result(shown, 'The Ledger has derived the same, and it was approved there.');
    });
};

/** `receive/0`. @throws `STATION_OPTION_INVALID` */
const placeOf = (text: string): { branch: 'receive' | 'change'; index: number } => {
  const [, branch, index = ''] = /^(receive|change)\/([0-9]+)$/.exec(text) ?? [];
  if (branch === 'receive' || branch === 'change') {
    return { branch, index: wholeNumber(index, 'The index') };
  }
  throw stationError('STATION_OPTION_INVALID', 'An address is receive/ or change/ and a number.', {
    actual: text.slice(0, 100),
  });
};

interface ListOptions {
  readonly branch: 'receive' | 'change';
  readonly start: string;
  readonly count: string;
}

const MAX_LISTED = 100_000;

const wholeNumber = (text: string, option: string, least = 0): number => {
  const value = /^(0|[1-9][0-9]{0,8})$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= MAX_LISTED) return value;
  throw stationError(
    'STATION_OPTION_INVALID',
    `${option} is not a whole number from ${least} to ${MAX_LISTED}.`,
    { actual: text.slice(0, 100) },
  );
};
