/// <reference path="./bitcore-lib.d.ts" />
import bitcore from 'bitcore-lib';
import { outputType, pushes } from './output-type.ts';
import type { ChainOutput, ChainTransaction } from './transaction.ts';

const { Interpreter } = bitcore.Script;

/**
 * Core's standard flags, which hold in its mempool, but those that bitcore-lib lacks (constant script
 * code) or gets wrong (clean stack, see below). Taproot is not among them: such inputs are refused.
 */
const FLAGS =
  Interpreter.SCRIPT_VERIFY_P2SH |
  Interpreter.SCRIPT_VERIFY_STRICTENC |
  Interpreter.SCRIPT_VERIFY_DERSIG |
  Interpreter.SCRIPT_VERIFY_LOW_S |
  Interpreter.SCRIPT_VERIFY_NULLDUMMY |
  Interpreter.SCRIPT_VERIFY_SIGPUSHONLY |
  Interpreter.SCRIPT_VERIFY_MINIMALDATA |
  Interpreter.SCRIPT_VERIFY_DISCOURAGE_UPGRADABLE_NOPS |
  Interpreter.SCRIPT_VERIFY_CHECKLOCKTIMEVERIFY |
  Interpreter.SCRIPT_VERIFY_CHECKSEQUENCEVERIFY |
  Interpreter.SCRIPT_VERIFY_WITNESS |
  Interpreter.SCRIPT_VERIFY_DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM |
  Interpreter.SCRIPT_VERIFY_MINIMALIF |
  Interpreter.SCRIPT_VERIFY_NULLFAIL |
  Interpreter.SCRIPT_VERIFY_WITNESS_PUBKEYTYPE;

/**
 * Runs the scripts of every input through bitcore-lib's interpreter, an implementation that shares
 * nothing with Qoima's. `spent` are the outputs that the inputs spend, in their order. Returns the
 * first failure, in the interpreter's own words and with the input; undefined when all is well.
 *
 * Spends are known of P2PKH, P2SH, P2WPKH, P2WSH and the latter two inside P2SH.
 */
export const scriptFailure = (
  transaction: ChainTransaction,
  spent: readonly ChainOutput[],
): string | undefined => {
  const parsed = new bitcore.Transaction(Buffer.from(transaction.bytes));
  for (const [index, { amount, script }] of spent.entries()) {
    const failure = inputFailure(transaction, parsed, index, amount, script);
    if (failure !== undefined) return `${failure}, input ${index}`;
  }
  return undefined;
};

const inputFailure = (
  transaction: ChainTransaction,
  parsed: InstanceType<typeof bitcore.Transaction>,
  index: number,
  amount: bigint,
  script: Uint8Array,
): string | undefined => {
  const input = transaction.inputs[index];
  if (input === undefined) throw new Error('there is one spent output for each input');
  const { scriptSig, witness } = input;
  if ([...witness, ...(pushes(scriptSig) ?? [])].some(hasUndefinedHashType)) {
    return 'SCRIPT_ERR_SIG_HASHTYPE';
  }
  const interpreter = new Interpreter();
  try {
    const verified = interpreter.verify(
      bitcore.Script.fromBuffer(Buffer.from(scriptSig)),
      bitcore.Script.fromBuffer(Buffer.from(script)),
      parsed,
      index,
      FLAGS | cleanStackFlag(script, witness),
      witness.map((item) => Buffer.from(item)),
      Number(amount),
    );
    return verified ? undefined : interpreter.errstr;
  } catch (error) {
    // It throws on keys and scripts that do not parse.
    return `SCRIPT_ERR_UNKNOWN_ERROR: ${error instanceof Error ? error.message : 'no reason'}`;
  }
};

/**
 * bitcore-lib checks for a clean stack only as it stands after a P2SH script. Witness scripts must
 * leave exactly one item in any case, and P2PKH is held to two pushes by the rules for inputs.
 */
const cleanStackFlag = (script: Uint8Array, witness: readonly Uint8Array[]): number =>
  outputType(script) === 'scripthash' && witness.length === 0
    ? Interpreter.SCRIPT_VERIFY_CLEANSTACK
    : 0;

/** With low S asked for, bitcore-lib skips this part of BIP-62's rules: it is an `else` there. */
const hasUndefinedHashType = (item: Uint8Array): boolean => {
  if (!bitcore.crypto.Signature.isTxDER(Buffer.from(item))) return false;
  const type = (item.at(-1) as number) & ~SIGHASH_ANYONECANPAY;
  return type < SIGHASH_ALL || type > SIGHASH_SINGLE;
};

const SIGHASH_ALL = 1;
const SIGHASH_SINGLE = 3;
const SIGHASH_ANYONECANPAY = 0x80;
