import { type Clock, readFileBounded, stateFolder } from '@qoima/journal';
import { type PolicyScripts, policyScripts } from '@qoima/policy';
import { formatUtf8, parseNetwork, withPlace } from '@qoima/primitives';
import { MAX_PSBT_BYTES, type Psbt, parsePsbt } from '@qoima/psbt';
import type { LedgerDevices } from '@qoima/signer-ledger';
import type { Terminal } from '@qoima/terminal';
import type { Command } from 'commander';
import type { LedgerWay, OnInterrupt } from './ledger-work.ts';
import { openStation, type Station } from './station.ts';

/** What one command works with. */
export interface Session {
  readonly station: Station;
  readonly terminal: Terminal;
  /** The pinned policy that `--policy` names, or the only one. */
  readonly scripts: () => PolicyScripts;
  readonly ledger: LedgerWay;
}

/** Where devices and a person's interrupts come from. */
export interface LedgerSources {
  readonly devices: LedgerDevices;
  readonly onInterrupt: OnInterrupt;
}

/** Makes the session of a command from the options around it. */
export type OpenSession = (command: Command) => Session;

interface GlobalOptions {
  readonly home?: string;
  readonly network: string;
  readonly policy?: string;
  readonly device?: string;
}

export const sessions =
  (
    terminal: Terminal,
    env: Readonly<Record<string, string | undefined>>,
    clock: Clock,
    { devices, onInterrupt }: LedgerSources,
  ): OpenSession =>
  (command) => {
    const options = command.optsWithGlobals<GlobalOptions>();
    const network = parseNetwork(options.network);
    const folder = stateFolder({ program: 'qoima-station', network, home: options.home, env });
    const station = openStation({ folder, network, clock });
    return {
      station,
      terminal,
      scripts: () => policyScripts(station.policies.find(options.policy)),
      ledger: { devices, deviceId: options.device, onInterrupt },
    };
  };

/** Reads a PSBT from a file of bounded size. @throws `FILE_…`, `PSBT_…`, which name the file */
export const readPsbtFile = (path: string): Psbt => {
  const bytes = readFileBounded(path, MAX_PSBT_BYTES);
  return withPlace(path, () => parsePsbt(bytes), { file: path });
};

/** Reads a small text file, a policy for example. @throws `FILE_…` */
export const readTextFile = (path: string): string =>
  formatUtf8(readFileBounded(path, MAX_TEXT_BYTES));

const MAX_TEXT_BYTES = 1 << 18;
