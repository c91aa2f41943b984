import type { PolicyScript } from '@qoima/policy';
import { equalBytes, type Finding } from '@qoima/primitives';
import { scriptText } from './script-text.ts';

/** What a map says that the scripts behind a scriptPubKey are. */
export interface ClaimedScripts {
  readonly redeemScript: Uint8Array | undefined;
  readonly witnessScript: Uint8Array | undefined;
}

/**
 * The scripts in a PSBT are compared with the policy's, never used. Where nothing is proven to be the
 * policy's there is nothing to compare with, and another finding.
 */
export const judgeScriptFields = (
  where: string,
  claimed: ClaimedScripts,
  own: PolicyScript | undefined,
): readonly Finding[] =>
  own === undefined
    ? []
    : [
        ...mismatch(where, 'redeem script', claimed.redeemScript, own.redeemScript),
        ...mismatch(where, 'witness script', claimed.witnessScript, own.witnessScript),
      ];

const mismatch = (
  where: string,
  noun: 'redeem script' | 'witness script',
  claimed: Uint8Array | undefined,
  own: Uint8Array | undefined,
): readonly Finding[] =>
  claimed === undefined || (own !== undefined && equalBytes(claimed, own))
    ? []
    : [
        {
          rule: noun.replace(' ', '-'),
          severity: 'block',
          where,
          message: `The ${noun} is not the policy's.`,
          facts: {
            expected: own === undefined ? 'none' : scriptText(own),
            actual: scriptText(claimed),
          },
        },
      ];
