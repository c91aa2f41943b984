import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { type ChainCoin, type ChainSource, chainErrors } from '@qoima/chain';
import {
  type Branch,
  type Cosigner,
  encodeKeyRecord,
  type PolicyScripts,
  parseCosignerKey,
  policyScripts,
  type WalletPolicy,
  walletPolicy,
} from '@qoima/policy';
import { errorMaker, type Sats } from '@qoima/primitives';
import { encodeTransaction, transactionId } from '@qoima/psbt';
import { afterEach, beforeEach } from 'vitest';
import {
  type Coordinator,
  coordinatorProgram,
  openCoordinator,
  parsePayment,
  type SpendRequest,
} from '../src/index.ts';

/** Accounts m/48'/1'/0'/2' of BIP-39 mnemonics over 16 bytes of 1, of 2 and of 3. */
const keys = [
  "[397a4a50/48'/1'/0'/2']tpubDFdL54W2wu8aWUdZcidpYVbwcX5WHWpnFAAqbNLXfEiAtYdCBgaNzuy8VbB6iCvgyby4PYwo6ajTau8cngspdGKpzGGYFJwz3zmMXyqfHX8",
  "[c8e3b3d3/48'/1'/0'/2']tpubDE5NrpYFoYzmD9v28hipFP5uGDYvpC8z9zT5gbwhbtVuMzDdTaC2gM3CDo2kDKNuuwd9ZdoJCFyD51hg8kgmhnMRoe1UharQhrNKpkkmDn6",
  "[70ecd03a/48'/1'/0'/2']tpubDEx1GBExdoRLtBV39Au8EcDjr8DUjdZ5jWPYF1pxCigg5NZTTt2coq9DR3nv4WL6MJXqnPP4YqdcCfaZDr1fokQCnNg5ViVaSpS483zAUWx",
] as const;

export const cosigners: readonly Cosigner[] = keys.map((text, i) => ({
  name: ['Aigerim', 'Bolat', 'Dana'][i] as string,
  ...parseCosignerKey(text),
}));

/** A 2-of-3 on regtest. */
export const samplePolicy = (name = 'Reserve'): WalletPolicy =>
  walletPolicy({
    name,
    network: 'regtest',
    scriptKind: 'wsh',
    sorted: true,
    quorum: { required: 2, total: 3 },
    cosigners,
    birthday: 1_700_000_000,
  });

export const scripts: PolicyScripts = policyScripts(samplePolicy());

/** One payment of the sample policy, `ADDRESS=AMOUNT`, with nothing chosen that need not be. */
export const sampleSpend = (payment: string, more: Partial<SpendRequest> = {}): SpendRequest => ({
  label: '',
  payments: [parsePayment(payment, scripts)],
  feeRate: 5_000n,
  coins: [],
  minConfirmations: 1,
  version: 0,
  acceptedWarnings: [],
  ...more,
});

/** Texts of the key records that the policy is made of. */
export const keyRecords: readonly string[] = cosigners.map((cosigner) =>
  encodeKeyRecord({ network: 'regtest', cosigner }),
);

/** A coin of the sample policy as a node reports it, with the transaction that made it. */
export const chainCoin = (
  index: number,
  amount: Sats,
  branch: Branch = 'receive',
): ChainCoin & { readonly transaction: Uint8Array } => {
  const { scriptPubKey } = scripts.at(branch, index);
  const txid = new Uint8Array(32).fill(branch === 'receive' ? 1 : 2);
  new DataView(txid.buffer).setUint32(0, index);
  const transaction = encodeTransaction({
    version: 2,
    lockTime: 0,
    inputs: [{ txid, vout: 0, sequence: 0xffffffff, scriptSig: new Uint8Array(), witness: [] }],
    outputs: [{ amount, script: scriptPubKey }],
  });
  const outpoint = { txid: transactionId(transaction), vout: 0 };
  return { outpoint, amount, scriptPubKey, confirmations: 6, transaction };
};

/** By the coordinator's clock. */
export const NOW: Date = new Date('2026-01-31T12:00:00Z');

/** A node that knows these coins; what is not said of it, it has not got. */
export const fakeChain = (
  coins: readonly (ChainCoin & { readonly transaction: Uint8Array })[],
  more: Partial<ChainSource> = {},
): ChainSource => {
  const sent = new Set<string>();
  return {
    tip: async () => {
      throw new Error('nobody asks for the tip');
    },
    watch: async () => {},
    coins: async () => coins,
    transaction: async (txid) => {
      const coin = coins.find(({ outpoint }) => outpoint.txid === txid);
      if (coin === undefined) throw new Error(`no transaction ${txid}`);
      return coin.transaction;
    },
    estimateFeeRate: async () => undefined,
    testAccept: async () => ({ allowed: true, vsize: 1, fee: 1n }),
    broadcast: async (transaction) => {
      const txid = transactionId(transaction);
      sent.add(txid);
      return txid;
    },
    confirmations: async (txid) => {
      if (!sent.has(txid)) throw unknownTransaction(txid);
      return { confirmations: 0, inMempool: true };
    },
    ...more,
  };
};

/** As a node says that it does not know a transaction. */
export const unknownTransaction = (txid: string): Error =>
  errorMaker(chainErrors)('CHAIN_TRANSACTION_UNKNOWN', `The node does not know ${txid}.`);

/** As a node that does not run. */
export const unreachable = async (): Promise<never> => {
  throw errorMaker(chainErrors)('CHAIN_UNREACHABLE', 'Nobody answers.');
};

/** With the sample policy, if there is none yet. */
export const coordinatorIn = (folder: string, chain = fakeChain([])): Coordinator => {
  const coordinator = openCoordinator({
    folder,
    network: 'regtest',
    clock: () => NOW,
    chain: () => chain,
  });
  if (coordinator.policies.list().length === 0) coordinator.policies.add(samplePolicy());
  return coordinator;
};

/** A folder that each test of a file finds empty; it is gone behind it. */
export const folderOfEachTest = (): { readonly path: string } => {
  const folder = { path: '' };
  beforeEach(() => {
    folder.path = mkdtempSync(join(tmpdir(), 'qoima-coordinator-'));
  });
  afterEach(() => {
    rmSync(folder.path, { recursive: true });
  });
  return folder;
};

/** Writes the key records into a folder; gives their paths. */
export const writeKeyRecords = (folder: string): readonly string[] =>
  keyRecords.map((text, i) => {
    const path = join(folder, `${cosigners[i]?.name}.key.json`);
    writeFileSync(path, text);
    return path;
  });

const SURROUNDINGS = {
  QOIMA_NETWORK: 'regtest',
  QOIMA_CLOCK: '2026-01-31T12:00:00Z',
  // Never a node that happens to run here.
  QOIMA_NODE_COOKIE: '/nonexistent/.cookie',
} as const;

/** `qoima …` on regtest, in this process, with streams that are no terminal. */
export const qoima = async (
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> => {
  const [stdout, stderr] = [sink(), sink()];
  const stdin = Object.assign(new PassThrough(), { isTTY: false });
  const code = await coordinatorProgram({
    argv,
    env: { ...SURROUNDINGS, ...env },
    stdin,
    stdout,
    stderr,
  });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
};

const sink = () => {
  const chunks: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk, _encoding, written) => {
      chunks.push(String(chunk));
      written();
    },
  });
  return Object.assign(stream, { isTTY: false, columns: 100, text: () => chunks.join('') });
};
