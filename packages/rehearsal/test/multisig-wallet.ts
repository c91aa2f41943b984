import { publicKeyOf, tweakSecretKey } from '@qoima/curve/secret';
import {
  type Branch,
  branchNumbers,
  formatDescriptor,
  type PolicyScripts,
  policyScripts,
  quorum,
  type ScriptKind,
  walletPolicy,
} from '@qoima/policy';
import {
  compareBytes,
  concatBytes,
  hmacSha512,
  parseTxid,
  parseUtf8,
  sha256,
} from '@qoima/primitives';
import { payments, script as scripting, Transaction } from 'bitcoinjs-lib';
import * as secp256k1 from 'tiny-secp256k1';

/** What a spend in a test is made of; bitcoinjs-lib hashes, tiny-secp256k1 signs. */

/** Unix seconds at which the chains of the tests begin. */
export const TEST_TIME = 1_700_000_000;

const HARDENED = 0x80000000;

interface Account {
  readonly secret: Uint8Array;
  readonly chainCode: Uint8Array;
}

const accounts: readonly Account[] = [1, 2, 3, 4, 5].map((n) => ({
  secret: sha256(parseUtf8(`secret of cosigner ${n}`)),
  chainCode: sha256(parseUtf8(`chain code of cosigner ${n}`)),
}));

/** BIP-32, private, unhardened. */
const childOf = ({ secret, chainCode }: Account, index: number): Account => {
  const message = new Uint8Array(37);
  message.set(publicKeyOf(secret));
  new DataView(message.buffer).setUint32(33, index);
  const digest = hmacSha512(chainCode, message);
  const child = tweakSecretKey(secret, digest.subarray(0, 32));
  if (child === undefined) throw new Error('an index that BIP-32 skips has yet to be seen');
  return { secret: child, chainCode: digest.subarray(32) };
};

/** A 3-of-5 on regtest. */
export const testWallet = (scriptKind: ScriptKind = 'wsh', sorted = true): PolicyScripts =>
  policyScripts(
    walletPolicy({
      name: 'Rehearsal',
      network: 'regtest',
      scriptKind,
      sorted,
      quorum: quorum(3, 5),
      birthday: TEST_TIME,
      cosigners: accounts.map(({ secret, chainCode }, i) => ({
        name: `cosigner ${i + 1}`,
        origin: {
          fingerprint: Uint8Array.of(0xaa, 0, 0, i),
          path: [48, 1, 0, scriptKind === 'wsh' ? 2 : 1].map((step) => HARDENED + step),
        },
        key: {
          network: 'testnet',
          depth: 4,
          parentFingerprint: Uint8Array.of(i, 1, 2, 3),
          childNumber: HARDENED + (scriptKind === 'wsh' ? 2 : 1),
          chainCode,
          publicKey: publicKeyOf(secret),
        },
      })),
    }),
  );

export const watchedDescriptors = ({ policy }: PolicyScripts, last = 19) =>
  (['receive', 'change'] as const).map((branch) => ({
    descriptor: formatDescriptor(policy, branch),
    range: [0, last] as const,
    internal: branch === 'change',
  }));

export interface TestOutput {
  readonly script: Uint8Array;
  readonly amount: bigint;
}

export interface TestInput {
  readonly txid: string;
  readonly vout: number;
  readonly amount: bigint;
  readonly sequence?: number;
}

export const unsignedTransaction = (
  inputs: readonly TestInput[],
  outputs: readonly TestOutput[],
): Transaction => {
  const transaction = new Transaction();
  transaction.version = 2;
  for (const { txid, vout, sequence = 0xfffffffd } of inputs) {
    transaction.addInput(parseTxid(txid), vout, sequence);
  }
  for (const { script, amount } of outputs) transaction.addOutput(script, amount);
  return transaction;
};

const SIGHASH_ALL = 1;

/** DER with the flag behind it. */
const signatureOf = (hash: Uint8Array, secret: Uint8Array, flag = SIGHASH_ALL): Uint8Array =>
  scripting.signature.encode(secp256k1.sign(hash, secret), flag);

/** Where an input of the policy lies, and which cosigners sign it (0 … 4). */
export interface PolicySpend {
  readonly branch: Branch;
  readonly index: number;
  readonly amount: bigint;
  readonly signers?: readonly number[];
  readonly flag?: number;
}

