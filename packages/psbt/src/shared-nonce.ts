import { formatHex, isQoimaError } from '@qoima/primitives';
import { decodeSignature } from './der.ts';
import type { PartialSignature } from './partial-signature.ts';

/**
 * Finds ECDSA signatures that share their nonce, seen by an equal r. Two such signatures of one key give
 * its private key away to whoever sees both; of two keys, each to the owner of the other, and two pairs
 * of them to everybody. Only the very same signature of the same key may have the same r.
 *
 * Gives groups of two or more that differ, in the order in which they came. What is not strict DER is
 * passed over: nothing takes it for a signature. Linear.
 *
 * Not found: nonces that are related in another way (a counter, few bits), which no look at r shows.
 */
export const sharedNonces = <Each extends Pick<PartialSignature, 'publicKey' | 'signature'>>(
  signatures: Iterable<Each>,
): readonly (readonly Each[])[] => {
  const groups = new Map<string, Map<string, Each>>();
  for (const each of signatures) {
    const r = signatureNonce(each.signature);
    if (r === undefined) continue;
    const group = groups.get(r) ?? new Map<string, Each>();
    groups.set(r, group);
    const name = `${formatHex(each.publicKey)} ${formatHex(each.signature)}`;
    if (!group.has(name)) group.set(name, each);
  }
  return [...groups.values()].filter(({ size }) => size > 1).map((group) => [...group.values()]);
};

/** What shows the nonce of a signature: r, in hex. Undefined for what is not strict DER. */
export const signatureNonce = (signature: Uint8Array): string | undefined => {
  try {
    return formatHex(decodeSignature(signature).compact.subarray(0, 32));
  } catch (error) {
    if (isQoimaError(error, 'PSBT_SIGNATURE_ENCODING')) return undefined;
    throw error;
  }
};
