import { signEcdsa } from '@qoima/curve/secret';
import {
  type Branch,
  branchNumbers,
  type Cosigner,
  type PolicyScripts,
  policyScripts,
  type WalletPolicy,
  walletPolicy,
} from '@qoima/policy';
import type { Sats } from '@qoima/primitives';
import {
  bip143Midstates,
  type Coin,
  type CreateOutput,
  createPsbt,
  encodeSignature,
  encodeTransaction,
  INPUT,
  matchPolicy,
  type PartialSignature,
  type PolicyMatch,
  type Psbt,
  type PsbtVersion,
  record,
  SIGHASH,
  type SignatureHashes,
  signatureHashes,
  transactionId,
  withRecords,
  witnessSighash,
} from '@qoima/psbt';
import { accountPath, cosignerOf, generateMnemonic, mnemonicSeed } from '@qoima/signer-software';
import { signWithNonce } from '../../packages/psbt/test/nonce-signer.ts';
import { masterNode, nodeAt, type SecretNode } from '../../packages/psbt/test/wallet.ts';
import type { ScriptKind } from './hostile-case.ts';

/** The five of the reserve. Their words are public: no coin may ever be sent to them. */
export const CUSTODIANS = ['Aigerim', 'Bolat', 'Dana', 'Erlan', 'Fatima'] as const;
export type Custodian = (typeof CUSTODIANS)[number];

/** Whose station judges the corpus. */
export const OWN: Custodian = 'Aigerim';

const everybody = [...CUSTODIANS, 'Kairat'] as const;
/** A stranger is the sixth. */
type Person = (typeof everybody)[number];

export const wordsOf = (who: Person): string =>
  generateMnemonic(new Uint8Array(16).fill(everybody.indexOf(who) + 1));

/** 2048 rounds of HMAC-SHA512 for each mnemonic: once is enough. */
const once = <Value>(known: Map<string, Value>, key: string, make: () => Value): Value => {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
};

const knownCosigners = new Map<string, Cosigner>();
const knownAccounts = new Map<string, SecretNode>();

export const cosignerNamed = (
  who: Person,
  kind: ScriptKind = 'wsh',
  network: 'mainnet' | 'regtest' = 'regtest',
): Cosigner =>
  once(knownCosigners, `${who} ${kind} ${network}`, () =>
    cosignerOf({ name: who, network, mnemonic: wordsOf(who), path: accountPath(kind, network) }),
  );

const accountOf = (who: Custodian, kind: ScriptKind): SecretNode =>
  once(knownAccounts, `${who} ${kind}`, () =>
    nodeAt(masterNode(mnemonicSeed(wordsOf(who))), accountPath(kind, 'regtest')),
  );

/** The 3-of-5 of each script kind, by its name. */
export const policyOf = (
  kind: ScriptKind,
  parts: Partial<Pick<WalletPolicy, 'cosigners' | 'quorum' | 'name' | 'sorted' | 'limits'>> = {},
): WalletPolicy =>
  walletPolicy({
    name: `Corpus ${kind}`,
    network: 'regtest',
    scriptKind: kind,
    sorted: true,
    quorum: { required: 3, total: 5 },
    cosigners: CUSTODIANS.map((who) => cosignerNamed(who, kind)),
    ...parts,
  });

export const scriptKinds: readonly ScriptKind[] = ['wsh', 'sh-wsh', 'sh'];

const scriptsByKind = new Map(scriptKinds.map((kind) => [kind, policyScripts(policyOf(kind))]));

export const own = (kind: ScriptKind = 'wsh'): PolicyScripts => {
  const scripts = scriptsByKind.get(kind);
  if (scripts === undefined) throw new Error('there is one of each kind');
  return scripts;
};

export const BTC: Sats = 100_000_000n;
export const FEE: Sats = 2_000n;

/** P2WPKH of a made-up key hash: whoever is paid. */
export const payee: Uint8Array = Uint8Array.of(0, 20, ...new Uint8Array(20).fill(7));
/** The same of the attacker. */
export const thief: Uint8Array = Uint8Array.of(0, 20, ...new Uint8Array(20).fill(0x66));

