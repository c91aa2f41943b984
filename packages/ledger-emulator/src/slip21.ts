import { createHmac, timingSafeEqual } from 'node:crypto';
import { concatBytes, hmacSha512, parseUtf8 } from '@qoima/primitives';

/** SLIP-21's key of a label: of the node below the seed's, the second half. 32 bytes. */
const symmetricKey = (seed: Uint8Array, label: string): Uint8Array => {
  const master = hmacSha512(parseUtf8('Symmetric key seed'), seed);
  const node = hmacSha512(master.subarray(0, 32), concatBytes(Uint8Array.of(0), parseUtf8(label)));
  return node.slice(32);
};

/** Makes and checks the HMACs of registered policies. Nothing is stored: seed and policy id decide. */
export interface Registrations {
  /** HMAC-SHA256 of a policy id, 32 bytes. */
  hmac(policyId: Uint8Array): Uint8Array;
  holds(policyId: Uint8Array, hmac: Uint8Array): boolean;
  wipe(): void;
}

export const registrations = (seed: Uint8Array): Registrations => {
  const key = symmetricKey(seed, 'LEDGER-Wallet policy');
  const hmac = (policyId: Uint8Array): Uint8Array =>
    new Uint8Array(createHmac('sha256', key).update(policyId).digest());
  return {
    hmac,
    holds: (policyId, claimed) => timingSafeEqual(hmac(policyId), claimed),
    wipe: () => {
      key.fill(0);
    },
  };
};
