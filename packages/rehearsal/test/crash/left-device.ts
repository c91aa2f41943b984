import { join } from 'node:path';
import { type LedgerEmulator, openEmulator } from '@qoima/ledger-emulator';
import type { LedgerDevices } from '@qoima/signer-ledger';
import { readDevice } from '../../src/device-file.ts';
import { judgeEnd } from './judge.ts';
import { type Call, copyPlace, runHere } from './place.ts';
import type { StagedStep } from './staged-steps.ts';

/** What came of a station that was gone behind one exchange with its Ledger. */
interface LeftTrial {
  readonly step: string;
  /** From 1. */
  readonly exchange: number;
  readonly problems: readonly string[];
}

/** How many exchanges a step has with its Ledger. */
export const countExchanges = async (step: StagedStep, folder: string): Promise<number> => {
  const place = copyPlace(step.before, join(folder, 'left'));
  const call = step.call(place);
  const device = openDevice(call);
  await runHere(place, call, plugged(device, Number.POSITIVE_INFINITY));
  return device.exchanges;
};

/**
 * Has the station go away behind the n-th exchange, and the device stay as it is then, with a command that nobody
 * ends; the same command must go well on that very device. A kill does the same to both: a station changes nothing
 * that lasts before its device is done.
 */
export const tryLeft = async (
  step: StagedStep,
  exchange: number,
  folder: string,
): Promise<LeftTrial> => {
  const place = copyPlace(step.before, join(folder, 'left'));
  const call = step.call(place);
  const device = openDevice(call);
  const gone = await runHere(place, call, plugged(device, exchange));
  const again = await runHere(place, call, plugged(device, Number.POSITIVE_INFINITY));
  const { problems, difference } = judgeEnd(step, place, false);
  return {
    step: step.name,
    exchange,
    problems: [
      ...(gone.code === 5 ? [] : [`it ended with ${gone.code}`]),
      ...(again.code === 0 ? [] : [`the second run: ${again.stderr}`]),
      ...problems,
      ...(difference === 'none' ? [] : [difference]),
    ],
  };
};

const openDevice = ({ ledger = '' }: Call): LedgerEmulator => openEmulator(readDevice(ledger));

/** Behind so many exchanges nothing reaches the device any more. */
const plugged = (device: LedgerEmulator, exchanges: number): LedgerDevices => {
  const last = device.exchanges + exchanges;
  return {
    list: async () => [{ id: 'emulated', name: 'Ledger' }],
    open: async () => ({
      name: 'Ledger Nano S Plus',
      exchange: async (apdu) => {
        if (device.exchanges >= last) throw new Error('nobody asks any more');
        const answer = await device.exchange(apdu);
        if (device.exchanges >= last) throw new Error('nobody hears the answer');
        return answer;
      },
      close: async () => {},
    }),
  };
};
