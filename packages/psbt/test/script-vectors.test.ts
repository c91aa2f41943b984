import { parseMultisigScript } from '@qoima/policy';
import { formatHex, isQoimaError, parseHex, parseTxid } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import { readVectors } from '../../../scripts/read-vectors.ts';
import {
  assemblePsbt,
  checkSignature,
  decodeSignature,
  decodeTransaction,
  encodeTransaction,
  extractTransaction,
  finalizePsbt,
  INPUT,
  type PartialSignature,
  type Psbt,
  record,
  signatureHashes,
  sortedMap,
  type TransactionInput,
  transactionHash,
  type UnsignedTransaction,
  verifySignatures,
} from '../src/index.ts';
import { assemble, pushes } from './assembler.ts';
import { matchedInput, matchOf } from './own-match.ts';

/** One input as the interpreter sees it. */
interface Spend {
  readonly transaction: UnsignedTransaction;
  readonly inputIndex: number;
  readonly scriptPubKey: Uint8Array;
  readonly amount: bigint;
  readonly scriptSig: Uint8Array;
  readonly witness: readonly Uint8Array[];
}

const none = new Uint8Array();
const nothing: readonly Uint8Array[] = [];

/** The script that decides, and what is left on the stack for it. */
const inner = ({ scriptPubKey, scriptSig, witness }: Spend) => {
  const pushed = pushes(scriptSig) ?? nothing;
  if (witness.length > 0) return { script: witness.at(-1) ?? none, stack: witness.slice(0, -1) };
  const isScriptHash = scriptPubKey.length === 23 && scriptPubKey[0] === 0xa9;
  if (isScriptHash) return { script: pushed.at(-1) ?? none, stack: pushed.slice(0, -1) };
  return { script: scriptPubKey, stack: pushed };
};

/** Whose good signature each item is, by the number of its key in the script; undefined if nobody's. */
const judge = (spend: Spend) => {
  const { script, stack } = inner(spend);
  const multisig = parseMultisigScript(script);
  if (multisig === undefined) return undefined;
  const input = matchedInput(spend.scriptPubKey, script, spend.amount);
  const psbt: Psbt = assemblePsbt(0, spend.transaction, {
    global: [],
    inputs: spend.transaction.inputs.map(() => []),
    outputs: spend.transaction.outputs.map(() => []),
  });
  const match = matchOf(
    psbt,
    spend.transaction.inputs.map(() => input),
  );
  const hashes = signatureHashes(match);
  const { inputIndex } = spend;
  const [dummy, ...signatures] = stack;
  const owners = signatures.map((signature) => {
    const found = multisig.publicKeys.findIndex((publicKey) => {
      const verdict = checkSignature({ inputIndex, publicKey, signature }, match, hashes);
      return verdict.good;
    });
    return found < 0 ? undefined : found;
  });
  return { psbt, match, multisig, dummy, signatures, owners };
};

/** What `finalizePsbt` would make: an empty dummy, k good signatures, in the order of the keys. */
const isOurs = (judged: NonNullable<ReturnType<typeof judge>>): boolean => {
  const { dummy, owners, multisig } = judged;
  const known = owners.filter((owner) => owner !== undefined);
  const ascending = known.every((owner, i) => i === 0 || owner > (known[i - 1] ?? -1));
  return (
    dummy?.length === 0 &&
    owners.length === multisig.required &&
    known.length === owners.length &&
    ascending
  );
};

interface ScriptTest {
  readonly id: string;
  readonly kind: 'ok' | 'fail';
  readonly scriptSig: string;
  readonly scriptPubKey: string;
  readonly witness?: readonly string[];
  readonly amount_btc?: number;
  readonly flags: string;
  readonly expected: string;
  readonly comment?: string;
}

/** The two transactions of Core's script_tests.cpp: one pays to the script, the other spends it. */
const spendOf = (test: ScriptTest): Spend => {
  const scriptPubKey = assemble(test.scriptPubKey);
  const amount = BigInt(Math.round((test.amount_btc ?? 0) * 1e8));
  const input = {
    vout: 0xffffffff,
    sequence: 0xffffffff,
    witness: nothing,
    txid: new Uint8Array(32),
  };
  const crediting = encodeTransaction({
    version: 1,
    lockTime: 0,
    inputs: [{ ...input, scriptSig: Uint8Array.of(0, 0) }],
    outputs: [{ amount, script: scriptPubKey }],
  });
  const transaction = {
    version: 1,
    lockTime: 0,
    inputs: [{ txid: transactionHash(crediting), vout: 0, sequence: 0xffffffff }],
    outputs: [{ amount, script: none }],
  };
  return {
    transaction,
    inputIndex: 0,
    scriptPubKey,
    amount,
    scriptSig: assemble(test.scriptSig),
    witness: (test.witness ?? []).map(parseHex),
  };
};

const isEncoded = (bytes: Uint8Array): boolean => {
  try {
    decodeSignature(bytes);
    return true;
  } catch (error) {
    if (isQoimaError(error, 'PSBT_SIGNATURE_ENCODING')) return false;
    throw error;
  }
};