/** A coin, the second output of a transaction of its own. */
export const coinAt = (
  branch: Branch,
  index: number,
  amount: Sats = 10n * BTC,
  scripts: PolicyScripts = own(),
): Coin => {
  const txid = new Uint8Array(32).fill(branch === 'receive' ? 0xa0 : 0xb0);
  new DataView(txid.buffer).setUint32(0, index);
  const previousTransaction = encodeTransaction({
    version: 2,
    lockTime: 0,
    inputs: [{ txid, vout: 0, sequence: 0xffffffff, scriptSig: new Uint8Array(), witness: [] }],
    outputs: [
      { amount: BTC, script: payee },
      { amount, script: scripts.at(branch, index).scriptPubKey },
    ],
  });
  const outpoint = { txid: transactionId(previousTransaction), vout: 1 };
  return { outpoint, amount, branch, index, previousTransaction };
};

export const payment = (amount: Sats, scriptPubKey: Uint8Array = payee): CreateOutput => ({
  kind: 'payment',
  scriptPubKey,
  amount,
});

export const change = (amount: Sats, index = 4): CreateOutput => ({
  kind: 'change',
  index,
  amount,
});

export const PAID: Sats = 15n * BTC;
export const CHANGE: Sats = 20n * BTC - PAID - FEE;

/** Two coins of 10 BTC pay 15 BTC to the payee, and the rest comes back: a spend without a finding. */
export const spend = ({
  kind = 'wsh',
  version = 0,
  coins,
  outputs = [payment(PAID), change(CHANGE)],
}: {
  readonly kind?: ScriptKind;
  readonly version?: PsbtVersion;
  readonly coins?: readonly Coin[];
  readonly outputs?: readonly CreateOutput[];
} = {}): Psbt => {
  const scripts = own(kind);
  const ours = coins ?? [
    coinAt('receive', 0, 10n * BTC, scripts),
    coinAt('change', 3, 10n * BTC, scripts),
  ];
  return createPsbt({ scripts, coins: ours, outputs, version });
};

/** How a signature is made: as an honest signer makes it, unless it is said otherwise. */
export interface Manner {
  /** The nonce in place of RFC 6979's. */
  readonly nonce?: bigint;
  readonly flag?: number;
  readonly kind?: ScriptKind;
}

/** The signatures of a custodian for every input. */
export const signaturesBy = (
  psbt: Psbt,
  who: Custodian,
  { nonce, flag = SIGHASH.all, kind = 'wsh' }: Manner = {},
): readonly PartialSignature[] => {
  const match = matchPolicy(psbt, own(kind));
  const hashes = flag === SIGHASH.all ? signatureHashes(match) : hashesOver(psbt, match, flag);
  const account = accountOf(who, kind);
  return match.inputs.map(({ script: { branch, index, publicKeys } }, inputIndex) => {
    const { secret } = nodeAt(account, [branchNumbers[branch], index]);
    const publicKey = publicKeys[CUSTODIANS.indexOf(who)] as Uint8Array;
    const hash = hashes(inputIndex);
    const compact =
      nonce === undefined
        ? signEcdsa(hash, secret)
        : signWithNonce(hash, secret, nonce + BigInt(inputIndex));
    return { inputIndex, publicKey, signature: encodeSignature({ compact, flag }) };
  });
};

/** What a signer signs that was talked into another flag: its signature is good, over less. */
const hashesOver = (psbt: Psbt, match: PolicyMatch, flag: number): SignatureHashes => {
  const midstates = bip143Midstates(psbt.transaction);
  return (inputIndex) => {
    const input = match.inputs[inputIndex];
    if (input?.script.witnessScript === undefined) throw new Error('a segwit input');
    return witnessSighash(midstates, inputIndex, input.script.witnessScript, input.amount, flag);
  };
};

/** A PSBT with these in it, whatever they are worth. */
export const holding = (psbt: Psbt, signatures: readonly PartialSignature[]): Psbt => ({
  ...psbt,
  inputs: psbt.inputs.map((map, i) =>
    withRecords(
      map,
      signatures.flatMap(({ inputIndex, publicKey, signature }) =>
        inputIndex === i ? [record(INPUT.partialSignature, signature, publicKey)] : [],
      ),
    ),
  ),
});

export const signedBy = (psbt: Psbt, ...who: readonly Custodian[]): Psbt =>
  who.reduce((signed, each) => holding(signed, signaturesBy(psbt, each)), psbt);
