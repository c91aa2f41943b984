import type { JsonValue } from '@qoima/primitives';
import type { Colors } from './colors.ts';
import type { Outcome } from './exit-code.ts';
import { printableJson, printableLines } from './printable.ts';
import type { TextSink } from './text-stream.ts';

/** What a command shows on stdout: text for a person, or with `--json` exactly one JSON value. */
export interface Output {
  readonly json: boolean;
  /** For text that `line` and `result` are given; off with `--json`. */
  readonly colors: Colors;
  /** Shows lines at once; nothing with `--json`. Foreign text in them must be `printable`. */
  line(...lines: readonly string[]): void;
  /**
   * The result, once per command, when its work is done: `value` with `--json`, else `text`. An outcome
   * other than `done` sets the exit code of a command that has a result all the same, as a
   * `combine` that still lacks signatures.
   */
  result(value: JsonValue, text?: string | readonly string[], outcome?: Outcome): void;
}

/** An `Output` with its end, which only the program's rim sees. */
export interface OutputEnd {
  readonly output: Output;
  /** Writes the result of a command that went well, and says what it came to. */
  readonly end: () => Outcome;
}

/**
 * A result is held back until the command has ended, so that an error leaves stdout without one.
 * `makeRoom` is called before anything is shown.
 */
export const openOutput = (
  sink: TextSink,
  json: boolean,
  colors: Colors,
  makeRoom: () => void,
): OutputEnd => {
  let result: { value: JsonValue; text: string; outcome: Outcome } | undefined;
  const show = (text: string): void => {
    if (text === '') return;
    makeRoom();
    sink.write(`${printableLines(text, colors.enabled)}\n`);
  };
  return {
    output: {
      json,
      colors,
      line: (...lines) => {
        if (!json) show(lines.join('\n'));
      },
      result: (value, text = '', outcome = 'done') => {
        if (result !== undefined) throw new Error('a command has one result, and gave a second');
        result = { value, text: typeof text === 'string' ? text : text.join('\n'), outcome };
      },
    },
    end: () => {
      if (json) sink.write(`${printableJson(JSON.stringify(result?.value ?? null, null, 2))}\n`);
      else if (result !== undefined) show(result.text);
      return result?.outcome ?? 'done';
    },
  };
};
