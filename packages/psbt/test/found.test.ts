import { isQoimaError, parseBase64, parseUtf8 } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import { readVectors, type VectorEntry } from '../../../scripts/read-vectors.ts';
import { encodePsbt, parsePsbt } from '../src/index.ts';

interface FoundCase extends VectorEntry {
  readonly summary: string;
  readonly code?: string;
  readonly base64?: string;
  /** The file as it is, where it is not `base64` in binary. */
  readonly text?: string;
}

const cases = readVectors<FoundCase>('fuzz/found.json').entries.filter(
  ({ kind }) => kind === 'psbt',
);

describe('what the fuzzer has found stays so', () => {
  it.each(cases)('$id: $summary', ({ expect: verdict, code, base64 = '', text }) => {
    const file = text === undefined ? parseBase64(base64) : parseUtf8(text);
    if (verdict === 'accept') {
      expect(encodePsbt(parsePsbt(file))).toEqual(parseBase64(base64));
      return;
    }
    let thrown: unknown;
    try {
      parsePsbt(file);
    } catch (error) {
      thrown = error;
    }
    expect(isQoimaError(thrown, code)).toBe(true);
  });
});
