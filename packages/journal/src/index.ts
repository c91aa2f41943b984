export { clockFrom } from './clock.ts';
export { readFileBounded, writeFileAtomically } from './durable-file.ts';
export {
  encodeEntry,
  hashEntry,
  JOURNAL_FORMAT,
  type JournalEntry,
  type JournalFacts,
  NO_ENTRY,
} from './entry.ts';
export { journalErrors } from './errors.ts';
export { ensureFolder, isThere, listFolder } from './folder.ts';
export { type Holder, holderSchema, isDead, processOf } from './holder.ts';
export { type Clock, type Journal, openJournal, readJournal } from './journal.ts';
export { journalEntries } from './journal-entries.ts';
export { removeLeftovers } from './leftovers.ts';
export { checkNewFile, writeNewFile } from './new-file.ts';
export { stateFolder } from './state-folder.ts';
export {
  type JournalFault,
  type JournalVerdict,
  type VerifiedJournal,
  verifyJournal,
} from './verify.ts';
