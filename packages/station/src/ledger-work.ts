import { isQoimaError } from '@qoima/primitives';
import {
  type CommandProgress,
  type Ledger,
  type LedgerCommand,
  type LedgerDevices,
  openLedger,
} from '@qoima/signer-ledger';
import type { Progress, Stage } from '@qoima/terminal';
import { stationError } from './errors.ts';
import type { LedgerKey } from './ledger-key.ts';
import type { Session } from './session.ts';
import type { StationKey } from './station-key.ts';

/** Has `stop` called when the person at the terminal interrupts; what it returns ends that. */
export type OnInterrupt = (stop: () => void) => () => void;

/** How a command comes to a Ledger. */
export interface LedgerWay {
  readonly devices: LedgerDevices;
  /** Which of several; the only one if left out. */
  readonly deviceId: string | undefined;
  readonly onInterrupt: OnInterrupt;
}

/**
 * Opens a Ledger for one piece of work, and closes it whatever comes of that. It must have the Bitcoin app
 * of the station's network open and, if there is a key, be the device of that key. An interrupt ends
 * the work so that the device can be used again at once.
 * @throws `DEVICE_…`
 */
export const withLedger = async <Result>(
  { station, terminal, ledger: way }: Session,
  key: LedgerKey | undefined,
  work: (ledger: Ledger) => Promise<Result>,
): Promise<Result> => {
  const interrupt = new AbortController();
  const endInterrupts = way.onInterrupt(() => interrupt.abort());
  const shown = shownProgress(terminal.progress);
  try {
    const transport = await way.devices.open(way.deviceId);
    const ledger = await openLedger(transport, {
      network: station.network,
      now: station.clock,
      ...(key === undefined ? {} : { expected: expectedDevice(key) }),
      onProgress: shown.onProgress,
      signal: interrupt.signal,
    });
    try {
      const result = await work(ledger);
      shown.done();
      return result;
    } catch (error) {
      // A full disk, say: the device has done its part, and nobody shall look for the fault there.
      if (!isOfDevice(error)) shown.done();
      throw error;
    } finally {
      await ledger.close();
    }
  } finally {
    endInterrupts();
  }
};

const isOfDevice = (error: unknown): boolean =>
  !isQoimaError(error) || error.code.startsWith('DEVICE_');

const expectedDevice = ({ name, keys }: LedgerKey): { name: string; fingerprint: Uint8Array } => ({
  name,
  fingerprint: keys.wsh.origin.fingerprint,
});

/** A product for people, where the connection may not tell it. */
export const modelName = (model: string | undefined): string => model ?? 'Ledger';

/** The key of a station that has a Ledger. @throws `STATION_KEY_NOT_A_LEDGER` */
export const ledgerKeyOf = (key: StationKey): LedgerKey => {
  if (key.kind === 'ledger') return key;
  throw stationError('STATION_KEY_NOT_A_LEDGER', `The key of ${key.name} is a software key.`);
};

/** What a person sees of the commands that take long, or that they must press a button for. */
const LABELS: Readonly<Partial<Record<LedgerCommand, string>>> = {
  REGISTER_WALLET: 'The Ledger registers the policy',
  GET_WALLET_ADDRESS: 'The Ledger derives the address',
  SIGN_PSBT: 'The Ledger signs',
  SIGN_MESSAGE: 'The Ledger signs the message',
};

const shownProgress = (
  progress: Progress,
): { readonly onProgress: (at: CommandProgress) => void; readonly done: () => void } => {
  let running: { readonly command: LedgerCommand; readonly stage: Stage } | undefined;
  return {
    onProgress: ({ command, exchanges, estimated, waiting }) => {
      const label = LABELS[command];
      if (label === undefined) return;
      if (running?.command !== command) running = { command, stage: progress.stage(label) };
      const fraction = estimated === undefined ? 0 : Math.min(exchanges / estimated, 1);
      const of = estimated === undefined ? '' : ` of about ${estimated}`;
      const detail = waiting ? 'look at the device' : `${exchanges}${of} exchanges`;
      running.stage.update(fraction, detail);
    },
    done: () => {
      running?.stage.done();
    },
  };
};
