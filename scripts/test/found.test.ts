import { decodePolicyFile, policyScripts } from '@qoima/policy';
import { parseBase64 } from '@qoima/primitives';
import { parsePsbt } from '@qoima/psbt';
import { reviewPsbt } from '@qoima/review';
import { expect, it } from 'vitest';
import { readVectors, type VectorEntry } from '../read-vectors.ts';

interface ReviewedCase extends VectorEntry {
  readonly summary: string;
  readonly base64: string;
  /** The policy file that it is judged by. */
  readonly policy?: string;
}

const cases = readVectors<ReviewedCase>('fuzz/found.json').entries.filter(
  ({ policy }) => policy !== undefined,
);

it.each(cases)('the review answers $id: $summary', ({ base64, policy = '' }) => {
  const scripts = policyScripts(decodePolicyFile(policy).policy);
  const { findings } = reviewPsbt(parsePsbt(parseBase64(base64)), scripts);
  expect(findings.map(({ rule }) => rule)).toEqual(['input-not-ours']);
});
