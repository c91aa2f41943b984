import { type PolicyScripts, parseMultisigScript, type ScriptKind } from '@qoima/policy';
import { equalBytes, type FeeRate, feeRateOf, formatHex, type Sats } from '@qoima/primitives';
import { extractTransaction } from './extract.ts';
import { fieldOf, INPUT } from './fields.ts';
import { feeOf, matchPolicy, type PolicyMatch } from './match-policy.ts';
import { isFinal } from './open-input.ts';
import { partialSignaturesOf } from './partial-signature.ts';
import type { PreviousTransactions } from './previous-output.ts';
import type { Psbt, PsbtMap } from './record.ts';
import { estimateWeight, type SpendShape } from './size.ts';
import { type SpentOutput, spentOutput } from './spent-output.ts';
import { transactionVsize } from './transaction-layout.ts';

/** The role of BIP-174 that has to act next. */
export type PsbtRole = 'creator' | 'updater' | 'signer' | 'finalizer' | 'extractor';

/** What one input has, and what it waits for. */
export interface InputAnalysis {
  /** It is known what is spent: amount and script. Proven only if the previous transaction is there. */
  readonly hasUtxo: boolean;
  readonly isFinal: boolean;
  readonly next: Exclude<PsbtRole, 'creator'>;
  /** How many signatures it takes, if that is known. */
  readonly required?: number;
  /** Who has signed: names of cosigners or, without a policy, public keys in hex, in the key's order. */
  readonly signedBy: readonly string[];
  /** Who has not; of these `required` minus `signedBy.length` more have to. Empty once final. */
  readonly missing: readonly string[];
}

/** What a PSBT has, and which role is next. */
export interface PsbtAnalysis {
  readonly inputs: readonly InputAnalysis[];
  /** The earliest role that an input waits for. */
  readonly next: PsbtRole;
  /** If every input's amount is known. */
  readonly feeSats?: Sats;
  /** When signed, if every input is final or a multisig script is known of it: see `estimateVsize`. */
  readonly vsize?: number;
  /** Satoshis per 1000 vbytes, over `vsize`. */
  readonly feeRate?: FeeRate;
}

/**
 * Where a PSBT stands: which role is next, who has signed and who has not, fee and size. With the
 * policy's scripts the PSBT is matched first and everybody is called by name; an input that is not the
 * policy's is then an error. Without them only what the PSBT says of itself is known, by the multisig
 * script that it brings. With a final input a PSBT no longer says enough to be matched, and is taken at
 * its word.
 *
 * Signatures are counted, not verified: that is `verifySignatures`.
 *
 * @throws `PSBT_PREVIOUS_TX_WRONG`, `PSBT_UTXO_MISMATCH`, `PSBT_SCRIPT_MISMATCH`, `PSBT_OVERSPENT`,
 *   `PSBT_TRANSACTION_INVALID`, `AMOUNT_OUT_OF_RANGE`; with `scripts` as `matchPolicy`
 */
export const analyzePsbt = (psbt: Psbt, scripts?: PolicyScripts): PsbtAnalysis => {
  const { transaction } = psbt;
  if (transaction.inputs.length === 0 || transaction.outputs.length === 0) {
    return { inputs: [], next: 'creator' };
  }
  const open = psbt.inputs.some((map) => !isFinal(map));
  const match = scripts && !psbt.inputs.some(isFinal) ? matchPolicy(psbt, scripts) : undefined;
  const previous: PreviousTransactions = new Map();
  const states = transaction.inputs.map((input, index) => {
    const map = psbt.inputs[index] ?? [];
    const spent = spentOutput(input, map, `Input ${index}`, previous);
    return { map, spent, shape: shapeOf(map, index, match) };
  });
  const inputs = states.map(({ map, spent, shape }, index) =>
    analyzeInput(map, index, spent, shape),
  );
  const next = roles.find((role) => inputs.some((input) => input.next === role)) ?? 'extractor';
  const spent = states.map((state) => state.spent?.amount);
  const fee = spent.every((amount) => amount !== undefined)
    ? feeOf(
        spent,
        transaction.outputs.map(({ amount }) => amount),
      )
    : undefined;
  const vsize = open
    ? openVsize(
        states.map(({ shape }) => shape?.spend),
        transaction.outputs.map(({ script }) => script),
      )
    : transactionVsize(extractTransaction(psbt));
  return {
    inputs,
    next,
    ...(fee === undefined ? {} : { feeSats: fee }),
    ...(vsize === undefined ? {} : { vsize }),
    ...(fee === undefined || vsize === undefined ? {} : { feeRate: feeRateOf(fee, vsize) }),
  };
};

const roles = ['updater', 'signer', 'finalizer', 'extractor'] as const;

/** What is known of how an input is signed. */
interface SigningShape {
  readonly spend: SpendShape;
  readonly keys: readonly { readonly publicKey: Uint8Array; readonly name: string }[];
}

const shapeOf = (
  map: PsbtMap,
  index: number,
  match: PolicyMatch | undefined,
): SigningShape | undefined => {
  if (match !== undefined) {
    const keys = match.inputs[index]?.script.publicKeys ?? [];
    return {
      spend: match.policy,
      keys: match.policy.cosigners.map(({ name }, i) => ({ name, publicKey: keys[i] ?? none })),
    };
  }
  const redeemScript = fieldOf(map, INPUT.redeemScript);
  const witnessScript = fieldOf(map, INPUT.witnessScript);
  const multisig = parseMultisigScript(witnessScript ?? redeemScript ?? none);
  if (multisig === undefined) return undefined;
  const { required, publicKeys } = multisig;
  const scriptKind: ScriptKind =
    witnessScript === undefined ? 'sh' : redeemScript === undefined ? 'wsh' : 'sh-wsh';
  return {
    spend: { scriptKind, quorum: { required, total: publicKeys.length } },
    keys: publicKeys.map((publicKey) => ({ publicKey, name: formatHex(publicKey) })),
  };
};

const none = new Uint8Array();

const analyzeInput = (
  map: PsbtMap,
  index: number,
  spent: SpentOutput | undefined,
  shape: SigningShape | undefined,
): InputAnalysis => {
  const hasUtxo = spent !== undefined;
  if (isFinal(map)) {
    return { hasUtxo, isFinal: true, next: 'extractor', signedBy: [], missing: [] };
  }
  const signatures = partialSignaturesOf(map, index);
  const hasSigned = (key: Uint8Array): boolean =>
    signatures.some(({ publicKey }) => equalBytes(publicKey, key));
  if (shape === undefined) {
    // Another kind of script: its signatures can be listed, and no more.
    const signedBy = signatures.map(({ publicKey }) => formatHex(publicKey));
    const next = spent?.open ? 'signer' : 'updater';
    return { hasUtxo, isFinal: false, next, signedBy, missing: [] };
  }
  const { required } = shape.spend.quorum;
  const signedBy = shape.keys.flatMap(({ publicKey, name }) =>
    hasSigned(publicKey) ? [name] : [],
  );
  const missing = shape.keys.flatMap(({ publicKey, name }) => (hasSigned(publicKey) ? [] : [name]));
  const next = !spent?.open ? 'updater' : signedBy.length < required ? 'signer' : 'finalizer';
  return { hasUtxo, isFinal: false, next, required, signedBy, missing };
};

const openVsize = (
  shapes: readonly (SpendShape | undefined)[],
  outputScripts: readonly Uint8Array[],
): number | undefined => {
  const known = shapes.filter((shape) => shape !== undefined);
  if (known.length < shapes.length) return undefined;
  return Math.ceil(estimateWeight(known, outputScripts) / 4);
};
