import { type Branch, branchNumbers, type PolicyScript, type WalletPolicy } from '@qoima/policy';
import { equalBytes, type Network } from '@qoima/primitives';
import {
  encodeSignature,
  type PartialSignature,
  SIGHASH,
  type Signer,
  signatureHashes,
} from '@qoima/psbt';
import { signerSoftwareError } from './errors.ts';
import {
  derivePrivateKey,
  type ExtendedPrivateKey,
  masterKey,
  wipe,
} from './extended-private-key.ts';
import { mnemonicSeed } from './mnemonic.ts';

/** The words of a key, and where it may sign. */
export interface SoftwareSignerOptions {
  readonly mnemonic: string;
  /** BIP-39; none by default. */
  readonly passphrase?: string | undefined;
  /** The only network whose policies it signs for. */
  readonly network: Network;
}

/** A `Signer` whose keys lie in this process's memory until `close`. */
export interface SoftwareSigner extends Signer {
  /** Wipes its keys, as far as this can be done: see `wipe`. Calling it twice does nothing. */
  close(): void;
}

/**
 * A signer for rehearsals and recovery drills. It is not a hardware wallet: the mnemonic and the keys
 * are in the memory of a general computer, nothing asks a person at a trusted screen, and it signs
 * whatever was matched to the policy.
 *
 * Signatures are deterministic (RFC 6979, low s, without grinding for a low r) and always SIGHASH_ALL.
 * @throws `SIGNER_MNEMONIC_INVALID`; from `sign`: `SIGNER_NETWORK_MISMATCH`,
 * `SIGNER_NOT_A_COSIGNER`, `SIGNER_CLOSED`
 */
export const softwareSigner = (options: SoftwareSignerOptions): SoftwareSigner => {
  const seed = mnemonicSeed(options.mnemonic, options.passphrase);
  const master = masterKey(seed);
  seed.fill(0);
  return signerOf(master, options.network);
};

/** A signer over a master key, which it takes over and wipes in the end. */
export const signerOf = (master: ExtendedPrivateKey, network: Network): SoftwareSigner => {
  const { fingerprint } = master;
  const known = new Map<WalletPolicy, readonly CosignerKeys[]>();
  let open = true;
  const keysFor = (policy: WalletPolicy): readonly CosignerKeys[] => {
    const keys = known.get(policy) ?? cosignerKeys(policy, master, fingerprint);
    known.set(policy, keys);
    return keys;
  };
  return {
    fingerprint,
    sign: async ({ match }) => {
      const { policy } = match;
      if (!open) throw signerSoftwareError('SIGNER_CLOSED', 'This software signer was closed.');
      if (policy.network !== network) {
        throw signerSoftwareError(
          'SIGNER_NETWORK_MISMATCH',
          `The policy is for ${policy.network}, this signer for ${network}.`,
          { expected: network, actual: policy.network },
        );
      }
      const hashes = signatureHashes(match);
      return match.inputs.flatMap(({ script }, inputIndex) =>
        keysFor(policy).map((keys) => signInput(keys, script, inputIndex, hashes(inputIndex))),
      );
    },
    close: () => {
      open = false;
      wipe(master);
      for (const { branches } of [...known.values()].flat()) {
        wipe(branches.receive);
        wipe(branches.change);
      }
      known.clear();
    },
  };
};

/** What of this signer a policy holds: which cosigner it is, and the keys that its branches grow from. */
interface CosignerKeys {
  readonly cosigner: number;
  readonly branches: Readonly<Record<Branch, ExtendedPrivateKey>>;
}

/**
 * The cosigners of a policy that are this signer. A fingerprint is only a hint (it has 32 bits): the
 * key at the origin's path must be the cosigner's, in public key and chain code.
 */
const cosignerKeys = (
  policy: WalletPolicy,
  master: ExtendedPrivateKey,
  fingerprint: Uint8Array,
): readonly CosignerKeys[] => {
  const found: CosignerKeys[] = [];
  for (const [cosigner, { origin, key }] of policy.cosigners.entries()) {
    if (!equalBytes(origin.fingerprint, fingerprint)) continue;
    const account = derivePrivateKey(master, origin.path);
    if (
      equalBytes(account.publicKey, key.publicKey) &&
      equalBytes(account.chainCode, key.chainCode)
    ) {
      const branch = (name: Branch): ExtendedPrivateKey =>
        derivePrivateKey(account, [branchNumbers[name]]);
      found.push({ cosigner, branches: { receive: branch('receive'), change: branch('change') } });
    }
    if (account !== master) wipe(account);
  }
  if (found.length > 0) return found;
  throw signerSoftwareError(
    'SIGNER_NOT_A_COSIGNER',
    `No key of the policy ${policy.name} comes from this signer.`,
    { policy: policy.name },
  );
};

const signInput = (
  { cosigner, branches }: CosignerKeys,
  script: PolicyScript,
  inputIndex: number,
  hash: Uint8Array,
): PartialSignature => {
  const key = derivePrivateKey(branches[script.branch], [script.index]);
  const { publicKey } = key;
  if (!equalBytes(publicKey, script.publicKeys[cosigner] ?? new Uint8Array())) {
    throw new Error('the account keys agree, so the keys below them must too (BIP-32)');
  }
  const compact = key.sign(hash);
  wipe(key);
  return { inputIndex, publicKey, signature: encodeSignature({ compact, flag: SIGHASH.all }) };
};
