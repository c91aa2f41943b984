/**
 * What a person goes through on the device before one decision. A screen is its lines joined by ` | `, as
 * the recordings of the real app have it.
 */
export interface Review {
  /** In order, up to the screen where both buttons approve. */
  readonly screens: readonly string[];
  /** The same way ended by a refusal; undefined for pages that can only be passed. */
  readonly refused: readonly string[] | undefined;
  /** What follows an approval at once. */
  readonly approved: readonly string[];
}
