/** Faults on request, for tests and rehearsals. Exchanges are counted from 1 over the emulator's life. */
export interface Misbehaviour {
  /** From this exchange on, nothing is answered any more: the cable is out. */
  readonly unplugAtExchange?: number | undefined;
  /** This exchange is answered with garbage, and the app never sees its APDU. */
  readonly garbageAtExchange?: number | undefined;
  /** The garbage: any bytes, two at least if they are to look like an answer. */
  readonly garbage?: Uint8Array | undefined;
  /** Each answer is this late, by the clock of `sleep`. */
  readonly delayMilliseconds?: number | undefined;
}

/** Three bytes and a status word that no app has. */
export const GARBAGE: Uint8Array = Uint8Array.of(0xde, 0xad, 0xbe, 0x13, 0x37);
