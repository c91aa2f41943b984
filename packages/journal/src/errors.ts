import { type ErrorMaker, type ErrorTable, errorMaker } from '@qoima/primitives';

const table = {
  CLOCK_INVALID: {
    kind: 'usage',
    meaning: 'QOIMA_CLOCK does not hold a time.',
    action: 'Unset it, or write a time like 2026-01-31T12:00:00Z; only rehearsals need it.',
  },
  FILE_EXISTS: {
    kind: 'refused',
    meaning: 'A file that would be written is already there with other content.',
    action: 'Name another file, or move the old one away; nothing is written over.',
  },
  FILE_NAME_INVALID: {
    kind: 'usage',
    meaning:
      'What should name a new file names none, or is longer than the file system takes (a few characters more are needed while it is written).',
    action: 'Give the path of a file, not of a folder, with a shorter name.',
  },
  FILE_NOT_FOUND: {
    kind: 'failed',
    meaning: 'A file or folder is not there.',
    action: 'Check the path.',
  },
  FILE_NOT_REGULAR: {
    kind: 'failed',
    meaning: 'A path leads to something that is not an ordinary file or folder as it should be.',
    action: 'Check the path, and move what is there out of the way.',
  },
  FILE_TOO_LARGE: {
    kind: 'refused',
    meaning: 'A file is larger than anything of its kind may be.',
    action: 'Check that it is the right file.',
  },
  FILE_PERMISSION: {
    kind: 'failed',
    meaning: 'The system does not allow a file or folder to be read or written.',
    action: 'Run as the owner of the folder, or mend its permissions.',
  },
  FILE_READ_ONLY: {
    kind: 'failed',
    meaning: 'A file lies on a medium that cannot be written.',
    action: 'Release the write protection or choose another folder.',
  },
  FILE_NO_SPACE: {
    kind: 'failed',
    meaning: 'The disk or the quota is full.',
    action: 'Make room and run the command again; nothing half-written was left.',
  },
  FILE_TOO_MANY_OPEN: {
    kind: 'failed',
    meaning: 'No more files may be open at the same time, here or on the whole machine.',
    action: 'End other programs, or raise the limit (ulimit -n), and run the command again.',
  },
  FILE_FAILED: {
    kind: 'failed',
    meaning: 'The system refused a file operation for a reason of its own.',
    action: 'Check the disk or medium and run the command again.',
  },
  HOME_UNKNOWN: {
    kind: 'usage',
    meaning:
      'The folder of a program’s state is not known: --home is empty, or left out where the user has no home folder.',
    action: 'Name a folder with --home; an empty one often is a variable that is not set.',
  },
  JOURNAL_BROKEN: {
    kind: 'refused',
    meaning: 'A journal is not what was written: a line was changed, moved, removed or cut.',
    action: 'Stop, keep the file as it is, and compare it with the copies and written-down heads.',
  },
  JOURNAL_TORN: {
    kind: 'failed',
    meaning:
      'The last line of a journal is cut off, as a crash in the middle of writing leaves it.',
    action:
      'Run the command again that was cut off: the line is then put aside, which is recorded, and nothing that was finished is lost.',
  },
  JOURNAL_CHANGED: {
    kind: 'failed',
    meaning: 'Something else wrote to a journal while this program held its lock.',
    action: 'Find out what did; then run the command again, which verifies the whole journal.',
  },
  JOURNAL_LOCKED: {
    kind: 'failed',
    meaning: 'Another program is writing the journal.',
    action: 'Wait for it to end; remove the lock file only if no program runs, on any machine.',
  },
  JOURNAL_ENTRY_TOO_LARGE: {
    kind: 'failed',
    meaning: 'An entry would be longer than a journal line may be.',
    action: 'Record a hash in its place.',
  },
  JOURNAL_ENTRY_SECRET: {
    kind: 'failed',
    meaning: 'An entry holds what looks like a private key.',
    action: 'Report this: a program must never put a secret into the journal.',
  },
} as const;

/** The error codes of `@qoima/journal`. */
export const journalErrors: ErrorTable = table;

export const journalError: ErrorMaker<typeof table> = errorMaker(table);
