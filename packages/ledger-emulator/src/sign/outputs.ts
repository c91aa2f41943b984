import { equalBytes, MAX_SATS } from '@qoima/primitives';
import { Refusal } from '../app-error.ts';
import { type Dialogue, orRefuse } from '../dialogue.ts';
import { fixedValue, type MerkleMap, mapAt, value } from '../merkle-map.ts';
import { policyScript } from '../policy-script.ts';
import { SIGN_CODE } from '../status-word.ts';
import { type ClaimOptions, type Claims, readClaims } from './input-claims.ts';
import type { InputsSeen } from './inputs.ts';
import { findOwnKeys } from './own-keys.ts';
import { OUTPUT } from './psbt-field.ts';
import { type Spend, uint64 } from './request.ts';

/** An output as it stands in the transaction. */
export interface OutputRead {
  readonly amount: bigint;
  readonly script: Uint8Array;
}

/** A payment: an output that is not the policy's change. */
export interface Payment extends OutputRead {
  readonly index: number;
}

export interface OutputsSeen {
  /** In the order of the transaction. Change is not among them and never shown. */
  readonly payments: readonly Payment[];
  /** Inputs less outputs. */
  readonly fee: bigint;
}

/** Scripts up to the longest OP_RETURN that is relayed. */
const MAX_SCRIPT = 83;

/** Change is shown as one sum, that is not at all: more of it could be dust by the dozen. */
const MAX_CHANGE = 10;

/** Looks at every output: what is change and what a payment. @throws `Refusal` */
export function* inspectOutputs(
  spend: Spend,
  { total, ownKeys }: InputsSeen,
): Dialogue<OutputsSeen> {
  // 2.3 has forgotten which key it looked from, and finds it again.
  if (spend.device.app.version === '2.3.0') yield* findOwnKeys(spend.device, spend.source);
  const options: ClaimOptions = {
    app: spend.device.app,
    own: ownKeys,
    derivation: OUTPUT.bip32Derivation,
    tapDerivation: OUTPUT.tapBip32Derivation,
    firstOnly: true,
  };
  const payments: Payment[] = [];
  let change = 0;
  let spent = 0n;
  for (let index = 0; index < spend.outputs.size; index++) {
    const claims = yield* orRefuse(readClaims(spend.outputs, index, options));
    if (claims.unreadable) throw new Refusal('incorrectData');
    const output = yield* orRefuse(readOutput(claims.map, spend.device.app.version !== '2.3.0'));
    spent += output.amount;
    if (yield* isChange(spend, claims, output)) change++;
    else payments.push({ index, ...output });
  }
  if (spent > total) throw new Refusal('incorrectData');
  if (change > MAX_CHANGE) throw new Refusal('notSupported', SIGN_CODE.tooManyChangeOutputs);
  return { payments, fee: total - spent };
}

/** Reads a map again, for a payment of which the app kept nothing. @throws `HostFault` */
export function* readOutputAt(spend: Spend, index: number): Dialogue<OutputRead> {
  return yield* readOutput(yield* mapAt(spend.outputs, index), false);
}

function* readOutput(map: MerkleMap, bounded: boolean): Dialogue<OutputRead> {
  const amount = uint64(yield* fixedValue(map, OUTPUT.amount, 8));
  if (bounded && amount > MAX_SATS) throw new Refusal('incorrectData');
  return { amount, script: yield* value(map, OUTPUT.script, MAX_SCRIPT) };
}

/** On the second branch of a key of ours, and with the policy's script at that place. */
function* isChange(spend: Spend, { place }: Claims, { script }: OutputRead): Dialogue<boolean> {
  if (place?.change !== true) return false;
  return equalBytes(yield* orRefuse(policyScript(spend.source, place)), script);
}
