import { payToScriptHash } from '@qoima/policy';
import { equalBytes, sha256 } from '@qoima/primitives';
import { bip143Midstates, legacySighash, legacyTemplate, witnessSighash } from '@qoima/psbt';
import { Refusal } from '../app-error.ts';
import { type Dialogue, orRefuse } from '../dialogue.ts';
import { fixedValue, type MerkleMap, mapAt, streamedValue, value } from '../merkle-map.ts';
import { SIGN_CODE } from '../status-word.ts';
import type { Claims } from './input-claims.ts';
import { readOutputAt } from './outputs.ts';
import { fromPreviousTransaction, fromWitnessUtxo, MAX_SCRIPT } from './previous-output.ts';
import { INPUT } from './psbt-field.ts';
import { type Spend, uint32 } from './request.ts';
import type { ReviewedTransaction } from './review-transaction.ts';
import { readInput, readOutpoint, readSequence } from './transaction.ts';

/** What is signed for an input, and the flag that goes behind the signature. */
export interface Sighash {
  readonly hash: Uint8Array;
  readonly flag: number;
}

const SIGHASH_ALL = 0x01;
const SIGHASH_SINGLE = 0x03;

/**
 * The hashes of a reviewed transaction's inputs. All that the app would read for each again is asked for
 * again, and the hash made of the transaction that was read first: they are the same commitments.
 */
export const sighashes = ({
  spend,
  transaction,
}: ReviewedTransaction): ((claims: Claims, index: number) => Dialogue<Sighash>) => {
  const midstates = bip143Midstates(transaction);
  const template = legacyTemplate(transaction);
  return function* (claims, index) {
    const { map, types } = claims;
    const flag = types.has(INPUT.sighashType)
      ? uint32(yield* orRefuse(fixedValue(map, INPUT.sighashType, 4))) & 0xff
      : SIGHASH_ALL;
    if (!types.has(INPUT.witnessUtxo)) {
      const scriptCode = yield* legacyScriptCode(spend, claims, index);
      return { hash: legacySighash(template, index, scriptCode, flag), flag };
    }
    const program = yield* witnessProgram(claims);
    yield* readOutpoint(map);
    const scriptCode = yield* witnessScriptCode(map, program);
    const { amount } = yield* orRefuse(fromWitnessUtxo(map));
    yield* readSequence(map);
    if ((flag & 0x1f) === SIGHASH_SINGLE && index < spend.outputs.size) {
      yield* orRefuse(readOutputAt(spend, index));
    }
    return { hash: witnessSighash(midstates, index, scriptCode, amount, flag), flag };
  };
};

/** The script of the coin, or the redeem script that it is the hash of. */
function* witnessProgram({ map, types }: Claims): Dialogue<Uint8Array> {
  const { script } = yield* orRefuse(fromWitnessUtxo(map));
  if (!types.has(INPUT.redeemScript)) return script;
  const redeemScript = yield* orRefuse(value(map, INPUT.redeemScript, MAX_SCRIPT));
  if (!equalBytes(payToScriptHash(redeemScript), script)) {
    throw new Refusal('incorrectData', SIGN_CODE.redeemScript);
  }
  return redeemScript;
}

/** BIP-143: of a key's hash the script of old, of a script's hash the witness script. */
function* witnessScriptCode(map: MerkleMap, program: Uint8Array): Dialogue<Uint8Array> {
  const [version, length] = program;
  if (version === 0 && length === 20 && program.length === 22) {
    return Uint8Array.of(0x76, 0xa9, 20, ...program.subarray(2), 0x88, 0xac);
  }
  if (version !== 0 || length !== 32 || program.length !== 34) throw new Refusal('incorrectData');
  const witnessScript = yield* orRefuse(streamedValue(map, INPUT.witnessScript));
  if (!equalBytes(sha256(witnessScript), program.subarray(2))) {
    throw new Refusal('incorrectData', SIGN_CODE.witnessScript);
  }
  return witnessScript;
}

/**
 * Before segwit: the redeem script, which the app does not compare with anything, or else the coin's
 * script. Each input reads the whole transaction again, so that many of them take their square.
 */
function* legacyScriptCode(
  spend: Spend,
  { map, types }: Claims,
  index: number,
): Dialogue<Uint8Array> {
  const { script } = yield* orRefuse(fromPreviousTransaction(map));
  let scriptCode = script;
  for (let i = 0; i < spend.inputs.size; i++) {
    if (i !== index) {
      yield* readInput(yield* orRefuse(mapAt(spend.inputs, i)));
      continue;
    }
    yield* readOutpoint(map);
    if (types.has(INPUT.redeemScript)) {
      scriptCode = yield* orRefuse(streamedValue(map, INPUT.redeemScript));
    }
    yield* readSequence(map);
  }
  for (let i = 0; i < spend.outputs.size; i++) yield* orRefuse(readOutputAt(spend, i));
  return scriptCode;
}
