/** The standard form that a scriptPubKey has. */
export type Kind = 'p2pkh' | 'p2sh' | 'p2wpkh' | 'p2wsh' | 'p2tr' | 'op-return' | 'unknown';

export const scriptKind = (script: Uint8Array): Kind => {
  const starts = (...bytes: readonly number[]): boolean =>
    bytes.every((byte, at) => script[at] === byte);
  const ends = (...bytes: readonly number[]): boolean =>
    bytes.every((byte, at) => script[script.length - bytes.length + at] === byte);
  if (script.length === 25 && starts(0x76, 0xa9, 0x14) && ends(0x88, 0xac)) return 'p2pkh';
  if (script.length === 23 && starts(0xa9, 0x14) && ends(0x87)) return 'p2sh';
  if (script.length === 22 && starts(0x00, 0x14)) return 'p2wpkh';
  if (script.length === 34 && starts(0x00, 0x20)) return 'p2wsh';
  if (script.length === 34 && starts(0x51, 0x20)) return 'p2tr';
  return starts(0x6a) ? 'op-return' : 'unknown';
};

/** Bitcoin Core's dust limits at 3 sat/vB, by the kind of script that is paid. */
export const dustLimit = (script: Uint8Array): bigint => {
  switch (scriptKind(script)) {
    case 'p2wpkh':
      return 294n;
    case 'p2wsh':
    case 'p2tr':
      return 330n;
    case 'p2sh':
      return 540n;
    default:
      return 546n;
  }
};
