import type { Cosigner, DerivationPath } from '@qoima/policy';
import type { Network } from '@qoima/primitives';
import { derivePrivateKey, masterKey, neutered, wipe } from './extended-private-key.ts';
import { mnemonicSeed } from './mnemonic.ts';

/** The mnemonic of a signer, and what to derive from it. */
export interface CosignerOptions {
  readonly mnemonic: string;
  /** BIP-39; none by default. Another one gives another key. */
  readonly passphrase?: string | undefined;
  readonly network: Network;
  /** For people; the policy asks for 1 to 64 printable ASCII characters. */
  readonly name: string;
  /** From the master key: see `accountPath`. */
  readonly path: DerivationPath;
}

/**
 * The public half of a mnemonic, as a policy takes it: the extended key at `path`, with its origin.
 * @throws `SIGNER_MNEMONIC_INVALID`
 */
export const cosignerOf = (options: CosignerOptions): Cosigner => {
  const { mnemonic, passphrase, network, name, path } = options;
  const seed = mnemonicSeed(mnemonic, passphrase);
  const master = masterKey(seed);
  const account = derivePrivateKey(master, path);
  const cosigner = {
    name,
    origin: { fingerprint: master.fingerprint, path },
    key: neutered(account, network),
  };
  seed.fill(0);
  wipe(master);
  wipe(account);
  return cosigner;
};
