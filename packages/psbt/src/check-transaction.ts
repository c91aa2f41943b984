import { verifyEcdsa } from '@qoima/curve';
import { type PolicyScript, parseMultisigScript } from '@qoima/policy';
import {
  concatBytes,
  type ErrorDetails,
  equalBytes,
  formatHex,
  hash160,
  indexOfBytes,
  isQoimaError,
  sha256,
} from '@qoima/primitives';
import { decodeSignature, type EcdsaSignature } from './der.ts';
import { psbtError } from './errors.ts';
import type { PolicyMatch } from './match-policy.ts';
import { checkSameTransaction } from './same-transaction.ts';
import { readPushes } from './script-pushes.ts';
import { sharedNonces } from './shared-nonce.ts';
import { SIGHASH } from './sighash.ts';
import { signatureHashes } from './signature-hashes.ts';
import { decodeTransaction, type TransactionInput } from './transaction.ts';
import { transactionWeight } from './transaction-layout.ts';

/**
 * What Bitcoin Core relays and mines by default (policy.h); what is above it is valid and gets nowhere.
 * In bytes, but for the weight and the number of items, the script not counted.
 */
const limits = {
  weight: 400_000,
  witnessScript: 3600,
  witnessItems: 100,
  witnessItem: 80,
  scriptSig: 1650,
  /** A rule of consensus: nothing longer can be pushed. */
  redeemScript: 520,
} as const;

/**
 * Judges a finished transaction, from its bytes, as the network will: it is the transaction that was
 * matched, and each input holds exactly what CHECKMULTISIG takes and nothing else. The empty item (BIP-147),
 * exactly k signatures, the policy's script, which hashes to what the spent output commits to; each
 * signature strict DER (BIP-66), low s (BIP-146), flag ALL, and valid for a key behind that of the one
 * before; no nonce twice; nothing in a scriptSig that need not be there, pushes minimal (BIP-62); all
 * within the sizes that nodes relay.
 *
 * The second opinion on `finalizePsbt`, of which it uses nothing. It does not run scripts in general, and
 * does not know whether the coins are unspent: that is for the node's `testmempoolaccept`.
 *
 * @throws `PSBT_TRANSACTION_DIFFERS`, `PSBT_FINAL_SCRIPT_WRONG`, `PSBT_SIGNATURE_ENCODING`,
 *   `PSBT_SIGNATURE_FLAG`, `PSBT_NONCE_SHARED`, `PSBT_NOT_STANDARD`, `PSBT_TRANSACTION_INVALID`
 */
export const checkTransaction = (bytes: Uint8Array, match: PolicyMatch): void => {
  const transaction = decodeTransaction(bytes);
  checkSameTransaction(match.transaction, transaction, 'The finished transaction');
  checkLimit('The transaction', 'weight', transactionWeight(bytes), {});
  const hashes = signatureHashes(match);
  const placed: PlacedSignature[] = [];
  for (const [inputIndex, input] of transaction.inputs.entries()) {
    const script = match.inputs[inputIndex]?.script;
    if (script === undefined) throw new Error('a match has one entry for each input');
    const stack = stackOf(input, script, inputIndex);
    placed.push(...checkStack(stack, match, script, inputIndex, hashes(inputIndex)));
  }
  refuseSharedNonces(placed);
};

interface PlacedSignature {
  readonly inputIndex: number;
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
  readonly cosigner: string;
}

/** What an input's scripts leave for the multisig script to work on, and that script, proven by its hashes. */
const stackOf = (
  { scriptSig, witness }: TransactionInput,
  { scriptPubKey, redeemScript, witnessScript }: PolicyScript,
  inputIndex: number,
): readonly Uint8Array[] => {
  const wrong = (problem: string): Error => scriptError(inputIndex, problem);
  if (witnessScript === undefined) {
    if (witness.length > 0) throw wrong('it has a witness, and its coin needs none');
    checkLimit(`Input ${inputIndex}`, 'scriptSig', scriptSig.length, { input: inputIndex });
    const pushes = readPushes(scriptSig);
    if (pushes === undefined) throw wrong('its scriptSig does more than minimal pushes');
    const script = pushes.at(-1) ?? none;
    checkLimit(`Input ${inputIndex}`, 'redeemScript', script.length, { input: inputIndex });
    if (!equalBytes(toScriptHash(script), scriptPubKey)) {
      throw wrong('its script does not hash to what its coin commits to');
    }
    return pushes;
  }
  checkWitnessSizes(witness, inputIndex);
  const program = concatBytes(Uint8Array.of(0, 32), sha256(witness.at(-1) ?? none));
  const nested = redeemScript !== undefined;
  // Nothing in front of the one push, nothing behind it (BIP-141, P2SH witness program).
  const expected = nested ? concatBytes(Uint8Array.of(program.length), program) : none;
  if (!equalBytes(nested ? toScriptHash(program) : program, scriptPubKey)) {
    throw wrong('its witness script does not hash to what its coin commits to');
  }
  if (!equalBytes(scriptSig, expected)) {
    throw wrong(`its scriptSig is not ${nested ? 'the one push of the program' : 'empty'}`);
  }
  return witness;
};

