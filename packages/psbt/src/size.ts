import type { WalletPolicy } from '@qoima/policy';
import { compactSizeLength } from '@qoima/primitives';

/**
 * Sizes of what will be signed, exactly, but for the signatures: each is taken to be 72 bytes, the
 * most that strict DER with a low s and the flag can be (about half of them are a byte shorter). So an
 * estimate is never too small. Weight units and virtual bytes are those of BIP-141.
 */

/** What decides the weight of a signed input: `wsh`, `sh-wsh` or `sh`, and k of n. */
export type SpendShape = Pick<WalletPolicy, 'scriptKind' | 'quorum'>;

const SIGNATURE_LENGTH = 72;

/**
 * The weight of one signed input, witness included: 559 for 3-of-5 `wsh`. In a transaction that has
 * both segwit and `sh` inputs each `sh` input weighs one unit more, for its empty witness.
 */
export const inputWeight = (shape: SpendShape): number => {
  const { required, total } = shape.quorum;
  const script = 3 + 34 * total;
  if (shape.scriptKind === 'sh') {
    const scriptSig = 1 + required * (1 + SIGNATURE_LENGTH) + pushPrefix(script) + script;
    return 4 * (40 + compactSizeLength(scriptSig) + scriptSig);
  }
  // The items: the empty one that CHECKMULTISIG drops, the signatures, the script.
  const witness =
    compactSizeLength(required + 2) +
    1 +
    required * (1 + SIGNATURE_LENGTH) +
    compactSizeLength(script) +
    script;
  // scriptSig of sh-wsh: a push of the 34 bytes of the witness program.
  return 4 * (41 + (shape.scriptKind === 'sh-wsh' ? 35 : 0)) + witness;
};

/** The weight of one output. */
export const outputWeight = (script: Uint8Array): number =>
  4 * (8 + compactSizeLength(script.length) + script.length);

/** The weight of a signed transaction with these inputs and output scripts. */
export const estimateWeight = (
  inputs: readonly SpendShape[],
  outputScripts: readonly Uint8Array[],
): number => {
  const segwit = inputs.some((input) => input.scriptKind !== 'sh');
  let weight = 4 * (8 + compactSizeLength(inputs.length) + compactSizeLength(outputScripts.length));
  if (segwit) weight += 2;
  for (const input of inputs) {
    weight += inputWeight(input) + (segwit && input.scriptKind === 'sh' ? 1 : 0);
  }
  for (const script of outputScripts) weight += outputWeight(script);
  return weight;
};

/** Virtual bytes, rounded up, of a spend of `inputs` coins of one policy to these output scripts. */
export const estimateVsize = (
  policy: SpendShape,
  inputs: number,
  outputScripts: readonly Uint8Array[],
): number =>
  Math.ceil(estimateWeight(new Array<SpendShape>(inputs).fill(policy), outputScripts) / 4);

/** Bytes before pushed data in a script: OP_PUSHBYTES, OP_PUSHDATA1 or OP_PUSHDATA2. */
const pushPrefix = (length: number): number => (length <= 75 ? 1 : length <= 0xff ? 2 : 3);
