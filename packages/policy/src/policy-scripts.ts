import { compressPoint } from '@qoima/curve';
import { childPoints, deriveChildKey } from './child-key.ts';
import { type DerivationPath, HARDENED } from './derivation-path.ts';
import { multisigScript, sortKeys } from './multisig-script.ts';
import { payToScriptHash, payToWitnessScriptHash } from './output-script.ts';
import type { Branch, WalletPolicy } from './wallet-policy.ts';

/** Everything that a policy says about one address. */
export interface PolicyScript {
  readonly branch: Branch;
  readonly index: number;
  /** 33 bytes each, in the order of the cosigners. */
  readonly publicKeys: readonly Uint8Array[];
  /** The points of these keys, 65 bytes each: signatures are verified against them in less time. */
  readonly points: readonly Uint8Array[];
  /** The keys in the order of the script. */
  readonly scriptKeys: readonly Uint8Array[];
  readonly multisigScript: Uint8Array;
  /** What an output holds. */
  readonly scriptPubKey: Uint8Array;
  /** Of `sh` and `sh-wsh`. */
  readonly redeemScript?: Uint8Array;
  /** Of `wsh` and `sh-wsh`: the multisig script. */
  readonly witnessScript?: Uint8Array;
}

/** The scripts of a policy, each made once. */
export interface PolicyScripts {
  readonly policy: WalletPolicy;
  /** @throws `POLICY_INDEX_INVALID` unless 0 ≤ index < 2³¹ */
  at(branch: Branch, index: number): PolicyScript;
}

/** Where an address stands in its policy. */
export interface AddressPlace {
  readonly branch: Branch;
  readonly index: number;
}

/** BIP-388's `<0;1>`. */
export const branchNumbers: Readonly<Record<Branch, 0 | 1>> = { receive: 0, change: 1 };

/** Scripts remembered on each branch, some 4 kB each; beyond it the oldest are made anew. */
const REMEMBERED = 10_000;

/** Derives each cosigner's branch keys now, and each script when it is first asked for. */
export const policyScripts = (policy: WalletPolicy): PolicyScripts => {
  const branches = {
    receive: branchScripts(policy, 'receive'),
    change: branchScripts(policy, 'change'),
  };
  return { policy, at: (branch, index) => branches[branch](index) };
};

/**
 * The place that a cosigner's full path, origin included, points at; undefined for a path that is
 * none of the policy's.
 */
export const locateDerivation = (
  policy: WalletPolicy,
  cosignerIndex: number,
  path: DerivationPath,
): AddressPlace | undefined => {
  const origin = policy.cosigners[cosignerIndex]?.origin;
  if (origin === undefined || path.length !== origin.path.length + 2) return undefined;
  if (!origin.path.every((step, i) => path[i] === step)) return undefined;
  return addressPlace(...(path.slice(-2) as [number, number]));
};

/** The place that the last two steps of a path name; undefined if no address of a policy has them. */
export const addressPlace = (branchNumber: number, index: number): AddressPlace | undefined => {
  if (branchNumber > 1 || index >= HARDENED) return undefined;
  return { branch: branchNumber === 0 ? 'receive' : 'change', index };
};

const branchScripts = (policy: WalletPolicy, branch: Branch): ((index: number) => PolicyScript) => {
  const branchKeys = policy.cosigners.map(({ key }) =>
    childPoints(deriveChildKey(key, branchNumbers[branch])),
  );
  const remembered = new Map<number, PolicyScript>();
  return (index) => {
    const known = remembered.get(index);
    if (known !== undefined) return known;
    const points = branchKeys.map((pointAt) => pointAt(index));
    const publicKeys = points.map(compressPoint);
    const script = { branch, index, points, ...scriptsOf(policy, publicKeys) };
    const [oldest] = remembered.size < REMEMBERED ? [] : remembered.keys();
    if (oldest !== undefined) remembered.delete(oldest);
    remembered.set(index, script);
    return script;
  };
};

const scriptsOf = (
  { scriptKind, sorted, quorum }: WalletPolicy,
  publicKeys: readonly Uint8Array[],
): Omit<PolicyScript, 'branch' | 'index' | 'points'> => {
  const scriptKeys = sorted ? sortKeys(publicKeys) : publicKeys;
  const script = multisigScript(quorum.required, scriptKeys);
  const parts = { publicKeys, scriptKeys, multisigScript: script };
  switch (scriptKind) {
    case 'wsh':
      return { ...parts, scriptPubKey: payToWitnessScriptHash(script), witnessScript: script };
    case 'sh-wsh': {
      const redeemScript = payToWitnessScriptHash(script);
      const scriptPubKey = payToScriptHash(redeemScript);
      return { ...parts, scriptPubKey, redeemScript, witnessScript: script };
    }
    case 'sh':
      return { ...parts, scriptPubKey: payToScriptHash(script), redeemScript: script };
  }
};
