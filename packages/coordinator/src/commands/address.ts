import { policyId } from '@qoima/policy';
import type { JsonValue } from '@qoima/primitives';
import { formatTable } from '@qoima/terminal';
import { type Command, Option } from 'commander';
import { listAddresses, nextAddress, type PolicyAddress } from '../addresses.ts';
import { wholeNumber } from '../options.ts';
import type { OpenSession } from '../session.ts';

/** `qoima address next | list`. */
export const addAddressCommands = (program: Command, open: OpenSession): void => {
  const address = program.command('address').description('where deposits go');

  address
    .command('next')
    .description('give out the next receive address; none is given out twice')
    .action(async (_options: object, command: Command) => {
      const { coordinator, terminal, scripts } = open(command);
      const next = await nextAddress(coordinator, scripts().policy);
      terminal.output.result(addressJson(next), next.address);
    });

  address
    .command('list')
    .description('list the addresses given out so far')
    .addOption(
      new Option('--branch <branch>', 'which addresses')
        .choices(['receive', 'change'])
        .default('receive'),
    )
    .option('--count <n>', `list this many from the first on, given out or not: 1 to ${MAX_LISTED}`)
    .action((options: ListOptions, command: Command) => {
      const { coordinator, terminal, scripts } = open(command);
      const { policy } = scripts();
      const count =
        options.count === undefined
          ? coordinator.addresses.next(policyId(policy))[options.branch]
          : wholeNumber(options.count, '--count', MAX_LISTED, 1);
      const listed = listAddresses(policy, options.branch, 0, count);
      terminal.output.result(
        listed.map(addressJson),
        listed.length === 0
          ? 'No address has been given out yet.'
          : formatTable(
              [{ title: 'Index', align: 'right' }, { title: 'Address' }],
              listed.map((one) => [one.index.toString(), one.address]),
            ),
      );
    });
};

const MAX_LISTED = 100_000;

interface ListOptions {
  readonly branch: 'receive' | 'change';
  readonly count?: string;
}

const addressJson = ({ branch, index, address }: PolicyAddress): JsonValue => ({
  branch,
  index,
  address,
});
