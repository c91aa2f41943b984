import type { FeeRate, Sats } from '@qoima/primitives';

/** Above which a reviewer wants a person's explicit word. */
export interface ReviewLimits {
  /** The whole fee. */
  readonly feeSats: Sats;
  readonly feeRate: FeeRate;
  /** The fee in parts per thousand of what is spent. */
  readonly feePerMille: number;
  /** A change index may lie this far beyond the highest index among the inputs. */
  readonly changeWindow: number;
}

/**
 * 0.1 BTC as Bitcoin Core's `-maxtxfee`; 1000 sat/vB and 5 % as Electrum and Coldcard warn; 200 as
 * Coldcard bounds a change index beyond the inputs' highest.
 */
export const defaultLimits: ReviewLimits = {
  feeSats: 10_000_000n,
  feeRate: 1_000_000n,
  feePerMille: 50,
  changeWindow: 200,
};
