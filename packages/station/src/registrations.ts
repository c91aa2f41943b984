import { join } from 'node:path';
import { ensureFolder, isThere, readFileBounded, writeFileAtomically } from '@qoima/journal';
import { policyId, type WalletPolicy } from '@qoima/policy';
import { formatUtf8, parseUtf8 } from '@qoima/primitives';
import { decodeRegistration, encodeRegistration, type Registration } from '@qoima/signer-ledger';
import { stationError } from './errors.ts';

/**
 * What the station's Ledger gave when it registered a policy, a file each in `registrations/`, of the
 * name of the pinned policy.
 */
export interface Registrations {
  has(policy: WalletPolicy): boolean;
  /** @throws `STATION_NOT_REGISTERED`, and what `decodeRegistration` throws */
  read(policy: WalletPolicy): Registration;
  write(policy: WalletPolicy, registration: Registration): void;
}

const MAX_REGISTRATION_BYTES = 1 << 16;

export const openRegistrations = (network: string): Registrations => {
  const folder = join(network, 'registrations');
  const pathOf = (policy: WalletPolicy): string => join(folder, `${policyId(policy)}.json`);
  const has = (policy: WalletPolicy): boolean => isThere(pathOf(policy));
  return {
    has,
    read: (policy) => {
      const path = pathOf(policy);
      if (!has(policy)) {
        throw stationError('STATION_NOT_REGISTERED', `${policy.name} has no registration here.`);
      }
      return decodeRegistration(formatUtf8(readFileBounded(path, MAX_REGISTRATION_BYTES)), path);
    },
    write: (policy, registration) => {
      ensureFolder(folder);
      writeFileAtomically(pathOf(policy), parseUtf8(encodeRegistration(registration)));
    },
  };
};
