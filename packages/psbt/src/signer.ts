import type { PolicyScripts } from '@qoima/policy';
import type { PolicyMatch } from './match-policy.ts';
import type { PartialSignature } from './partial-signature.ts';
import type { Psbt } from './record.ts';

/** What a signer is asked to sign. */
export interface SigningRequest {
  readonly psbt: Psbt;
  /** The same PSBT seen through the policy: scripts and amounts here are proven. */
  readonly match: PolicyMatch;
  readonly scripts: PolicyScripts;
}

/**
 * The port behind which keys are: a Ledger, a mnemonic, an emulator. A signer signs every input that
 * it has a key for, with SIGHASH_ALL, and gives back signatures and nothing else. Whoever asks checks
 * each of them.
 */
export interface Signer {
  /** Of the master key, 4 bytes: a hint for people and logs, no identity. */
  readonly fingerprint: Uint8Array;
  sign(request: SigningRequest): Promise<readonly PartialSignature[]>;
}
