import { formatOutpoint, MAX_SATS } from '@qoima/primitives';
import { isPushOnly, isUnspendable, outputType, pushes } from './output-type.ts';
import {
  type ChainInput,
  type ChainOutput,
  type ChainTransaction,
  isCoinbase,
  NULL_TXID,
} from './transaction.ts';

/** Of Core's `policy.h`. */
const MAX_STANDARD_WEIGHT = 400_000;
const MAX_STANDARD_SCRIPT_SIG = 1650;
const MIN_STANDARD_STRIPPED_SIZE = 65;
const MAX_WITNESS_SCRIPT = 3600;
const MAX_WITNESS_ITEMS = 100;
const MAX_WITNESS_ITEM = 80;
/** Satoshis per 1000 vbytes. */
const DUST_RELAY_RATE = 3000n;

/** Consensus rules that need nothing but the transaction; in Core's order and words. */
export const consensusFault = (transaction: ChainTransaction): string | undefined => {
  const { inputs, outputs, strippedSize } = transaction;
  if (inputs.length === 0) return 'bad-txns-vin-empty';
  if (outputs.length === 0) return 'bad-txns-vout-empty';
  if (strippedSize * 4 > 4_000_000) return 'bad-txns-oversize';
  let total = 0n;
  for (const { amount } of outputs) {
    if (amount > MAX_SATS) return 'bad-txns-vout-toolarge';
    total += amount;
    if (total > MAX_SATS) return 'bad-txns-txouttotal-toolarge';
  }
  const outpoints = new Set(inputs.map(({ outpoint }) => formatOutpoint(outpoint)));
  if (outpoints.size < inputs.length) return 'bad-txns-inputs-duplicate';
  if (isCoinbase(transaction)) return 'coinbase';
  if (inputs.some(({ outpoint }) => outpoint.txid === NULL_TXID)) return 'bad-txns-prevout-null';
  return undefined;
};

/** Rules of relay that need nothing but the transaction; in Core's order and words. */
export const relayFault = (transaction: ChainTransaction): string | undefined => {
  const { version, weight, inputs, outputs, strippedSize } = transaction;
  if (version < 1 || version > 3) return 'version';
  if (weight > MAX_STANDARD_WEIGHT) return 'tx-size';
  if (strippedSize < MIN_STANDARD_STRIPPED_SIZE) return 'tx-size-small';
  for (const { scriptSig } of inputs) {
    if (scriptSig.length > MAX_STANDARD_SCRIPT_SIG) return 'scriptsig-size';
    if (!isPushOnly(scriptSig)) return 'scriptsig-not-pushonly';
  }
  if (outputs.some(({ script }) => outputType(script) === 'nonstandard')) return 'scriptpubkey';
  return outputs.some(isDust) ? 'dust' : undefined;
};

/** Rules of relay for the inputs, with the outputs that they spend; in Core's words. */
export const inputFault = (
  { inputs }: ChainTransaction,
  spent: readonly ChainOutput[],
): string | undefined => {
  for (const [index, input] of inputs.entries()) {
    const script = spent[index]?.script;
    if (script === undefined) throw new Error('there is one spent output for each input');
    const fault = spendFault(input, script);
    if (fault !== undefined) return fault;
  }
  return undefined;
};

const spendFault = ({ scriptSig, witness }: ChainInput, script: Uint8Array): string | undefined => {
  const stack = pushes(scriptSig) ?? [];
  switch (outputType(script)) {
    case 'pubkeyhash':
      return stack.length === 2 && witness.length === 0 ? undefined : 'bad-txns-nonstandard-inputs';
    case 'scripthash': {
      const redeemScript = stack.at(-1);
      if (redeemScript === undefined) return 'bad-txns-nonstandard-inputs';
      return witness.length > 0 ? witnessFault(witness, outputType(redeemScript)) : undefined;
    }
    case 'witness_v0_keyhash':
    case 'witness_v0_scripthash':
      return witnessFault(witness, outputType(script));
    default:
      // Core would take a Taproot spend; nothing here could verify one.
      return 'bad-txns-nonstandard-inputs';
  }
};

const witnessFault = (witness: readonly Uint8Array[], type: string): string | undefined => {
  if (type === 'witness_v0_keyhash') return undefined;
  if (type !== 'witness_v0_scripthash') return 'bad-witness-nonstandard';
  const items = witness.slice(0, -1);
  const fits =
    (witness.at(-1)?.length ?? 0) <= MAX_WITNESS_SCRIPT &&
    items.length <= MAX_WITNESS_ITEMS &&
    items.every(({ length }) => length <= MAX_WITNESS_ITEM);
  return fits ? undefined : 'bad-witness-nonstandard';
};

/** Core's `GetDustThreshold`: an output is dust when at that rate it costs more to spend than it holds. */
const isDust = ({ amount, script }: ChainOutput): boolean => {
  if (isUnspendable(script)) return false;
  const isWitness = outputType(script).startsWith('witness');
  // 8 bytes amount, 1 byte length, the script, and then the input that spends it.
  const size = 9 + script.length + (isWitness ? 67 : 148);
  return amount < (BigInt(size) * DUST_RELAY_RATE) / 1000n;
};
