import { encodeExtendedKey } from '@qoima/policy';
import { equalBytes } from '@qoima/primitives';
import { Refusal } from './app-error.ts';
import type { Device } from './device.ts';
import type { KeyInformation } from './key-information.ts';

/**
 * Whether a key is the device's: a fingerprint is only a hint, and the key at the origin's path decides,
 * in all its 78 bytes.
 * @throws `Refusal` when the origin has the device's fingerprint and a path that the app may not use
 */
export const isOwnKey = (
  { keys }: Pick<Device, 'keys'>,
  { origin, payload }: KeyInformation,
): boolean =>
  origin !== undefined &&
  equalBytes(origin.fingerprint, keys.fingerprint) &&
  equalBytes(encodeExtendedKey(keys.extendedKey(origin.path)), payload);

/** As `isOwnKey`, where a path that the app may not use is none of the device's. */
export const isUsableOwnKey: typeof isOwnKey = (device, information) => {
  try {
    return isOwnKey(device, information);
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
};
