import { isSecretKey, publicKeyOf, signEcdsa, tweakSecretKey } from '@qoima/curve/secret';
import {
  type Branch,
  branchNumbers,
  type Cosigner,
  HARDENED,
  keyFingerprint,
  type PolicyScripts,
  parseDerivationPath,
  policyScripts,
  type Quorum,
  type ScriptKind,
  type WalletPolicy,
  walletPolicy,
} from '@qoima/policy';
import { concatBytes, equalBytes, hmacSha512, type Sats } from '@qoima/primitives';
import {
  type Coin,
  encodeSignature,
  encodeTransaction,
  type PartialSignature,
  SIGHASH,
  type Signer,
  signatureHashes,
  transactionId,
} from '../src/index.ts';

/** A private extended key (BIP-32), for tests and benchmarks only. */
export interface SecretNode {
  readonly secret: Uint8Array;
  readonly chainCode: Uint8Array;
}

export const masterNode = (seed: Uint8Array): SecretNode =>
  nodeOf(hmacSha512(new TextEncoder().encode('Bitcoin seed'), seed));

/** BIP-32, CKDpriv. */
export const childNode = ({ secret, chainCode }: SecretNode, index: number): SecretNode => {
  const start = index >= HARDENED ? concatBytes(Uint8Array.of(0), secret) : publicKeyOf(secret);
  const number = new Uint8Array(4);
  new DataView(number.buffer).setUint32(0, index);
  const material = hmacSha512(chainCode, concatBytes(start, number));
  return nodeOf(material, secret);
};

export const nodeAt = (node: SecretNode, path: readonly number[]): SecretNode =>
  path.reduce(childNode, node);

const nodeOf = (material: Uint8Array, parent?: Uint8Array): SecretNode => {
  const left = material.slice(0, 32);
  const secret = parent === undefined ? left : tweakSecretKey(parent, left);
  if (secret === undefined || !isSecretKey(secret)) throw new Error('a chance of 2⁻¹²⁷');
  return { secret, chainCode: material.slice(32) };
};

/** A policy, its scripts, and what a real wallet would never have in one place: all its secrets. */
export interface TestWallet {
  readonly policy: WalletPolicy;
  readonly scripts: PolicyScripts;
  readonly signers: readonly Signer[];
  readonly accounts: readonly SecretNode[];
}

const accountPath = parseDerivationPath("m/48'/1'/0'/2'");

export const testWallet = ({
  quorum = { required: 3, total: 5 },
  scriptKind = 'wsh',
  sorted = true,
  seed = 1,
}: {
  readonly quorum?: Quorum;
  readonly scriptKind?: ScriptKind;
  readonly sorted?: boolean;
  readonly seed?: number;
} = {}): TestWallet => {
  const masters = Array.from({ length: quorum.total }, (_, i) =>
    masterNode(new Uint8Array(32).fill(seed * 16 + i)),
  );
  const accounts = masters.map((master) => nodeAt(master, accountPath));
  const cosigners = masters.map((master, i) => cosignerOf(master, `custodian ${i + 1}`));
  const policy = walletPolicy({
    name: 'Test reserve',
    network: 'regtest',
    scriptKind,
    sorted,
    quorum,
    cosigners,
  });
  const signers = accounts.map((account, i) =>
    secretSigner(account, i, cosigners[i]?.origin.fingerprint ?? new Uint8Array(4)),
  );
  return { policy, scripts: policyScripts(policy), signers, accounts };
};

export const cosignerOf = (
  master: SecretNode,
  name: string,
  path: readonly number[] = accountPath,
): Cosigner => {
  const publicAt = (steps: readonly number[]) => {
    const { secret, chainCode } = nodeAt(master, steps);
    const parentFingerprint = new Uint8Array(4);
    const childNumber = steps.at(-1) ?? 0;
    const publicKey = publicKeyOf(secret);
    const depth = steps.length;
    return {
      network: 'testnet',
      depth,
      parentFingerprint,
      childNumber,
      chainCode,
      publicKey,
    } as const;
  };
  const key = {
    ...publicAt(path),
    parentFingerprint:
      path.length === 0 ? new Uint8Array(4) : keyFingerprint(publicAt(path.slice(0, -1))),
  };
  return { name, origin: { fingerprint: keyFingerprint(publicAt([])), path }, key };
};

/** Signs with one account key; its two branch keys are derived once. */
export const secretSigner = (
  account: SecretNode,
  cosigner: number,
  fingerprint: Uint8Array,
): Signer => {
  const branches: Readonly<Record<Branch, SecretNode>> = {
    receive: childNode(account, branchNumbers.receive),
    change: childNode(account, branchNumbers.change),
  };
  return {
    fingerprint,
    sign: async ({ match }) => {
      const hashes = signatureHashes(match);
      return match.inputs.map(({ script }, inputIndex): PartialSignature => {
        const { secret } = childNode(branches[script.branch], script.index);
        const publicKey = script.publicKeys[cosigner];
        if (publicKey === undefined) throw new Error('the signer is one of the cosigners');
        if (!equalBytes(publicKey, publicKeyOf(secret)))
          throw new Error('not the key of the policy');
        const compact = signEcdsa(hashes(inputIndex), secret);
        return {
          inputIndex,
          publicKey,
          signature: encodeSignature({ compact, flag: SIGHASH.all }),
        };
      });
    },
  };
};

/** A transaction that pays these scripts out of nowhere, signed or not. */
export const fundingTransaction = (
  outputs: readonly { readonly amount: Sats; readonly script: Uint8Array }[],
  { nonce = 0, segwit = false }: { readonly nonce?: number; readonly segwit?: boolean } = {},
): Uint8Array => {
  const txid = new Uint8Array(32).fill(0xf0);
  new DataView(txid.buffer).setUint32(0, nonce);
  const witness = segwit ? [new Uint8Array(71).fill(1), new Uint8Array(33).fill(2)] : [];
  const input = { txid, vout: 0, sequence: 0xfffffffe, scriptSig: new Uint8Array(), witness };
  return encodeTransaction({ version: 2, lockTime: 0, inputs: [input], outputs });
};

/** A payment to somebody else: P2WPKH of a made-up key hash. */
export const strangerScript = (fill = 7): Uint8Array =>
  Uint8Array.of(0, 20, ...new Uint8Array(20).fill(fill));

/** Coins on a branch, each made by a transaction of its own in which it is output 1. */
export const testCoins = (
  scripts: PolicyScripts,
  count: number,
  amount: Sats = 100_000n,
  branch: Branch = 'receive',
): readonly Coin[] =>
  Array.from({ length: count }, (_, index) => {
    const { scriptPubKey } = scripts.at(branch, index);
    const previousTransaction = fundingTransaction(
      [
        { amount: 1_000_000n, script: strangerScript() },
        { amount, script: scriptPubKey },
      ],
      { nonce: index, segwit: index % 2 === 1 },
    );
    const outpoint = { txid: transactionId(previousTransaction), vout: 1 };
    return { outpoint, amount, branch, index, previousTransaction };
  });