describe('Bitcoin Core script_tests.json, multisig', () => {
  const { entries } = readVectors<ScriptTest>('script/core-script_tests-multisig.json');
  const ours = entries.filter((test) => judge(spendOf(test)) !== undefined);
  const others = entries.filter((test) => !ours.includes(test));

  /** Spends that consensus allows under the flags of the test, and that Qoima would never make. */
  const stricter: Readonly<Record<string, string>> = {
    'script-1099': 'a dummy that is not empty: BIP-147 is not among the flags',
    'script-1103': 'a scriptSig with OP_DUP: BIP-62 is not among the flags; and a key repeated',
    'script-1109': 'a key repeated, which no policy may have',
  };

  it.each(ours)('$id is judged as Core does: $expected', (test) => {
    const spend = spendOf(test);
    const judged = judge(spend)!;
    expect(isOurs(judged)).toBe(test.expected === 'OK' && stricter[test.id] === undefined);
    if (!isOurs(judged)) return;
    const transaction = finalised(judged);
    const [input] = transaction.inputs;
    expect(input?.witness.map(formatHex)).toStrictEqual(spend.witness.map(formatHex));
    if (spend.witness.length > 0)
      expect(formatHex(input!.scriptSig)).toBe(formatHex(spend.scriptSig));
  });

  it.each(others.filter(({ expected }) => expected === 'SIG_DER'))(
    '$id: a signature is not strict DER (BIP-66)',
    (test) => {
      const signatures = inner(spendOf(test)).stack.filter(({ length }) => length > 0);
      expect(signatures.every(isEncoded)).toBe(false);
    },
  );

  it.each(others.filter(({ expected }) => expected !== 'SIG_DER'))(
    '$id is of a script that Qoima neither makes nor signs',
    (test) => {
      expect(parseMultisigScript(inner(spendOf(test)).script)).toBeUndefined();
    },
  );
});

interface TransactionTest {
  readonly id: string;
  readonly kind: 'valid' | 'invalid';
  readonly tx: string;
  readonly flags: string;
  readonly prevouts: readonly {
    readonly txid: string;
    readonly vout: number;
    readonly scriptPubKey: string;
    readonly amount_sat: number | null;
  }[];
}

const spendsOf = (test: TransactionTest): readonly Spend[] => {
  const transaction = decodeTransaction(parseHex(test.tx));
  return transaction.inputs.map((input, inputIndex): Spend => {
    const prevout = test.prevouts.find(
      ({ txid, vout }) =>
        formatHex(parseTxid(txid)) === formatHex(input.txid) && vout === input.vout,
    );
    if (prevout === undefined) throw new Error(`${test.id}: input ${inputIndex} has no prevout`);
    return {
      transaction,
      inputIndex,
      scriptPubKey: assemble(prevout.scriptPubKey),
      amount: BigInt(prevout.amount_sat ?? 0),
      scriptSig: input.scriptSig,
      witness: input.witness,
    };
  });
};

describe('Bitcoin Core tx_valid.json and tx_invalid.json, multisig', () => {
  const { entries } = readVectors<TransactionTest>('script/core-tx-multisig.json');
  const cases = entries.map((test) => ({ id: test.id, test, spends: spendsOf(test) }));
  const withMultisig = cases.filter(({ spends }) => spends.some((s) => judge(s) !== undefined));

  it.each(withMultisig)('$id', ({ test, spends }) => {
    const judged = spends.map(judge).filter((each) => each !== undefined);
    const expected = expectations[test.id];
    expect(expected, `${test.id} has an expectation`).toBeDefined();
    expect(judged.map(({ owners }) => owners)).toStrictEqual(expected!.owners);
    expect(judged.every(isOurs)).toBe(expected!.ours);
  });

  it.each(cases.filter((each) => !withMultisig.includes(each)))(
    '$id has no input that Qoima makes or signs',
    ({ spends }) => {
      for (const spend of spends) {
        expect(parseMultisigScript(inner(spend).script)).toBeUndefined();
      }
    },
  );
});

/** For each case the key of each signature that we would take, and whether the input is as we make it. */
const expectations: Readonly<
  Record<
    string,
    { readonly owners: readonly (readonly (number | undefined)[])[]; readonly ours: boolean }
  >
> = {
  // BIP-143's 6-of-6, each signature with another sighash type: ALL alone is taken.
  'tx_valid-228': {
    owners: [[0, undefined, undefined, undefined, undefined, undefined]],
    ours: false,
  },
  // Signatures in the wrong order; one of them has a high s as well.
  'tx_invalid-044': { owners: [[undefined, 0]], ours: false },
};

/** The transaction that our Finalizer and Extractor make of the signatures judged. */
const finalised = ({
  psbt,
  match,
  multisig,
  signatures,
  owners,
}: NonNullable<ReturnType<typeof judge>>): { readonly inputs: readonly TransactionInput[] } => {
  const partial = signatures.map((signature, i): PartialSignature => {
    const publicKey = multisig.publicKeys[owners[i] ?? -1];
    if (publicKey === undefined) throw new Error('only what is ours is finalised');
    return { inputIndex: 0, publicKey, signature };
  });
  const signed = {
    ...psbt,
    inputs: [
      sortedMap(
        partial.map(({ signature, publicKey }) =>
          record(INPUT.partialSignature, signature, publicKey),
        ),
      ),
    ],
  };
  return decodeTransaction(extractTransaction(finalizePsbt(verifySignatures(signed, match))));
};
