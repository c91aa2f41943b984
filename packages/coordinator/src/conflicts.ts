import { formatHex, type Txid } from '@qoima/primitives';
import type { TakenSignature } from '@qoima/psbt';

/** A signature of a cosigner's key, wherever it was seen. */
export interface SeenSignature extends TakenSignature {
  readonly proposal: Txid;
  /** A good one, which need not be the one that is stored. */
  readonly good: boolean;
  /** The file; undefined if it was stored. */
  readonly from: string | undefined;
}

/** A key that signed one input twice, and not the same: as one of the files has it, and the others. */
export interface Conflict {
  readonly inputIndex: number;
  readonly cosigner: string;
  readonly publicKey: Uint8Array;
  readonly good: boolean;
  /** Each other signature once; `from` is undefined for one that was stored before. */
  readonly others: readonly { readonly from: string | undefined; readonly good: boolean }[];
}

/**
 * Holds signatures against each other: for one of them, those of the same key and input that differ.
 * A good one beside a bad one means a damaged or forged file; two good ones, a signer that does not
 * follow RFC 6979. The order in which they were seen does not matter but to the order of `others`.
 */
export const findConflicts = (
  all: readonly SeenSignature[],
): ((seen: SeenSignature) => Conflict | undefined) => {
  /** By place, then by signature: where it was seen first, files before the store. */
  const places = new Map<string, Map<string, SeenSignature>>();
  const fromFiles = all.filter(({ from }) => from !== undefined);
  const stored = all.filter(({ from }) => from === undefined);
  for (const seen of [...fromFiles, ...stored]) {
    const place = places.get(placeOf(seen)) ?? new Map<string, SeenSignature>();
    places.set(placeOf(seen), place);
    const signature = formatHex(seen.signature);
    if (!place.has(signature)) place.set(signature, seen);
  }
  return (seen) => {
    if (seen.from === undefined) return undefined;
    const own = formatHex(seen.signature);
    const others = [...(places.get(placeOf(seen)) ?? [])].flatMap(([signature, { from, good }]) =>
      signature === own ? [] : [{ from, good }],
    );
    if (others.length === 0) return undefined;
    const { inputIndex, cosigner, publicKey, good } = seen;
    return { inputIndex, cosigner, publicKey, good, others };
  };
};

const placeOf = ({ proposal, inputIndex, publicKey }: SeenSignature): string =>
  `${proposal} ${inputIndex} ${formatHex(publicKey)}`;
