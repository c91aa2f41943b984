import { equalBytes, MAX_SATS } from '@qoima/primitives';
import { Refusal } from '../app-error.ts';
import { segwitVersion } from '../descriptor-template.ts';
import { type Dialogue, orRefuse } from '../dialogue.ts';
import { fixedValue, value } from '../merkle-map.ts';
import { policyScript } from '../policy-script.ts';
import type { Warning } from '../screens.ts';
import { SIGN_CODE } from '../status-word.ts';
import { type Claims, inputOptions, readClaims } from './input-claims.ts';
import type { OwnKey } from './own-keys.ts';
import {
  fromPreviousTransaction,
  fromWitnessUtxo,
  type PreviousOutput,
} from './previous-output.ts';
import { INPUT } from './psbt-field.ts';
import { type Spend, uint32 } from './request.ts';

/** What the inputs amount to. */
export interface InputsSeen {
  /** The indices of those that the policy can spend. */
  readonly own: readonly number[];
  /** Of all inputs, own or not. */
  readonly total: bigint;
  readonly warnings: ReadonlySet<Warning>;
  readonly ownKeys: readonly OwnKey[];
  /** Those of them that some input names; only these sign. */
  readonly signers: ReadonlySet<OwnKey>;
}

/** Looks at every input. @throws `Refusal` */
export function* inspectInputs(spend: Spend, ownKeys: readonly OwnKey[]): Dialogue<InputsSeen> {
  const options = inputOptions(spend.device.app, ownKeys);
  const own: number[] = [];
  const warnings = new Set<Warning>();
  const signers = new Set<OwnKey>();
  let total = 0n;
  for (let index = 0; index < spend.inputs.size; index++) {
    const claims = yield* orRefuse(readClaims(spend.inputs, index, options));
    for (const key of claims.ownKeys) signers.add(key);
    if (claims.unreadable) throw new Refusal('incorrectData');
    const previous = yield* provenOutput(claims);
    total += previous.amount;
    if (previous.amount > MAX_SATS && spend.device.app.version !== '2.3.0') {
      throw new Refusal('incorrectData');
    }
    if (!(yield* isOwnInput(spend, claims, previous))) {
      warnings.add('externalInputs');
      continue;
    }
    own.push(index);
    checkUtxoFields(spend, claims, warnings);
    if (claims.types.has(INPUT.sighashType)) yield* checkSighash(spend, claims, index, warnings);
  }
  if (own.length === 0) throw new Refusal('incorrectData');
  return { own, total, warnings, ownKeys, signers };
}

/** Amount and script, from whichever UTXO field there is; two that are there must agree. */
function* provenOutput({ map, types }: Claims): Dialogue<PreviousOutput> {
  const hasPrevious = types.has(INPUT.nonWitnessUtxo);
  const hasWitness = types.has(INPUT.witnessUtxo);
  if (!hasPrevious && !hasWitness) throw new Refusal('incorrectData', SIGN_CODE.utxoMissing);
  if (!hasPrevious) return yield* orRefuse(fromWitnessUtxo(map));
  const txid = yield* orRefuse(value(map, INPUT.previousTxid, 32));
  const previous = yield* orRefuse(
    fromPreviousTransaction(map, txid),
    'incorrectData',
    SIGN_CODE.previousTransaction,
  );
  if (hasWitness) {
    const witness = yield* orRefuse(fromWitnessUtxo(map));
    if (witness.amount !== previous.amount || !equalBytes(witness.script, previous.script)) {
      throw new Refusal('incorrectData', SIGN_CODE.utxosDiffer);
    }
  }
  return previous;
}

function* isOwnInput(
  { source }: Spend,
  { place }: Claims,
  previous: PreviousOutput,
): Dialogue<boolean> {
  if (place === undefined) return false;
  return equalBytes(yield* orRefuse(policyScript(source, place)), previous.script);
}

/** BIP-174's fields of own inputs: before segwit the previous transaction alone, since then the witness UTXO. */
const checkUtxoFields = ({ source }: Spend, { types }: Claims, warnings: Set<Warning>): void => {
  const hasPrevious = types.has(INPUT.nonWitnessUtxo);
  const hasWitness = types.has(INPUT.witnessUtxo);
  if (segwitVersion(source.template) === undefined) {
    if (!hasPrevious || hasWitness) throw new Refusal('incorrectData', SIGN_CODE.legacyUtxo);
    return;
  }
  if (!hasPrevious) warnings.add('unverifiedInputs');
  if (!hasWitness) throw new Refusal('incorrectData', SIGN_CODE.witnessUtxoMissing);
};

const SIGHASH_ALL = 0x01;
const SIGHASH_SINGLE = 0x03;

/** With a warning, and in segwit only. */
const UNUSUAL_SIGHASHES: ReadonlySet<number> = new Set([0x02, 0x03, 0x81, 0x82, 0x83]);

function* checkSighash(
  { source, outputs }: Spend,
  { map }: Claims,
  index: number,
  warnings: Set<Warning>,
): Dialogue<void> {
  const sighash = uint32(yield* orRefuse(fixedValue(map, INPUT.sighashType, 4)));
  if (sighash !== SIGHASH_ALL) {
    if (segwitVersion(source.template) === undefined || !UNUSUAL_SIGHASHES.has(sighash)) {
      throw new Refusal('notSupported');
    }
    warnings.add('sighash');
  }
  if ((sighash & SIGHASH_SINGLE) === SIGHASH_SINGLE && index >= outputs.size) {
    throw new Refusal('notSupported', SIGN_CODE.sighashSingle);
  }
}
