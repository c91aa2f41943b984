import { concatBytes, equalBytes, formatHex, parseUtf8 } from '@qoima/primitives';
import fc from 'fast-check';
import { type FuzzProperty, fuzzProperty } from '../../../scripts/fuzz-property.ts';
import { encodeEntry, hashEntry, NO_ENTRY, verifyJournal } from '../src/index.ts';

/** The lines of a journal, with their line feeds. */
const lines: readonly Uint8Array[] = Array.from({ length: 6 }).reduce<{
  readonly lines: readonly Uint8Array[];
  readonly head: string;
}>(
  ({ lines: before, head }, _, i) => {
    const line = encodeEntry({
      seq: i + 1,
      time: new Date(1_700_000_000_000 + i * 1000).toISOString(),
      previous: head,
      event: 'session.signatures-taken',
      facts: { cosigner: `custodian ${i}`, amountSats: '150000', nested: { list: [i, null, 'é'] } },
    });
    return { lines: [...before, concatBytes(line, parseUtf8('\n'))], head: hashEntry(line) };
  },
  { lines: [], head: NO_ENTRY },
).lines;

const journal = concatBytes(...lines);

/** What a damaged journal is called must be true of it, and what holds before must be the original. */
const judged = (bytes: Uint8Array): void => {
  const verdict = verifyJournal(bytes);
  const { entries, head } = verdict.ok ? verdict : verdict.before;
  const kept = entries.map((entry) => concatBytes(encodeEntry(entry), parseUtf8('\n')));
  if (!equalBytes(concatBytes(...kept), bytes.subarray(0, concatBytes(...kept).length))) {
    throw new Error('what is said to hold is not what the file begins with');
  }
  const last = kept.at(-1)?.slice(0, -1);
  if (head !== (last === undefined ? NO_ENTRY : hashEntry(last))) throw new Error('another head');
  if (!verdict.ok && (verdict.line < 1 || verdict.line > entries.length + 2)) {
    throw new Error(`line ${verdict.line} after ${entries.length} good ones`);
  }
};

const bytesChanged = fuzzProperty(
  'journal: any damage is answered with a verdict, and what holds is named rightly',
  { long: 10_000, short: 100 },
  fc.property(
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
    fc.option(fc.nat(journal.length)),
    fc.uint8Array({ maxLength: 20 }),
    (changes, cut, more) => {
      const bytes = concatBytes(journal.subarray(0, cut ?? journal.length), more);
      for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
      judged(bytes);
    },
  ),
);

const linesMoved = fuzzProperty(
  'journal: lines moved, repeated or taken out do not pass',
  { long: 5_000, short: 60 },
  fc.property(fc.array(fc.nat(lines.length - 1), { maxLength: 9 }), (order) => {
    const bytes = concatBytes(...order.map((i) => lines[i] as Uint8Array));
    judged(bytes);
    const whole = order.every((line, i) => line === i);
    if (verifyJournal(bytes).ok !== whole) throw new Error(`${order.join()} passes`);
  }),
);

const oneBit = fuzzProperty(
  'journal: one bit changed never passes, but in the last line',
  { long: 10_000, short: 100 },
  fc.property(fc.nat(journal.length * 8 - 1), (bit) => {
    const bytes = journal.slice();
    const at = Math.floor(bit / 8);
    bytes[at] = (bytes[at] as number) ^ (1 << (bit % 8));
    const verdict = verifyJournal(bytes);
    // Nothing is chained to the last line yet: its hash, written down elsewhere, tells.
    if (verdict.ok && verdict.head === hashEntry(lines.at(-1)?.slice(0, -1) as Uint8Array)) {
      throw new Error(`bit ${bit} of ${formatHex(bytes.subarray(at, at + 1))} passes`);
    }
    const lastAt = journal.length - (lines.at(-1) as Uint8Array).length;
    if (verdict.ok && at < lastAt) throw new Error(`bit ${bit} passes above the last line`);
  }),
);

const nested = fuzzProperty(
  'journal: deep and long lines are refused in time',
  { long: 40, short: 3 },
  fc.property(fc.constantFrom('[', '{"a":', '"', '\\', '9'), fc.nat(1 << 20), (piece, length) => {
    const text = piece.repeat(Math.ceil(length / piece.length));
    for (const bytes of [parseUtf8(text), parseUtf8(`{"event":"a.b","facts":{"x":${text}`)]) {
      judged(concatBytes(bytes, parseUtf8('\n')));
    }
  }),
);

export const journalProperties: readonly FuzzProperty[] = [
  bytesChanged,
  linesMoved,
  oneBit,
  nested,
];
