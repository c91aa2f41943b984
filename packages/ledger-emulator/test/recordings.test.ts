import { formatHex, parseHex } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import { type Decision, type LedgerEmulator, openEmulator } from '../src/index.ts';
import {
  NOT_EMULATED,
  REST_OF_UNRECORDED,
  type Recording,
  recordedDevice,
  recordings,
  transcript,
} from './recordings.ts';

/**
 * The recorded APDUs of the host, sent to an emulator: it asks the same questions in the same order and
 * gives the same answers, byte for byte. What a device remembers from one command to the next is recorded
 * too, so that each device is one emulator through all its recordings (`ledger/index.json`).
 */
const devices = new Map<string, LedgerEmulator>();
let decision: Decision = 'approve';

const deviceOf = (recording: Recording): LedgerEmulator => {
  const options = recordedDevice(recording);
  const key = `${options.mnemonic} ${options.app} ${options.version}`;
  const emulator = devices.get(key) ?? openEmulator({ ...options, approval: () => decision });
  devices.set(key, emulator);
  return emulator;
};

const play = async (recording: Recording) => {
  const emulator = deviceOf(recording);
  decision = recording.userDecision ?? 'approve';
  const before = emulator.screens.length;
  const answers: string[] = [];
  const recorded = transcript(recording);
  for (const [request, answer] of recorded) {
    const given = formatHex(await emulator.exchange(parseHex(request)));
    answers.push(given);
    // The recorded host goes on as if it had been asked what was recorded.
    if (given !== answer) break;
  }
  return {
    answers,
    recorded: recorded.map(([, answer]) => answer),
    screens: emulator.screens.slice(before),
  };
};

describe('recordings of the real app', () => {
  it('are all here', () => {
    expect(recordings).toHaveLength(235);
    expect(NOT_EMULATED.size).toBe(9);
  });

  for (const recording of recordings) {
    if (NOT_EMULATED.has(recording.name)) {
      it(`${recording.name}: refused, not emulated`, async () => {
        const { answers } = await play(recording);
        expect(answers.at(-1)).toBe('6a82');
      });
    } else {
      it(recording.name, async () => {
        const { answers, recorded, screens } = await play(recording);
        expect(answers).toEqual(recorded);
        expect(withoutRest(screens, recording)).toEqual(
          withoutRest(recording.screens ?? [], recording),
        );
      });
    }
  }
});

const withoutRest = (screens: readonly string[], { name }: Recording): readonly string[] =>
  REST_OF_UNRECORDED.has(name)
    ? screens.filter((screen) => !screen.startsWith('Wallet policy'))
    : screens;
