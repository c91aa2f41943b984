import { ledgerError } from './errors.ts';
import type { LedgerDevice, LedgerDevices, LedgerTransport } from './transport.ts';

/**
 * Ledgers on USB, through `@ledgerhq/hw-transport-node-hid`. Nothing native is loaded before the first
 * call: a machine without libusb or udev can do everything but this. `load` is for tests.
 * @throws from its functions: `DEVICE_USB_UNAVAILABLE`, `DEVICE_USB_REFUSED`, `DEVICE_ABSENT`,
 *   `DEVICE_SEVERAL`
 */
export const usbDevices = (load: () => Promise<HidTransports> = loadHid): LedgerDevices => {
  const list = async (): Promise<readonly LedgerDevice[]> => {
    try {
      return await listed(await load());
    } catch (cause) {
      const why = cause instanceof Error ? firstLine(cause.message) : 'it does not say why';
      const what = `The USB library does not load or list devices (${why}).`;
      throw ledgerError('DEVICE_USB_UNAVAILABLE', what, {}, cause);
    }
  };
  return {
    list,
    open: async (id) => {
      const { id: path, name } = chosen(await list(), id);
      try {
        return transportOf(await (await load()).open(path), name);
      } catch (cause) {
        const what = `${name} is plugged in, and cannot be opened.`;
        throw ledgerError('DEVICE_USB_REFUSED', what, { device: path }, cause);
      }
    },
  };
};

/** What is used of Ledger's transport class. */
export interface HidTransports {
  readonly listen: (observer: HidObserver) => { readonly unsubscribe: () => void };
  readonly open: (path: string) => Promise<HidTransport>;
}

export interface HidObserver {
  readonly next: (event: HidEvent) => void;
  readonly error: (error: unknown) => void;
  readonly complete: () => void;
}

export interface HidEvent {
  readonly type: 'add' | 'remove';
  readonly descriptor?: string | null | undefined;
  readonly deviceModel?: { readonly productName: string } | null | undefined;
}

export interface HidTransport {
  exchange(apdu: Buffer): Promise<Buffer>;
  close(): Promise<void>;
}

/** The CommonJS path: the ESM one does not resolve in Node. Loaders differ in how they wrap its default. */
const loadHid = async (): Promise<HidTransports> => {
  const loaded = await import('@ledgerhq/hw-transport-node-hid/lib/TransportNodeHid');
  const outer: unknown = loaded.default;
  const isWrapped = typeof outer === 'object' && outer !== null && 'default' in outer;
  return (isWrapped ? outer.default : outer) as HidTransports;
};

/** It names devices only to those who listen; those that are there come first and at once. */
const listed = async (hid: HidTransports): Promise<readonly LedgerDevice[]> => {
  const devices = new Map<string, LedgerDevice>();
  let failure: unknown;
  const { unsubscribe } = hid.listen({
    next: ({ type, descriptor: id, deviceModel }) => {
      if (type !== 'add' || typeof id !== 'string') return;
      devices.set(id, { id, name: deviceModel?.productName ?? 'Ledger' });
    },
    error: (error) => {
      failure = error;
    },
    complete: () => {},
  });
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  unsubscribe();
  if (failure !== undefined) throw failure as Error;
  return [...devices.values()];
};

const chosen = (devices: readonly LedgerDevice[], id: string | undefined): LedgerDevice => {
  const fitting = id === undefined ? devices : devices.filter((device) => device.id === id);
  const [device, ...others] = fitting;
  if (device === undefined) {
    const what =
      id === undefined ? 'No Ledger is plugged in.' : `No Ledger is plugged in as ${id}.`;
    throw ledgerError('DEVICE_ABSENT', what);
  }
  if (others.length === 0) return device;
  throw ledgerError('DEVICE_SEVERAL', `${fitting.length} Ledgers are plugged in.`, {
    devices: fitting.map((each) => each.id),
  });
};

/**
 * Not listened to: "unresponsive", which the transport emits after 15 seconds without an answer. A
 * review takes longer, and the link has a patience of its own.
 */
const transportOf = (hid: HidTransport, name: string): LedgerTransport => ({
  name,
  exchange: async (apdu) => Uint8Array.from(await hid.exchange(Buffer.from(apdu))),
  close: () => hid.close(),
});

const firstLine = (text: string): string => text.split('\n', 1)[0]?.slice(0, 200) ?? '';
