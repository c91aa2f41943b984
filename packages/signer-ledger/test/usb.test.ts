import { describe, expect, it } from 'vitest';
import { usbDevices } from '../src/index.ts';
import type { HidTransports } from '../src/usb.ts';

/** Ledger's transport class with these devices plugged in. */
const hidWith = (
  devices: readonly (readonly [id: string, name: string | undefined])[],
): { readonly hid: HidTransports; readonly listening: () => number } => {
  let listening = 0;
  return {
    listening: () => listening,
    hid: {
      listen: ({ next }) => {
        listening++;
        queueMicrotask(() => {
          for (const [descriptor, productName] of devices) {
            const deviceModel = productName === undefined ? null : { productName };
            next({ type: 'add', descriptor, deviceModel });
          }
          next({ type: 'remove', descriptor: '/dev/gone', deviceModel: null });
        });
        return {
          unsubscribe: () => {
            listening--;
          },
        };
      },
      open: async (path) => {
        if (path === '/dev/closed') throw new Error('cannot open device');
        return {
          exchange: async (apdu) => Buffer.concat([apdu, Buffer.from([0x90, 0x00])]),
          close: async () => {},
        };
      },
    },
  };
};

describe('usbDevices', () => {
  it('loads nothing before the first call', () => {
    expect(() =>
      usbDevices(() => {
        throw new Error('loaded');
      }),
    ).not.toThrow();
  });

  it('says in one line that USB cannot be reached', async () => {
    const broken = usbDevices(async () => {
      throw new Error('libusb-1.0.so.0: cannot open shared object file\nRequire stack:\n- a');
    });
    await expect(broken.list()).rejects.toMatchObject({
      code: 'DEVICE_USB_UNAVAILABLE',
      kind: 'device',
      message: expect.stringMatching(/^[^\n]*libusb[^\n]*$/),
    });
    await expect(broken.open()).rejects.toMatchObject({ code: 'DEVICE_USB_UNAVAILABLE' });
  });

  it('lists and names devices, and listens no longer than it must', async () => {
    const { hid, listening } = hidWith([
      ['/dev/hidraw0', 'Ledger Nano S Plus'],
      ['/dev/hidraw1', undefined],
    ]);
    expect(await usbDevices(async () => hid).list()).toEqual([
      { id: '/dev/hidraw0', name: 'Ledger Nano S Plus' },
      { id: '/dev/hidraw1', name: 'Ledger' },
    ]);
    expect(listening()).toBe(0);
  });

  it('opens the only device, and gives plain bytes', async () => {
    const { hid } = hidWith([['/dev/hidraw0', 'Ledger Flex']]);
    const transport = await usbDevices(async () => hid).open();
    expect(transport.name).toBe('Ledger Flex');
    const answer = await transport.exchange(Uint8Array.of(0xb0));
    expect(answer).toEqual(Uint8Array.of(0xb0, 0x90, 0x00));
    expect(Buffer.isBuffer(answer)).toBe(false);
    await transport.close();
  });

  it.each<[string, readonly (readonly [string, string])[], string | undefined, string]>([
    ['none', [], undefined, 'DEVICE_ABSENT'],
    ['not the one', [['/dev/a', 'Ledger Flex']], '/dev/b', 'DEVICE_ABSENT'],
    [
      'two',
      [
        ['/dev/a', 'Ledger Flex'],
        ['/dev/b', 'Ledger Stax'],
      ],
      undefined,
      'DEVICE_SEVERAL',
    ],
    ['one that does not open', [['/dev/closed', 'Ledger Flex']], undefined, 'DEVICE_USB_REFUSED'],
  ])('does not open when there is %s', async (_, devices, id, code) => {
    const { hid } = hidWith(devices);
    const opening = usbDevices(async () => hid).open(id);
    await expect(opening).rejects.toMatchObject({ code, kind: 'device' });
  });
});
