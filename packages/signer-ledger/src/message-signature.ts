import { verifyEcdsa } from '@qoima/curve';
import { byteWriter, hash256, parseUtf8, writeVarBytes, writtenBytes } from '@qoima/primitives';
import { ledgerError } from './errors.ts';

/**
 * Checks a signature of the format of `signmessage`: a header byte for a compressed key (31 to 34), r and
 * s, over the double SHA-256 of the magic and the message, each with its length before it.
 * @throws `DEVICE_SIGNATURE_REFUSED`
 */
export const checkMessageSignature = (
  signature: Uint8Array,
  publicKey: Uint8Array,
  text: string,
): void => {
  const writer = byteWriter();
  writeVarBytes(writer, parseUtf8('Bitcoin Signed Message:\n'));
  writeVarBytes(writer, parseUtf8(text));
  const [header = 0] = signature;
  const isFormed = signature.length === 65 && header >= 31 && header <= 34;
  if (isFormed && verifyEcdsa(hash256(writtenBytes(writer)), publicKey, signature.slice(1))) return;
  throw ledgerError(
    'DEVICE_SIGNATURE_REFUSED',
    'The signature of the message is not by the key that the device has at this path.',
  );
};
