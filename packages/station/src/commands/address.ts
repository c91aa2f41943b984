import { encodeAddress } from '@qoima/policy';
import { formatTable } from '@qoima/terminal';
import { type Command, Option } from 'commander';
import { stationError } from '../errors.ts';
import type { OpenSession } from '../session.ts';

/** `qoima-station address list`. */
export const addAddressCommands = (program: Command, open: OpenSession): void => {
  program
    .command('address')
    .description('the policy’s addresses, derived here')
    .command('list')
    .description(
      'derive addresses from the pinned policy, to compare with what the coordinator shows',
    )
    .addOption(
      new Option('--branch <branch>', 'which addresses')
        .choices(['receive', 'change'])
        .default('receive'),
    )
    .option('--start <index>', 'the first of them', '0')
    .option('--count <n>', 'how many', '1')
    .action((options: ListOptions, command: Command) => {
      const { terminal, scripts } = open(command);
      const own = scripts();
      const { branch } = options;
      const start = wholeNumber(options.start, '--start');
      const listed = Array.from({ length: wholeNumber(options.count, '--count') }, (_, offset) => {
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
};

interface ListOptions {
  readonly branch: 'receive' | 'change';
  readonly start: string;
  readonly count: string;
}

const MAX_LISTED = 100_000;

const wholeNumber = (text: string, option: string): number => {
  const value = /^(0|[1-9][0-9]{0,8})$/.test(text) ? Number(text) : Number.NaN;
  if (value <= MAX_LISTED) return value;
  throw stationError(
    'STATION_OPTION_INVALID',
    `${option} is not a whole number up to ${MAX_LISTED}.`,
    { actual: text.slice(0, 100) },
  );
};
