/** One open connection to a Ledger: the port that USB and an emulator both fit. */
export interface LedgerTransport {
  /** What the connection says that the device is, `Nano S Plus` for example; a hint for people. */
  readonly name?: string;
  /**
   * Sends one APDU and gives the answer, its two bytes of status word included. Never called again
   * before it has answered. It rejects when the connection is lost, and may take as long as the device
   * does: a person may be reading a review.
   */
  exchange(apdu: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A device that could be opened. */
export interface LedgerDevice {
  /** For `open`; it holds for as long as the device stays plugged in. */
  readonly id: string;
  /** The product as the connection names it. */
  readonly name: string;
}

/** The ways to devices: USB, or emulated ones. */
export interface LedgerDevices {
  list(): Promise<readonly LedgerDevice[]>;
  /**
   * Opens the device of that id, or the only one that there is.
   * @throws `DEVICE_ABSENT`, `DEVICE_SEVERAL`, `DEVICE_USB_UNAVAILABLE`, `DEVICE_USB_REFUSED`
   */
  open(id?: string): Promise<LedgerTransport>;
}
