import {
  type Branch,
  type Cosigner,
  HARDENED,
  type PolicyScripts,
  parseCosignerKey,
  policyScripts,
  type ScriptKind,
  type WalletPolicy,
  walletPolicy,
} from '@qoima/policy';
import type { Sats } from '@qoima/primitives';
import {
  assemblePsbt,
  type Coin,
  type CreateOutput,
  createPsbt,
  encodeTransaction,
  type Psbt,
  type PsbtMap,
  type PsbtRecord,
  type PsbtVersion,
  transactionId,
  type UnsignedTransaction,
  withRecords,
} from '@qoima/psbt';

/** Accounts m/48'/1'/0'/2' of BIP-39 mnemonics over 16 bytes of 1, of 2, … of 6. */
const keys = [
  "[397a4a50/48'/1'/0'/2']tpubDFdL54W2wu8aWUdZcidpYVbwcX5WHWpnFAAqbNLXfEiAtYdCBgaNzuy8VbB6iCvgyby4PYwo6ajTau8cngspdGKpzGGYFJwz3zmMXyqfHX8",
  "[c8e3b3d3/48'/1'/0'/2']tpubDE5NrpYFoYzmD9v28hipFP5uGDYvpC8z9zT5gbwhbtVuMzDdTaC2gM3CDo2kDKNuuwd9ZdoJCFyD51hg8kgmhnMRoe1UharQhrNKpkkmDn6",
  "[70ecd03a/48'/1'/0'/2']tpubDEx1GBExdoRLtBV39Au8EcDjr8DUjdZ5jWPYF1pxCigg5NZTTt2coq9DR3nv4WL6MJXqnPP4YqdcCfaZDr1fokQCnNg5ViVaSpS483zAUWx",
  "[63b57ef1/48'/1'/0'/2']tpubDFkbngVu9VSdaUeBQtrWmJjTwb4QB8d5g3idN6Hb5wbSfpCfF6xqw4bizNfgZR6CH4bduegiTWLWpGaFczpCNGJ7fHsHBo9DN48dSzpRn4P",
  "[dbe8ea92/48'/1'/0'/2']tpubDFkUdWWdjzqSYA2Y1xssnrvC47vGgarXvSfKR9EUD8n46RkkQa6Bhh7ccwBSy4GeFrinnj87rB53Nyi8ARUaxrnk1KFaon1w81xRAmPgMDM",
  "[aeec1637/48'/1'/0'/2']tpubDDwwySv6DjSy9uDoLA3nWM4aoLDDrF8NBmDxaKjVcKwPNcLicnyuvMASCNkhaX53yuxxC6yM8Ba2NFbZYu3iBB8JQMKUQbbPFaDykG1FLgw",
] as const;

export const cosigners: readonly Cosigner[] = keys.map((text, i) => ({
  name: `Custodian ${i + 1}`,
  ...parseCosignerKey(text),
}));

const policyOf = (scriptKind: ScriptKind, required: number, who: readonly number[]): WalletPolicy =>
  walletPolicy({
    name: 'Reserve',
    network: 'regtest',
    scriptKind,
    sorted: true,
    quorum: { required, total: who.length },
    cosigners: who.map((i) => cosigners[i] as Cosigner),
  });

/** The 3-of-5 that everything here is judged by. */
export const own: Readonly<Record<ScriptKind, PolicyScripts>> = {
  wsh: policyScripts(policyOf('wsh', 3, [0, 1, 2, 3, 4])),
  'sh-wsh': policyScripts(policyOf('sh-wsh', 3, [0, 1, 2, 3, 4])),
  sh: policyScripts(policyOf('sh', 3, [0, 1, 2, 3, 4])),
};

/** One key is another's: a stranger's wallet. */
export const foreign: PolicyScripts = policyScripts(policyOf('wsh', 3, [0, 1, 2, 3, 5]));

/** The same five keys, and two of them are enough. */
export const weaker: PolicyScripts = policyScripts(policyOf('wsh', 2, [0, 1, 2, 3, 4]));

export const BTC: Sats = 100_000_000n;

