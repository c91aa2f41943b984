import { statSync } from 'node:fs';
import { type JournalEntry, journalEntries } from '@qoima/journal';
import { formatOutpoint, parseSats } from '@qoima/primitives';
import { type Report, type SpendMemory, type SpendRecord, spendMemory } from '@qoima/review';
import * as v from 'valibot';
import { stationError } from './errors.ts';

/** What the line of a signature says of its coins. A journal of version 0.1 has lines without them. */
const signedFacts = v.object({
  txid: v.string(),
  coins: v.optional(
    v.array(v.object({ outpoint: v.string(), amountSats: v.nullable(v.string()) })),
    [],
  ),
});

/** A spend's coins as they stand in the line of its signature. */
export const coinFacts = ({
  coins,
}: Report): readonly { readonly outpoint: string; readonly amountSats: string | null }[] =>
  coins.map(({ outpoint, amount }) => ({
    outpoint: formatOutpoint(outpoint),
    amountSats: amount?.toString() ?? null,
  }));

/**
 * What this station has signed, out of its journal: there is no second record that could say otherwise.
 * Each call looks anew, and reads the journal only if it has grown since. Linear in the journal.
 * @throws `JOURNAL_BROKEN`, `STATION_FILE_INVALID`, `FILE_…`, and what `check` throws
 */
export const openMemory = (
  journalPath: string,
  check: (entries: readonly JournalEntry[]) => void,
): (() => SpendMemory) => {
  let read: { readonly size: number | undefined; readonly memory: SpendMemory } | undefined;
  return () => {
    const size = sizeOf(journalPath);
    // Nothing but appends changes it; whoever signs has it verified once more, whatever its size.
    if (read === undefined || size === undefined || read.size !== size) {
      const entries = journalEntries(journalPath);
      check(entries);
      read = { size, memory: spendMemory(signedSpends(journalPath, entries)) };
    }
    return read.memory;
  };
};

/** Undefined for a file that is not there or cannot be asked: reading it will say which. */
const sizeOf = (path: string): number | undefined => {
  try {
    return statSync(path).size;
  } catch {
    return undefined;
  }
};

const signedSpends = (
  journalPath: string,
  entries: readonly JournalEntry[],
): readonly SpendRecord[] => {
  const records: SpendRecord[] = [];
  for (const { event, seq, time, facts } of entries) {
    if (event !== 'psbt.signed') continue;
    const parsed = v.safeParse(signedFacts, facts);
    // The chain holds, but it cannot vouch for its last line.
    if (!parsed.success) {
      throw stationError('STATION_FILE_INVALID', `${journalPath} has a strange psbt.signed.`, {
        path: journalPath,
        line: seq,
      });
    }
    const { txid, coins } = parsed.output;
    records.push({
      txid,
      time,
      coins: coins.map(({ outpoint, amountSats }) => ({
        outpoint,
        amount: amountSats === null ? undefined : parseSats(amountSats),
      })),
    });
  }
  return records;
};
