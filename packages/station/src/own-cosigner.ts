import { type Cosigner, formatKeyOrigin, type ScriptKind, type WalletPolicy } from '@qoima/policy';
import { equalBytes, type Network } from '@qoima/primitives';
import { accountPath, cosignerOf } from '@qoima/signer-software';
import { stationError } from './errors.ts';
import type { StationKey } from './station-key.ts';

/** This station's public key for policies of one script type, at its account 0. */
export const stationCosigner = (
  key: StationKey,
  scriptKind: ScriptKind,
  network: Network,
): Cosigner => {
  if (key.kind === 'ledger') return key.keys[scriptKind];
  const { name, mnemonic } = key;
  return cosignerOf({ mnemonic, name, network, path: accountPath(scriptKind, network) });
};

/**
 * Which cosigner of the policy this station is. It must be so to the byte, public key and chain code: a
 * fingerprint, a name or a path can be copied. The origin must be the station's own as well, or no
 * signer would find the key again.
 * @throws `STATION_KEY_NOT_IN_POLICY`
 */
export const ownCosigner = (key: StationKey, policy: WalletPolicy): Cosigner => {
  const own = stationCosigner(key, policy.scriptKind, policy.network);
  const found = policy.cosigners.find(
    (cosigner) =>
      equalBytes(cosigner.key.publicKey, own.key.publicKey) &&
      equalBytes(cosigner.key.chainCode, own.key.chainCode) &&
      formatKeyOrigin(cosigner.origin, "'") === formatKeyOrigin(own.origin, "'"),
  );
  if (found === undefined) {
    throw stationError(
      'STATION_KEY_NOT_IN_POLICY',
      `The key of ${key.name} is not in policy ${policy.name}.`,
      { cosigners: policy.cosigners.map(({ name }) => name) },
    );
  }
  return found;
};
