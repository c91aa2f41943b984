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

/**
 * Where a person is asked; the question goes to stderr, so that stdout stays the result's own. What they
 * are asked about is on stdout: where that is no terminal they have not seen it.
 */
export interface PromptStreams {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined };
  readonly stdout: Pick<TextStream, 'isTTY'>;
  readonly stderr: NodeJS.WritableStream & TextStream;
}

/** With `json` nobody is asked: what a person would judge by is not shown then. */
export const confirmAt =
  (streams: PromptStreams, json: boolean): Confirm =>
  async ({ question, word, given }) => {
    const answer = given ?? (await ask(streams, json, question, word));
    if (answer.trim() !== word) {
      const said =
        answer.trim() === '' ? 'No answer was given.' : `The answer is ${excerpt(answer.trim())}.`;
      throw terminalError('CONFIRM_DECLINED', said, {
        expected: word,
        actual: answer.trim().slice(0, 100),
      });
    }
  };

const ask = async (
  streams: PromptStreams,
  json: boolean,
  question: string,
  word: string,
): Promise<string> => {
  const why = blindness(streams, json);
  if (why !== undefined) {
    throw terminalError('CONFIRM_NO_TERMINAL', `This asks a person for a word, and ${why}.`);
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

/** Why a person could not answer here, or not see what they answer. */
const blindness = ({ stdin, stdout, stderr }: PromptStreams, json: boolean): string | undefined => {
  if (json) return 'nothing is shown to one with --json';
  const away = { input: stdin, output: stdout, 'error output': stderr };
  const [name] = Object.entries(away).find(([, { isTTY }]) => isTTY !== true) ?? [];
  return name === undefined ? undefined : `${name} is not a terminal`;
};
