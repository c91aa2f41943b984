import { payToScriptHash, payToWitnessScriptHash } from '@qoima/policy';
import { equalBytes } from '@qoima/primitives';
import { psbtError } from './errors.ts';
import { fieldOf, INPUT } from './fields.ts';
import { type PreviousTransactions, previousOutput } from './previous-output.ts';
import type { PsbtMap } from './record.ts';
import { scriptHex } from './script-hex.ts';
import type { TransactionOutput, UnsignedInput } from './transaction.ts';

/** What an input spends, as far as the PSBT itself can tell. */
export interface SpentOutput extends TransactionOutput {
  /** True if a previous transaction that hashes to the outpoint says so; a witness UTXO may lie. */
  readonly proven: boolean;
  /** True if no redeem or witness script that its hash hides is missing. */
  readonly open: boolean;
}

/**
 * What an input spends, after the checks that BIP-174 asks of every Signer: the previous transaction
 * is the one of the outpoint, a witness UTXO agrees with it and belongs to a witness input, the redeem
 * script hashes to the scriptPubKey and the witness script to the witness program. Undefined if the
 * PSBT does not say what is spent. Who owns it is for `matchPolicy`.
 * @throws `PSBT_PREVIOUS_TX_WRONG`, `PSBT_UTXO_MISMATCH`, `PSBT_SCRIPT_MISMATCH`
 */
export const spentOutput = (
  input: UnsignedInput,
  map: PsbtMap,
  where: string,
  previous: PreviousTransactions = new Map(),
): SpentOutput | undefined => {
  const bytes = fieldOf(map, INPUT.nonWitnessUtxo);
  const claimed = fieldOf(map, INPUT.witnessUtxo);
  const proven = bytes && previousOutput(previous, input, bytes, where);
  const output = proven ?? claimed;
  if (output === undefined) return undefined;
  const redeemScript = fieldOf(map, INPUT.redeemScript);
  if (claimed !== undefined) checkWitnessUtxo(claimed, output, redeemScript, where);
  const witnessScript = fieldOf(map, INPUT.witnessScript);
  checkScripts(output.script, redeemScript, witnessScript, where);
  const program = redeemScript ?? output.script;
  const hidden = witnessScript ? none : program;
  const { amount, script } = output;
  return {
    amount,
    script,
    proven: proven !== undefined,
    open: !isPayToScriptHash(program) && !isPayToWitnessScriptHash(hidden),
  };
};

const checkWitnessUtxo = (
  claimed: TransactionOutput,
  output: TransactionOutput,
  redeemScript: Uint8Array | undefined,
  where: string,
): void => {
  const map = where.toLowerCase();
  if (claimed.amount !== output.amount) {
    throw psbtError(
      'PSBT_UTXO_MISMATCH',
      `${where}: the witness UTXO claims ${claimed.amount} satoshis, and the previous transaction pays ${output.amount}.`,
      { map, expected: output.amount.toString(), actual: claimed.amount.toString() },
    );
  }
  if (!equalBytes(claimed.script, output.script)) {
    throw psbtError(
      'PSBT_UTXO_MISMATCH',
      `${where}: the witness UTXO has another script than the previous transaction.`,
      { map, expected: scriptHex(output.script), actual: scriptHex(claimed.script) },
    );
  }
  // P2SH hides its redeem script; without one it may still be a witness input.
  const program = isPayToScriptHash(claimed.script) ? redeemScript : claimed.script;
  if (program !== undefined && !isWitnessProgram(program)) {
    throw psbtError(
      'PSBT_UTXO_MISMATCH',
      `${where}: a witness UTXO is given for an input that has no witness.`,
      { map, script: scriptHex(program) },
    );
  }
};

const checkScripts = (
  scriptPubKey: Uint8Array,
  redeemScript: Uint8Array | undefined,
  witnessScript: Uint8Array | undefined,
  where: string,
): void => {
  if (redeemScript !== undefined) {
    const made = payToScriptHash(redeemScript);
    if (!equalBytes(made, scriptPubKey)) {
      throw mismatch(
        `${where}: the redeem script is not the one that is spent`,
        where,
        scriptPubKey,
        made,
      );
    }
  }
  const program = redeemScript ?? scriptPubKey;
  // A nested witness script cannot be tied to the scriptPubKey while the redeem script is missing.
  if (witnessScript !== undefined && !isPayToScriptHash(program)) {
    const made = payToWitnessScriptHash(witnessScript);
    if (!equalBytes(made, program)) {
      throw mismatch(
        `${where}: the witness script is not the one that is spent`,
        where,
        program,
        made,
      );
    }
  }
};

const mismatch = (what: string, where: string, expected: Uint8Array, actual: Uint8Array): Error =>
  psbtError('PSBT_SCRIPT_MISMATCH', `${what}.`, {
    map: where.toLowerCase(),
    expected: scriptHex(expected),
    actual: scriptHex(actual),
  });

/** `OP_HASH160 <20 bytes> OP_EQUAL` (BIP-16). */
const isPayToScriptHash = (script: Uint8Array): boolean =>
  script.length === 23 && script[0] === 0xa9 && script[1] === 20 && script[22] === 0x87;

/** `OP_0 <32 bytes>` (BIP-141). */
const isPayToWitnessScriptHash = (script: Uint8Array): boolean =>
  script.length === 34 && script[0] === 0 && script[1] === 32;

const none = new Uint8Array();

/** A version, OP_0 to OP_16, and one push of 2 to 40 bytes (BIP-141). */
const isWitnessProgram = (script: Uint8Array): boolean => {
  const [version = 0xff, length = 0] = script;
  const known = version === 0 || (version >= 0x51 && version <= 0x60);
  return known && length >= 2 && length <= 40 && script.length === length + 2;
};
