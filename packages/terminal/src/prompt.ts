import { createInterface } from 'node:readline';
import { excerpt } from '@qoima/primitives';
import { terminalError } from './errors.ts';
import { printable, printableLines } from './printable.ts';
import type { TextStream } from './text-stream.ts';

/** A question that is answered by typing a word, so that no reflex on the Enter key says yes. */
export interface Confirmation {
  /** What is about to be done, in full: `Sign 3 inputs, paying 1.5 BTC?` Foreign text in it must be `printable`. */
  readonly question: string;
  /** The word to type, exactly: `sign`, or the first eight digits of a digest. */
  readonly word: string;
  /** An answer that came with the command line; then nobody is asked. */
  readonly given?: string | undefined;
}

/**
 * Returns when the answer is the word.
 * @throws `CONFIRM_DECLINED`, `CONFIRM_NO_TERMINAL`
 */
export type Confirm = (confirmation: Confirmation) => Promise<void>;

/** Where a person is asked; the question goes to stderr, so that stdout stays the result's own. */
export interface PromptStreams {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined };
  readonly stderr: NodeJS.WritableStream & TextStream;
}

export const confirmAt =
  (streams: PromptStreams): Confirm =>
  async ({ question, word, given }) => {
    const answer = given ?? (await ask(streams, question, word));
    if (answer.trim() !== word) {
      const said =
        answer.trim() === '' ? 'No answer was given.' : `The answer is ${excerpt(answer.trim())}.`;
      throw terminalError('CONFIRM_DECLINED', said, {
        expected: word,
        actual: answer.trim().slice(0, 100),
      });
    }
  };

const ask = async (streams: PromptStreams, question: string, word: string): Promise<string> => {
  if (streams.stdin.isTTY !== true || streams.stderr.isTTY !== true) {
    throw terminalError(
      'CONFIRM_NO_TERMINAL',
      `This asks for the word ${excerpt(word)}, and input or error output is not a terminal.`,
      { word },
    );
  }
  const lines = createInterface({
    input: streams.stdin,
    output: streams.stderr,
    terminal: true,
  });
  const text = `${printableLines(question, false)}\nType ${printable(word)} to go on: `;
  try {
    return await new Promise((resolve) => {
      // Ctrl-C and Ctrl-D close the interface: no answer is a no.
      lines.once('close', () => {
        resolve('');
      });
      lines.question(text, resolve);
    });
  } finally {
    lines.close();
  }
};
