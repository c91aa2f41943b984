import { concatBytes } from '@qoima/primitives';
import { encodeSignature } from '@qoima/psbt';
import type { KeyExpression } from '../descriptor-template.ts';
import { type Dialogue, orRefuse } from '../dialogue.ts';
import { varint, yieldToHost } from '../host-client.ts';
import { inputOptions, readClaims } from './input-claims.ts';
import { type OwnKey, ownKeyAt } from './own-keys.ts';
import type { ReviewedTransaction } from './review-transaction.ts';
import { type Sighash, sighashes } from './sighash.ts';

/**
 * Signs the own inputs of a reviewed transaction, key by key, and yields each signature. Scripts of the
 * inputs are compared only now, after the review: a wrong one is refused late, as on the device.
 * @throws `Refusal`
 */
export function* signTransaction(reviewed: ReviewedTransaction): Dialogue<void> {
  const { spend, inputs } = reviewed;
  const { app } = spend.device;
  const sighashOf = sighashes(reviewed);
  for (const expression of expressionsToSign(reviewed)) {
    const signer = yield* ownKeyAt(spend.device, spend.source, expression);
    if (signer === undefined) continue;
    const options = inputOptions(app, app.version === '2.3.0' ? [signer] : inputs.ownKeys);
    for (const index of inputs.own) {
      const claims = yield* orRefuse(readClaims(spend.inputs, index, options));
      const sighash = yield* sighashOf(claims, index);
      // An input that another key of ours found: 2.3 then signs at the first receive address.
      const place = claims.place ?? { change: false, index: 0 };
      const branch = place.change ? expression.second : expression.first;
      const path = [...signer.origin.path, branch, place.index];
      yield* yieldSignature(reviewed, path, index, sighash);
    }
  }
}

/** 2.4 signs with the keys that some input names; 2.3 tries them all. */
const expressionsToSign = ({ spend, inputs }: ReviewedTransaction): readonly KeyExpression[] =>
  spend.device.app.version === '2.3.0'
    ? spend.source.template.script.keys
    : inputs.ownKeys
        .filter((key: OwnKey) => inputs.signers.has(key))
        .map(({ expression }) => expression);

function* yieldSignature(
  { spend }: ReviewedTransaction,
  path: readonly number[],
  index: number,
  { hash, flag }: Sighash,
): Dialogue<void> {
  const { publicKey, compact } = spend.device.keys.sign(path, hash);
  const signature = encodeSignature({ compact, flag });
  // The protocol's first version leaves the key out.
  const key =
    spend.protocolVersion === 0
      ? new Uint8Array()
      : concatBytes(Uint8Array.of(publicKey.length), publicKey);
  yield* yieldToHost(concatBytes(varint(index), key, signature));
}