/** The signatures in the order of the script's keys. */
export const policySignatures = (
  transaction: Transaction,
  inputIndex: number,
  wallet: PolicyScripts,
  { branch, index, amount, signers = [0, 2, 4], flag = SIGHASH_ALL }: PolicySpend,
): readonly Uint8Array[] => {
  const { publicKeys, multisigScript } = wallet.at(branch, index);
  const hash =
    wallet.policy.scriptKind === 'sh'
      ? transaction.hashForSignature(inputIndex, multisigScript, flag)
      : transaction.hashForWitnessV0(inputIndex, multisigScript, amount, flag);
  const order = wallet.policy.sorted
    ? (a: number, b: number) => compareBytes(keyAt(publicKeys, a), keyAt(publicKeys, b))
    : (a: number, b: number) => a - b;
  return signers.toSorted(order).map((signer) => {
    const account = accounts[signer];
    if (account === undefined) throw new Error('there are five cosigners');
    const { secret } = childOf(childOf(account, branchNumbers[branch]), index);
    return signatureOf(hash, secret, flag);
  });
};

const keyAt = (keys: readonly Uint8Array[], i: number): Uint8Array => keys[i] ?? new Uint8Array();

/** Puts a stack into the input, as its kind wants it: dummy, signatures, script. */
export const setStack = (
  transaction: Transaction,
  inputIndex: number,
  wallet: PolicyScripts,
  { branch, index }: Pick<PolicySpend, 'branch' | 'index'>,
  stack: readonly Uint8Array[],
): void => {
  const { redeemScript } = wallet.at(branch, index);
  if (wallet.policy.scriptKind === 'sh') {
    const pushes = stack.map((item) => (item.length === 0 ? 0 : item));
    transaction.setInputScript(inputIndex, scripting.compile(pushes));
    return;
  }
  transaction.setWitness(inputIndex, [...stack]);
  if (redeemScript !== undefined) {
    transaction.setInputScript(inputIndex, scripting.compile([redeemScript]));
  }
};

/** Signs an input of the policy whole. */
export const signPolicyInput = (
  transaction: Transaction,
  inputIndex: number,
  wallet: PolicyScripts,
  spend: PolicySpend,
): void => {
  const signatures = policySignatures(transaction, inputIndex, wallet, spend);
  const { multisigScript } = wallet.at(spend.branch, spend.index);
  setStack(transaction, inputIndex, wallet, spend, [
    new Uint8Array(),
    ...signatures,
    multisigScript,
  ]);
};

/** A key of its own that rewards go to. */
const faucetSecret = sha256(parseUtf8('faucet'));
const faucetKey = publicKeyOf(faucetSecret);

const outputOf = ({ output }: { readonly output?: Uint8Array | undefined }): Uint8Array => {
  if (output === undefined) throw new Error('a payment to a key has an output');
  return output;
};

export const faucetScript: Uint8Array = outputOf(payments.p2wpkh({ pubkey: faucetKey }));
export const faucetLegacyScript: Uint8Array = outputOf(payments.p2pkh({ pubkey: faucetKey }));

/** Signs an input that spends from the faucet's P2WPKH. */
export const signFaucetInput = (
  transaction: Transaction,
  inputIndex: number,
  amount: bigint,
): void => {
  const hash = transaction.hashForWitnessV0(inputIndex, faucetLegacyScript, amount, SIGHASH_ALL);
  transaction.setWitness(inputIndex, [signatureOf(hash, faucetSecret), faucetKey]);
};

/** Signs an input that spends from the faucet's P2PKH. */
export const signFaucetLegacyInput = (transaction: Transaction, inputIndex: number): void => {
  const hash = transaction.hashForSignature(inputIndex, faucetLegacyScript, SIGHASH_ALL);
  const signature = signatureOf(hash, faucetSecret);
  transaction.setInputScript(inputIndex, scripting.compile([signature, faucetKey]));
};

/** The same r with n − s: as valid to ECDSA, and not allowed since BIP-62's rule 5. */
export const withHighS = (signature: Uint8Array): Uint8Array => {
  const { signature: compact, hashType } = scripting.signature.decode(signature);
  const negated = secp256k1.privateNegate(compact.slice(32));
  return scripting.signature.encode(concatBytes(compact.slice(0, 32), negated), hashType);
};
