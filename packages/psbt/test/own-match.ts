import { pointOf } from '@qoima/curve';
import {
  type PolicyScript,
  parseMultisigScript,
  payToScriptHash,
  payToWitnessScriptHash,
  type WalletPolicy,
} from '@qoima/policy';
import { equalBytes, type Sats } from '@qoima/primitives';
import {
  fieldOf,
  INPUT,
  type MatchedInput,
  type PolicyMatch,
  type Psbt,
  spentOutput,
} from '../src/index.ts';

/**
 * A match that a PSBT vouches for itself, from the multisig scripts and UTXOs that it brings: published
 * PSBTs are of keys that no policy of ours can describe. Only tests may do this.
 */
export const ownMatch = (psbt: Psbt): PolicyMatch => {
  const inputs = psbt.transaction.inputs.map((input, index): MatchedInput => {
    const map = psbt.inputs[index] ?? [];
    const spent = spentOutput(input, map, `Input ${index}`);
    if (spent === undefined) throw new Error(`input ${index} does not say what it spends`);
    const script = fieldOf(map, INPUT.witnessScript) ?? fieldOf(map, INPUT.redeemScript);
    return matchedInput(spent.script, script ?? spent.script, spent.amount);
  });
  return matchOf(psbt, inputs);
};

/** A match of inputs that were put together by hand. */
export const matchOf = (psbt: Psbt, inputs: readonly MatchedInput[]): PolicyMatch => {
  const [first] = inputs;
  const multisig = parseMultisigScript(first?.script.multisigScript ?? new Uint8Array());
  if (multisig === undefined) throw new Error('the first input is no multisig');
  const cosigners = multisig.publicKeys.map((_, i) => ({ name: `key ${i + 1}` }));
  const quorum = { required: multisig.required, total: multisig.publicKeys.length };
  return {
    policy: { name: 'own word', quorum, cosigners } as unknown as WalletPolicy,
    transaction: psbt.transaction,
    inputs,
    outputs: psbt.outputs.map(() => undefined),
    ownReceive: psbt.outputs.map(() => undefined),
    fee: 0n,
  };
};

/** An input that spends this script with this multisig script, wrapped as the former says. */
export const matchedInput = (
  scriptPubKey: Uint8Array,
  multisigScript: Uint8Array,
  amount: Sats,
): MatchedInput => {
  const publicKeys = parseMultisigScript(multisigScript)?.publicKeys;
  if (publicKeys === undefined) throw new Error('not a multisig script');
  const program = payToWitnessScriptHash(multisigScript);
  const wrapped = equalBytes(scriptPubKey, program)
    ? { witnessScript: multisigScript }
    : equalBytes(scriptPubKey, payToScriptHash(program))
      ? { witnessScript: multisigScript, redeemScript: program }
      : { redeemScript: multisigScript };
  const script: PolicyScript = {
    branch: 'receive',
    index: 0,
    publicKeys,
    points: publicKeys.map((key) => pointOf(key)!),
    scriptKeys: publicKeys,
    multisigScript,
    scriptPubKey,
    ...wrapped,
  };
  return { script, amount };
};
