import { describe, expect, it } from 'vitest';
import { readVectors, type VectorEntry } from '../../../scripts/read-vectors.ts';
import { decodePolicyFile } from '../src/index.ts';
import { codeOf } from './sample-policy.ts';

interface FoundCase extends VectorEntry {
  readonly summary: string;
  readonly code: string;
  readonly text: string;
}

const cases = readVectors<FoundCase>('fuzz/found.json').entries.filter(
  ({ kind }) => kind === 'policy-file',
);

describe('what the fuzzer has found stays so', () => {
  it.each(cases)('$id: $summary', ({ code, text }) => {
    expect(codeOf(() => decodePolicyFile(text))).toBe(code);
  });
});
