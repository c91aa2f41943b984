import {
  canonicalJson,
  equalBytes,
  type Finding,
  formatUtf8,
  type JsonValue,
  parseUtf8,
} from '@qoima/primitives';
import * as v from 'valibot';
import {
  EVENT_NAME,
  hashEntry,
  JOURNAL_FORMAT,
  type JournalEntry,
  MAX_LINE_BYTES,
  NO_ENTRY,
} from './entry.ts';

/**
 * What is wrong with a journal.
 *
 * - `edited`: a line is not the one that the next line was chained to;
 * - `reordered`: a line stands where another belongs, and that one is elsewhere in the file;
 * - `repeated`: a line that already stood above comes again;
 * - `deleted`: lines are missing in front of this one;
 * - `malformed`: not an entry of this format;
 * - `not-canonical`: an entry, but not in the one spelling that the writer uses;
 * - `torn`: the last line has no line feed, as after a crash in the middle of a write.
 */
export type JournalFault =
  | 'edited'
  | 'reordered'
  | 'repeated'
  | 'deleted'
  | 'malformed'
  | 'not-canonical'
  | 'torn';

/** A journal whose chain holds from its first line to its last. */
export interface VerifiedJournal {
  readonly entries: readonly JournalEntry[];
  /** Hash of the last line: write it down elsewhere, and a later cut of the tail will show. */
  readonly head: string;
  /** `journal-time-backwards` where a clock was set back: the order of the chain stands all the same. */
  readonly notes: readonly Finding[];
}

/** Whether a journal holds, and if not where it breaks first. */
export type JournalVerdict =
  | ({ readonly ok: true } & VerifiedJournal)
  | {
      readonly ok: false;
      readonly fault: JournalFault;
      /** The first bad line, from 1. */
      readonly line: number;
      /** What is wrong with it, in one sentence. */
      readonly message: string;
      /** What holds before the bad line. */
      readonly before: VerifiedJournal;
    };

/**
 * Checks a whole journal, from its bytes alone: form, spelling, sequence and chain of every line.
 *
 * Not checked, because no chain can show it: that the end was not cut off (compare `head` with one
 * that was written down), that the whole file was not written anew, and that what it says is true.
 */
export const verifyJournal = (bytes: Uint8Array): JournalVerdict => {
  const { lines, torn } = splitLines(bytes);
  const entries: JournalEntry[] = [];
  const notes: Finding[] = [];
  let head = NO_ENTRY;
  /** The head before the last good line. */
  let headBefore = NO_ENTRY;
  const stop = (fault: JournalFault, line: number, message: string): JournalVerdict => ({
    ok: false,
    fault,
    line,
    message,
    before:
      line > entries.length
        ? { entries, head, notes }
        : { entries: entries.slice(0, -1), head: headBefore, notes: notes.filter(isBefore(line)) },
  });

  for (const [index, line] of lines.entries()) {
    const number = index + 1;
    const parsed = parseEntry(line);
    if ('fault' in parsed) return stop(parsed.fault, number, parsed.message);
    const entry = parsed.entry;
    if (entry.seq !== number) return stop(...misplaced(entry.seq, number, lines));
    if (entry.previous !== head) {
      return stop(...brokenLink(number, line, lines[index + 1]));
    }
    const last = entries.at(-1);
    if (last !== undefined && entry.time < last.time)
      notes.push(timeBackwards(number, last, entry));
    entries.push(entry);
    headBefore = head;
    head = hashEntry(line);
  }
  if (torn > 0) {
    return stop('torn', lines.length + 1, `The last line is cut off after ${torn} bytes.`);
  }
  return { ok: true, entries, head, notes };
};

type Parsed =
  | { readonly entry: JournalEntry }
  | { readonly fault: 'malformed' | 'not-canonical'; readonly message: string };

const schema = v.strictObject({
  event: v.pipe(v.string(), v.regex(EVENT_NAME)),
  facts: v.custom<JournalEntry['facts']>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  ),
  format: v.literal(JOURNAL_FORMAT),
  previous: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  seq: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  time: v.pipe(v.string(), v.check(isTime)),
});

const parseEntry = (line: Uint8Array): Parsed => {
  if (line.length > MAX_LINE_BYTES) return malformed('The line is longer than an entry may be.');
  const text = formatUtf8(line);
  let value: JsonValue;
  let canonical: string;
  try {
    value = JSON.parse(text) as JsonValue;
    canonical = canonicalJson(value);
  } catch {
    return malformed('The line is not JSON as a journal writes it.');
  }
  const result = v.safeParse(schema, value);
  if (!result.success) {
    const path = v.getDotPath(result.issues[0]);
    return malformed(`The line is not an entry: ${path ?? 'the value'} is not as it should be.`);
  }
  // Compared as bytes: what is not UTF-8 was replaced in the text, and would go unseen there.
  if (!equalBytes(parseUtf8(canonical), line)) {
    return { fault: 'not-canonical', message: 'The line is spelled as no journal writes it.' };
  }
  const { event, facts, previous, seq, time } = result.output;
  return { entry: { seq, time, previous, event, facts } };
};

const malformed = (message: string): Parsed => ({ fault: 'malformed', message });

function isTime(text: string): boolean {
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString() === text;
}

/** The bad sequence number at line `number`: lines moved, repeated or taken out? */
const misplaced = (
  seq: number,
  number: number,
  lines: readonly Uint8Array[],
): [JournalFault, number, string] => {
  if (seq < number) {
    return ['repeated', number, `Entry ${seq} stands again where entry ${number} belongs.`];
  }
  const later = lines.slice(number).some((line) => {
    const parsed = parseEntry(line);
    return 'entry' in parsed && parsed.entry.seq === number;
  });
  if (later) return ['reordered', number, `Entry ${seq} stands where entry ${number} belongs.`];
  const missing = seq === number + 1 ? `Entry ${number} is` : `Entries ${number} to ${seq - 1} are`;
  return ['deleted', number, `${missing} missing: entry ${seq} stands in their place.`];
};

/**
 * The line `number` does not name the hash of the line above. If the line below is chained to this
 * one, then this one is as it was written and the one above is not; if it is not, this one was changed.
 */
const brokenLink = (
  number: number,
  line: Uint8Array,
  next: Uint8Array | undefined,
): [JournalFault, number, string] => {
  const below = next === undefined ? undefined : parseEntry(next);
  const chained =
    below !== undefined && 'entry' in below && below.entry.previous === hashEntry(line);
  if (number > 1 && (chained || below === undefined)) {
    const doubt = chained ? '' : ', or its hash in the line below was';
    return ['edited', number - 1, `The line was changed after the next was written${doubt}.`];
  }
  return ['edited', number, 'The line was changed: it does not name the hash of the line above.'];
};

const timeBackwards = (line: number, last: JournalEntry, entry: JournalEntry): Finding => ({
  rule: 'journal-time-backwards',
  severity: 'note',
  where: `line ${line}`,
  message: 'The clock was set back before this entry; the chain still gives the order.',
  facts: { before: last.time, after: entry.time },
});

const isBefore =
  (line: number) =>
  (note: Finding): boolean =>
    note.where !== `line ${line}`;

/** The lines that end in a line feed, and how many bytes stand after the last of them. */
const splitLines = (bytes: Uint8Array): { lines: Uint8Array[]; torn: number } => {
  const lines: Uint8Array[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return { lines, torn: bytes.length - start };
};
