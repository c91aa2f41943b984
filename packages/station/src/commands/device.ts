import { formatHex } from '@qoima/primitives';
import { formatFields, formatTable } from '@qoima/terminal';
import type { Command } from 'commander';
import { stationError } from '../errors.ts';
import { modelName, withLedger } from '../ledger-work.ts';
import type { OpenSession } from '../session.ts';

/** `qoima-station device list | show`. */
export const addDeviceCommands = (program: Command, open: OpenSession): void => {
  const device = program.command('device').description('the Ledgers that are plugged in');

  device
    .command('list')
    .description('list them; several are told apart with --device')
    .action(async (_options: object, command: Command) => {
      const { terminal, ledger } = open(command);
      const devices = await ledger.devices.list();
      if (devices.length === 0) {
        throw stationError('STATION_NO_DEVICE', 'No Ledger is plugged in.');
      }
      terminal.output.result(
        devices.map(({ id, name }) => ({ id, name })),
        formatTable(
          [{ title: 'Device' }, { title: 'Id' }],
          devices.map(({ id, name }) => [name, id]),
        ),
      );
    });

  device
    .command('show')
    .description('tell which app is open on it, and whose seed it has')
    .action(async (_options: object, command: Command) => {
      const session = open(command);
      const { model, app, version, fingerprint } = await withLedger(
        session,
        undefined,
        async (ledger) => ledger,
      );
      const shown = { model: modelName(model), app, version, fingerprint: formatHex(fingerprint) };
      session.terminal.output.result(
        shown,
        formatFields([
          ['Device', shown.model],
          ['App', `${app} ${version}`],
          ['Fingerprint', shown.fingerprint],
        ]),
      );
    });
};