/** OP_HASH160 <20 bytes> OP_EQUAL (BIP-16). */
const toScriptHash = (script: Uint8Array): Uint8Array =>
  concatBytes(Uint8Array.of(0xa9, 20), hash160(script), Uint8Array.of(0x87));

const none = new Uint8Array();

const checkWitnessSizes = (witness: readonly Uint8Array[], input: number): void => {
  const items = witness.slice(0, -1);
  const where = `Input ${input}`;
  checkLimit(where, 'witnessScript', witness.at(-1)?.length ?? 0, { input });
  checkLimit(where, 'witnessItems', items.length, { input });
  for (const { length } of items) checkLimit(where, 'witnessItem', length, { input });
};

const checkStack = (
  stack: readonly Uint8Array[],
  { policy }: PolicyMatch,
  { publicKeys }: PolicyScript,
  inputIndex: number,
  hash: Uint8Array,
): readonly PlacedSignature[] => {
  const wrong = (problem: string): Error => scriptError(inputIndex, problem);
  const { required, total } = policy.quorum;
  const script = parseMultisigScript(stack.at(-1) ?? none);
  if (script?.required !== required || script.publicKeys.length !== total) {
    throw wrong(`its script is not ${required} of ${total}`);
  }
  const [dummy, ...signatures] = stack.slice(0, -1);
  if (dummy === undefined || dummy.length > 0) throw wrong('its first item is not empty');
  if (signatures.length !== required) {
    throw wrong(`it has ${signatures.length} signatures, and takes exactly ${required}`);
  }
  // As CHECKMULTISIG goes: each signature against the keys that are left, which are then behind it.
  const left = [...script.publicKeys];
  return signatures.map((signature, i) => {
    const { compact, flag } = readSignature(signature, inputIndex, i);
    if (flag !== SIGHASH.all) throw flagError(flag, inputIndex, i);
    const at = left.findIndex((key) => verifyEcdsa(hash, key, compact));
    const publicKey = left[at];
    if (publicKey === undefined) {
      throw wrong(`signature ${i + 1} fits no key behind that of the one before`);
    }
    left.splice(0, at + 1);
    const cosigner = policy.cosigners[indexOfBytes(publicKeys, publicKey)];
    return { inputIndex, publicKey, signature, cosigner: cosigner?.name ?? formatHex(publicKey) };
  });
};

const readSignature = (signature: Uint8Array, input: number, i: number): EcdsaSignature => {
  try {
    return decodeSignature(signature);
  } catch (error) {
    if (!isQoimaError(error, 'PSBT_SIGNATURE_ENCODING')) throw error;
    const { reason } = error.details;
    throw psbtError(
      'PSBT_SIGNATURE_ENCODING',
      `Input ${input}, signature ${i + 1}: ${typeof reason === 'string' ? reason : 'it is not as it must be'}.`,
      { ...error.details, map: `input ${input}` },
    );
  }
};

const flagError = (flag: number, input: number, i: number): Error => {
  const [expected, actual] = [SIGHASH.all, flag].map((value) =>
    value.toString(16).padStart(2, '0'),
  ) as [string, string];
  return psbtError(
    'PSBT_SIGNATURE_FLAG',
    `Input ${input}, signature ${i + 1}: its sighash flag is ${actual}.`,
    { map: `input ${input}`, expected, actual },
  );
};

const refuseSharedNonces = (placed: readonly PlacedSignature[]): void => {
  const [shared] = sharedNonces(placed);
  if (shared === undefined) return;
  const who = shared.map(({ cosigner, inputIndex }) => `${cosigner} (input ${inputIndex})`);
  throw psbtError('PSBT_NONCE_SHARED', `Signatures share their nonce: ${who.join(', ')}.`, {
    signatures: shared.map(({ cosigner, inputIndex }) => ({ cosigner, input: inputIndex })),
  });
};

const checkLimit = (
  where: string,
  what: keyof typeof limits,
  actual: number,
  details: ErrorDetails,
): void => {
  const expected = limits[what];
  if (actual <= expected) return;
  throw psbtError(
    'PSBT_NOT_STANDARD',
    `${where}: ${names[what]} is ${actual}, above ${expected}.`,
    {
      ...details,
      expected,
      actual,
    },
  );
};

const names: Readonly<Record<keyof typeof limits, string>> = {
  weight: 'its weight',
  witnessScript: 'the length of its witness script',
  witnessItems: 'the number of its witness items',
  witnessItem: 'the length of a witness item',
  scriptSig: 'the length of its scriptSig',
  redeemScript: 'the length of its redeem script',
};

const scriptError = (inputIndex: number, problem: string): Error =>
  psbtError('PSBT_FINAL_SCRIPT_WRONG', `Input ${inputIndex}: ${problem}.`, {
    map: `input ${inputIndex}`,
    problem,
  });
