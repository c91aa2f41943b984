import type { JsonValue } from '@qoima/primitives';
import type { PsbtAnalysis } from '@qoima/psbt';

/**
 * Where a PSBT stands, in lines: who has signed everything, who has not, and what is next: the role, unless
 * the proposal is beyond that.
 */
export const analysisLines = (
  analysis: PsbtAnalysis,
  next = `Next: ${analysis.next}.`,
): readonly string[] => {
  const { signedBy, missing } = tally(analysis);
  return [
    `Signed by ${signedBy.length === 0 ? 'nobody yet' : signedBy.join(', ')}.`,
    ...(missing.length === 0 ? [] : [`Not signed by ${missing.join(', ')}.`]),
    next,
  ];
};

export const analysisJson = (analysis: PsbtAnalysis): { readonly [key: string]: JsonValue } => ({
  next: analysis.next,
  ...tally(analysis),
  inputs: analysis.inputs.map(({ isFinal, next, signedBy, missing }) => ({
    isFinal,
    next,
    signedBy,
    missing,
  })),
});

/** A cosigner counts as having signed only when no input lacks them. */
const tally = ({ inputs }: PsbtAnalysis): { signedBy: string[]; missing: string[] } => {
  const missing = new Set(inputs.flatMap((input) => input.missing));
  const signedBy = new Set(inputs.flatMap((input) => input.signedBy));
  return {
    signedBy: [...signedBy].filter((name) => !missing.has(name)),
    missing: [...missing],
  };
};
