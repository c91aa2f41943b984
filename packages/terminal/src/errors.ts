import { type ErrorMaker, type ErrorTable, errorMaker } from '@qoima/primitives';

const table = {
  USAGE_INVALID: {
    kind: 'usage',
    meaning: 'A command was called in a way that it does not know.',
    action: 'Run it with --help to see its arguments and options.',
  },
  CONFIRM_DECLINED: {
    kind: 'refused',
    meaning: 'The person asked did not type the word that was asked for.',
    action: 'Nothing was done; run the command again to be asked again.',
  },
  CONFIRM_NO_TERMINAL: {
    kind: 'usage',
    meaning:
      'A question must be answered by a person who sees what it is about: none is there, output goes elsewhere, or --json shows nothing.',
    action:
      'Run the command in a terminal, without --json, and with nothing redirected, or give the answer with --accept.',
  },
  OUTPUT_FAILED: {
    kind: 'failed',
    meaning: 'The result could not be written to where the output goes.',
    action:
      'The command was carried out: make room there, and look at its state before repeating it.',
  },
  DEFECT: {
    kind: 'failed',
    meaning: 'A program met a state that it holds to be impossible.',
    action:
      'This is a defect of the program: report this line, the command and the versions. QOIMA_DEBUG=1 shows where it happened.',
  },
} as const;

/** The error codes of `@qoima/terminal`. */
export const terminalErrors: ErrorTable = table;

export const terminalError: ErrorMaker<typeof table> = errorMaker(table);
