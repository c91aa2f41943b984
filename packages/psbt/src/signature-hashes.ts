import type { PolicyMatch } from './match-policy.ts';
import {
  type Bip143Midstates,
  bip143Midstates,
  type LegacyTemplate,
  legacySighash,
  legacyTemplate,
  SIGHASH,
  witnessSighash,
} from './sighash.ts';

/** The hash, 32 bytes, that each signature of an input signs with SIGHASH_ALL. */
export type SignatureHashes = (inputIndex: number) => Uint8Array;

/**
 * The sighashes of a matched transaction, over the policy's own scripts and the proven amounts: nothing
 * of the PSBT's claims is in them. What inputs share is hashed once, and each input once.
 */
export const signatureHashes = ({ transaction, inputs }: PolicyMatch): SignatureHashes => {
  const hashes: (Uint8Array | undefined)[] = [];
  let midstates: Bip143Midstates | undefined;
  let template: LegacyTemplate | undefined;
  const hash = (inputIndex: number): Uint8Array => {
    const input = inputs[inputIndex];
    if (input === undefined) throw new Error('a match has one entry for each input');
    const { multisigScript, witnessScript } = input.script;
    if (witnessScript === undefined) {
      template ??= legacyTemplate(transaction);
      return legacySighash(template, inputIndex, multisigScript, SIGHASH.all);
    }
    midstates ??= bip143Midstates(transaction);
    return witnessSighash(midstates, inputIndex, witnessScript, input.amount, SIGHASH.all);
  };
  return (inputIndex) => {
    const known = hashes[inputIndex] ?? hash(inputIndex);
    hashes[inputIndex] = known;
    return known;
  };
};
