import { canonicalJson, formatHex, type JsonValue, parseUtf8, sha256 } from '@qoima/primitives';
import { journalError } from './errors.ts';

/** What every entry names as its format. */
export const JOURNAL_FORMAT = 'qoima-journal/1';

/** What the first entry names as its previous one, and the head of an empty journal. */
export const NO_ENTRY: string = '0'.repeat(64);

/** The longest line, in bytes of UTF-8 without the line feed. */
export const MAX_LINE_BYTES: number = 1 << 20;

/** What happened, as plain values; amounts as decimal strings under keys ending in `Sats`. Never a secret. */
export type JournalFacts = Readonly<Record<string, JsonValue>>;

/** One line of a journal. */
export interface JournalEntry {
  /** 1 for the first line, and one more on each line. */
  readonly seq: number;
  /** What the writer's clock said: ISO 8601 in UTC with milliseconds. A claim; the chain alone gives the order. */
  readonly time: string;
  /** SHA-256 of the line before, without its line feed: 64 hex digits; `NO_ENTRY` on line 1. */
  readonly previous: string;
  /** Dotted kebab case: `policy.created`, `session.signatures-taken`. */
  readonly event: string;
  readonly facts: JournalFacts;
}

/** Lower-case words joined by `-`, at least two groups of them joined by `.`. */
export const EVENT_NAME: RegExp = /^[a-z][a-z0-9]*(-[a-z0-9]+)*(\.[a-z][a-z0-9]*(-[a-z0-9]+)*)+$/;

/** Base58 extended private keys of all networks, SLIP-132 spellings too. */
const PRIVATE_KEY = /[xtyzuvYZUV]prv[1-9A-HJ-NP-Za-km-z]{100}/;

/**
 * The line of an entry, in canonical JSON and UTF-8, without its line feed.
 *
 * An extended private key in it is refused: a net under the commonest slip, not a proof that an
 * entry holds no secret.
 * @throws `JOURNAL_ENTRY_TOO_LARGE`, `JOURNAL_ENTRY_SECRET`
 */
export const encodeEntry = (entry: JournalEntry): Uint8Array => {
  if (!EVENT_NAME.test(entry.event)) {
    throw new Error(`event names stand in the code, and ${entry.event} is not dotted kebab case`);
  }
  const { seq, time, previous, event, facts } = entry;
  const text = canonicalJson({ event, facts, format: JOURNAL_FORMAT, previous, seq, time });
  if (PRIVATE_KEY.test(text)) {
    throw journalError('JOURNAL_ENTRY_SECRET', `The entry ${event} holds an extended private key.`);
  }
  const line = parseUtf8(text);
  if (line.length > MAX_LINE_BYTES) {
    throw journalError(
      'JOURNAL_ENTRY_TOO_LARGE',
      `The entry ${event} takes ${line.length} bytes.`,
      {
        expected: MAX_LINE_BYTES,
        actual: line.length,
      },
    );
  }
  return line;
};

/** What the next entry names as `previous`: 64 hex digits over the line without its line feed. */
export const hashEntry = (line: Uint8Array): string => formatHex(sha256(line));
