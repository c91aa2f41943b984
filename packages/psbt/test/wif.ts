const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** The 32 secret bytes of a compressed key in wallet import format; its checksum is not looked at. */
export const secretOfWif = (text: string): Uint8Array => {
  let value = 0n;
  for (const digit of text) value = value * 58n + BigInt(alphabet.indexOf(digit));
  // 1 version, 32 secret, 1 for "compressed", 4 checksum.
  const hex = value.toString(16).padStart(76, '0');
  return Uint8Array.from(hex.slice(2, 66).match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
};
