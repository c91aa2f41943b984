import { parseHex } from '@qoima/primitives';
import fc from 'fast-check';
import { type FuzzProperty, fuzzProperty } from '../../../scripts/fuzz-property.ts';
import { type LedgerEmulator, openEmulator } from '../src/index.ts';
import { type Recording, recordedDevice, recordings, transcript } from '../test/recordings.ts';

/** Whatever a host sends: an answer with a status word each time, and no signature that nobody approved. */
const STATUS_WORDS: ReadonlySet<number> = new Set([
  0x9000, 0xe000, 0x6982, 0x6985, 0x6a80, 0x6a82, 0x6a86, 0x6a87, 0x6d00, 0x6e00, 0xb000, 0xb007,
  0xb008,
]);

const YIELD = 0x10;

const check = (answer: Uint8Array): void => {
  if (answer.length < 2) throw new Error('an answer without a status word');
  const status = ((answer.at(-2) ?? 0) << 8) | (answer.at(-1) ?? 0);
  if (!STATUS_WORDS.has(status)) throw new Error(`the status word ${status.toString(16)}`);
};

const isYield = (answer: Uint8Array): boolean =>
  answer[0] === YIELD && answer.at(-2) === 0xe0 && answer.at(-1) === 0;

/** Nothing is approved here, so nothing may be signed either. */
const rejecting = (recording: Recording): LedgerEmulator =>
  openEmulator({ ...recordedDevice(recording), approval: 'reject' });

const play = async (emulator: LedgerEmulator, apdus: readonly Uint8Array[]): Promise<void> => {
  for (const apdu of apdus) {
    const answer = await emulator.exchange(apdu);
    check(answer);
    if (isYield(answer)) throw new Error('a signature that nobody approved');
  }
};

const [anyRecording] = recordings;
if (anyRecording === undefined) throw new Error('there are recordings');

/** Of every command, and short enough to be played often. */
const material = recordings
  .filter(({ exchanges }) => exchanges < 360)
  .map((recording) => ({
    recording,
    apdus: transcript(recording).map(([sent]) => parseHex(sent)),
  }));

interface Change {
  readonly exchange: number;
  readonly at: number;
  readonly mask: number;
  readonly kind: 'flip' | 'cut' | 'drop' | 'repeat' | 'lengthen';
}

const changes = fc.record<Change>({
  exchange: fc.nat(),
  at: fc.nat(),
  mask: fc.integer({ min: 1, max: 255 }),
  kind: fc.constantFrom('flip', 'flip', 'flip', 'cut', 'drop', 'repeat', 'lengthen'),
});

const changed = (apdus: readonly Uint8Array[], change: Change): readonly Uint8Array[] => {
  const place = change.exchange % apdus.length;
  const apdu = apdus[place]?.slice() ?? new Uint8Array();
  const at = change.at % Math.max(1, apdu.length);
  const around = (...middle: readonly Uint8Array[]): readonly Uint8Array[] => [
    ...apdus.slice(0, place),
    ...middle,
    ...apdus.slice(place + 1),
  ];
  switch (change.kind) {
    case 'flip':
      apdu[at] = (apdu[at] ?? 0) ^ change.mask;
      return around(apdu);
    case 'cut':
      return around(apdu.subarray(0, at));
    case 'drop':
      return around();
    case 'repeat':
      return around(apdu, apdu);
    case 'lengthen':
      return around(Uint8Array.of(...apdu, change.mask));
  }
};

const framed = fc
  .tuple(
    fc.constantFrom(0xe1, 0xf8, 0xb0, 0xe0),
    fc.constantFrom(0, 1, 2, 3, 4, 5, 0x10),
    fc.constantFrom(0, 1),
    fc.uint8Array({ maxLength: 255 }),
  )
  .map(([cla, ins, p2, data]) => Uint8Array.of(cla, ins, 0, p2, data.length, ...data));

const randomBytes = fuzzProperty(
  'emulator: random bytes are answered',
  { long: 2000, short: 200 },
  fc.asyncProperty(
    fc.array(fc.oneof(fc.uint8Array({ maxLength: 300 }), framed), { maxLength: 12 }),
    (apdus) => play(rejecting(anyRecording), apdus),
  ),
);

const changedRecordings = fuzzProperty(
  'emulator: changed recordings are answered, and never signed without an approval',
  { long: 3000, short: 300 },
  fc.asyncProperty(
    fc.constantFrom(...material),
    fc.array(changes, { minLength: 1, maxLength: 3 }),
    ({ recording, apdus }, made) => play(rejecting(recording), made.reduce(changed, apdus)),
  ),
);

const spends = material.filter(({ recording }) => (recording.signatures ?? []).length > 0);

const approvedSignatures = fuzzProperty(
  'emulator: a signature comes after the approval of its review, however the stream is changed',
  { long: 600, short: 60 },
  fc.asyncProperty(fc.constantFrom(...spends), changes, async ({ recording, apdus }, change) => {
    let approvals = 0;
    const emulator = openEmulator({
      ...recordedDevice(recording),
      approval: (screens) => {
        if (/^(Sign|Accept)\b/.test(screens.at(-1) ?? '')) approvals++;
        return 'approve';
      },
    });
    for (const apdu of changed(apdus, change)) {
      const answer = await emulator.exchange(apdu);
      check(answer);
      if (isYield(answer) && approvals === 0) throw new Error('a signature before an approval');
    }
  }),
);

export const emulatorProperties: readonly FuzzProperty[] = [
  randomBytes,
  changedRecordings,
  approvedSignatures,
];
