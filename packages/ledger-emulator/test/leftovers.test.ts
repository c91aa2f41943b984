import { describe, expect, it } from 'vitest';
import { openEmulator } from '../src/index.ts';
import { converse, hostData, registerData, type TestPolicy } from './host.ts';
import {
  REST_OF_UNRECORDED,
  type Recording,
  recordedDevice,
  recordedPolicy,
  recordings,
} from './recordings.ts';

/**
 * The app does not clear the memory that it reads a template into: behind the end of a shorter template the
 * page "Wallet policy" shows the rest of a longer one that was registered just before.
 */
const at = recordings.findIndex(({ name }) => REST_OF_UNRECORDED.has(name));
/** All registrations from the first one with a rest: those that are refused leave theirs, too. */
const edges = recordings.slice(at).filter(({ name }) => name.startsWith('register-edge-'));

const openFirst = () => {
  const [first] = edges;
  if (first === undefined) throw new Error('there are such recordings');
  return openEmulator(recordedDevice(first));
};

const policyOf = ({ params = {} }: Recording): TestPolicy => recordedPolicy(params);

/** The template that the unrecorded registration had, by the rests of it. */
const longer = (): TestPolicy => {
  const [first] = edges.map(policyOf);
  if (first === undefined) throw new Error('there are such recordings');
  const keys = first.keys.map((_, i) => `@${i}/<0;1>/*`).join();
  return { ...first, descriptorTemplate: `wsh(sortedmulti(3,${keys}))` };
};

const isPolicyPage = (screen: string): boolean => screen.startsWith('Wallet policy');

describe('the rest of a longer template', () => {
  it('is shown behind a shorter one, as was recorded', async () => {
    const emulator = openFirst();
    const register = async (policy: TestPolicy): Promise<readonly string[]> => {
      const [host, before] = [hostData(), emulator.screens.length];
      await converse(emulator.exchange, 0x02, registerData(host, policy), host);
      return emulator.screens.slice(before);
    };
    await register(longer());
    for (const recording of edges) {
      const shown = await register(policyOf(recording));
      if (!REST_OF_UNRECORDED.has(recording.name)) continue;
      expect(shown, recording.name).toEqual(recording.screens);
    }
  });

  it('is gone once another command ran', async () => {
    const emulator = openFirst();
    const send = async (ins: number, policy?: TestPolicy): Promise<void> => {
      const host = hostData();
      const data = policy === undefined ? new Uint8Array() : registerData(host, policy);
      await converse(emulator.exchange, ins, data, host);
    };
    const { keys } = longer();
    await send(0x02, longer());
    await send(0x05);
    const before = emulator.screens.length;
    await send(0x02, {
      name: 'Short',
      keys: keys.slice(0, 2),
      descriptorTemplate: 'wsh(sortedmulti(2,@0/**,@1/**))',
    });
    expect(emulator.screens.slice(before).filter(isPolicyPage)).toEqual([
      'Wallet policy | wsh(sortedmulti(2,@0 | /**,@1/**))',
    ]);
  });
});

describe('the rest of a longer template under 2.3.0', () => {
  it('is not shown: that version ends a template where its policy says', async () => {
    const [first] = edges;
    if (first === undefined) throw new Error('there are such recordings');
    const emulator = openEmulator({ ...recordedDevice(first), version: '2.3.0' });
    const shorter = policyOf(first);
    for (const policy of [longer(), shorter]) {
      const host = hostData();
      await converse(emulator.exchange, 0x02, registerData(host, policy), host);
    }
    const shown = emulator.screens.findLast(isPolicyPage) ?? '';
    expect(shown.split(' | ').slice(1).join('')).toBe(shorter.descriptorTemplate);
  });
});