/** P2WPKH of a made-up key hash: somebody else. */
export const strangerScript: Uint8Array = Uint8Array.of(0, 20, ...new Uint8Array(20).fill(7));

/** A coin, the second output of a transaction of its own. */
export const coinOf = (
  scripts: PolicyScripts,
  branch: Branch,
  index: number,
  amount: Sats = 10n * BTC,
): Coin => {
  const txid = new Uint8Array(32).fill(branch === 'receive' ? 0xa0 : 0xb0);
  new DataView(txid.buffer).setUint32(0, index);
  const previousTransaction = encodeTransaction({
    version: 2,
    lockTime: 0,
    inputs: [{ txid, vout: 0, sequence: 0xffffffff, scriptSig: new Uint8Array(), witness: [] }],
    outputs: [
      { amount: BTC, script: strangerScript },
      { amount, script: scripts.at(branch, index).scriptPubKey },
    ],
  });
  const outpoint = { txid: transactionId(previousTransaction), vout: 1 };
  return { outpoint, amount, branch, index, previousTransaction };
};

export const FEE: Sats = 2_000n;
export const PAYMENT: Sats = 15n * BTC;
export const CHANGE_INDEX = 4;

/** Two coins of 10 BTC pay a stranger 15 BTC, and the rest comes back. */
export const cleanSpend = (
  scriptKind: ScriptKind = 'wsh',
  version: PsbtVersion = 0,
  outputs: readonly CreateOutput[] = [
    { kind: 'payment', scriptPubKey: strangerScript, amount: PAYMENT },
    { kind: 'change', index: CHANGE_INDEX, amount: 20n * BTC - PAYMENT - FEE },
  ],
): Psbt => {
  const scripts = own[scriptKind];
  const coins = [coinOf(scripts, 'receive', 0), coinOf(scripts, 'change', 3)];
  return createPsbt({ scripts, coins, outputs, version });
};

type EditMap = (map: PsbtMap) => PsbtMap;

/** Puts records in, each in the place of one with its key. */
export const put =
  (...records: readonly PsbtRecord[]): EditMap =>
  (map) =>
    withRecords(map, records);

export const editGlobal = (psbt: Psbt, edit: EditMap): Psbt => ({
  ...psbt,
  global: edit(psbt.global),
});

export const editInput = (psbt: Psbt, index: number, edit: EditMap): Psbt => ({
  ...psbt,
  inputs: psbt.inputs.map((map, i) => (i === index ? edit(map) : map)),
});

export const editOutput = (psbt: Psbt, index: number, edit: EditMap): Psbt => ({
  ...psbt,
  outputs: psbt.outputs.map((map, i) => (i === index ? edit(map) : map)),
});

/** The same maps around another transaction. */
export const editTransaction = (
  psbt: Psbt,
  edit: (transaction: UnsignedTransaction) => UnsignedTransaction,
): Psbt => assemblePsbt(psbt.version, edit(psbt.transaction), psbt);

/** Applies `edit` to the records of one type; `undefined` takes one out. */
export const editRecords =
  (
    { type }: { readonly type: number },
    edit: (record: PsbtRecord, at: number) => PsbtRecord | undefined,
  ): EditMap =>
  (map) => {
    let at = 0;
    return map.flatMap((record) => {
      if (record.type !== type) return [record];
      const edited = edit(record, at++);
      return edited === undefined ? [] : [edited];
    });
  };

export const without = (field: { readonly type: number }): EditMap =>
  editRecords(field, () => undefined);

/** A derivation's value, with some of its numbers (fingerprint, then steps) put in place. */
export const originWith = (
  value: Uint8Array,
  numbers: Readonly<Record<number, number>>,
): Uint8Array => {
  const edited = value.slice();
  const view = new DataView(edited.buffer);
  for (const [at, number] of Object.entries(numbers)) view.setUint32(4 * Number(at), number, true);
  return edited;
};

/** Where `originWith` has the coin type, the branch and the index of an account at m/48'/1'/0'/2'. */
export const COIN_STEP = 2;
export const BRANCH_STEP = 5;
export const INDEX_STEP = 6;

export const hardened = (step: number): number => step + HARDENED;
