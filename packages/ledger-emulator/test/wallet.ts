import {
  formatDerivationPath,
  HARDENED,
  type PolicyScripts,
  parseCosignerKey,
  policyKeys,
  policyTemplate,
  type ScriptKind,
  type WalletPolicy,
  walletPolicy,
} from '@qoima/policy';
import { formatHex, formatUtf8, type Sats } from '@qoima/primitives';
import { type Coin, encodeTransaction, transactionId } from '@qoima/psbt';
import { entropyToMnemonic } from 'bip39';
import { type EmulatorOptions, type LedgerEmulator, openEmulator } from '../src/index.ts';
import { converse, hostData, pathData, registerData, type TestPolicy } from './host.ts';

const ACCOUNT = [48, 1, 0, 2].map((step) => step + HARDENED);

export type OpenOptions = Partial<Omit<EmulatorOptions, 'mnemonic' | 'passphrase'>>;

/** The n-th of the emulators that a test has: a mnemonic each. */
export const emulatorNumber = (n: number, options: OpenOptions = {}): LedgerEmulator =>
  openEmulator({
    app: 'Bitcoin Test',
    ...options,
    mnemonic: entropyToMnemonic(Buffer.alloc(16, n + 1)),
  });

/** A command that asks nothing of its host. */
const ask = async ({ exchange }: LedgerEmulator, ins: number, data: Uint8Array) => {
  const { statusWord, data: answer } = await converse(exchange, ins, data, hostData());
  if (statusWord !== '9000') throw new Error(`refused with ${statusWord}`);
  return answer;
};

/** Key information (BIP-388) of an account, without being shown. */
export const keyOf = async (
  emulator: LedgerEmulator,
  account: readonly number[] = ACCOUNT,
): Promise<string> => {
  const fingerprint = formatHex(await ask(emulator, 0x05, new Uint8Array()));
  const path = Uint8Array.of(0, ...pathData(account));
  const key = formatUtf8(await ask(emulator, 0x00, path));
  return `[${fingerprint}/${formatDerivationPath(account)}]${key}`;
};

/** A policy whose cosigners are emulators 0, 1, 2 …; its keys were read from them. */
export const emulatedPolicy = async ({
  required = 2,
  total = 3,
  scriptKind = 'wsh',
  sorted = true,
}: {
  readonly required?: number;
  readonly total?: number;
  readonly scriptKind?: ScriptKind;
  readonly sorted?: boolean;
}): Promise<WalletPolicy> => {
  const keys = await Promise.all(Array.from({ length: total }, (_, n) => keyOf(emulatorNumber(n))));
  return walletPolicy({
    name: 'Test reserve',
    network: 'regtest',
    scriptKind,
    sorted,
    quorum: { required, total },
    cosigners: keys.map((key, n) => ({ name: `Cosigner ${n}`, ...parseCosignerKey(key) })),
  });
};

/** As a Ledger is given it. */
export const ledgerPolicy = (policy: WalletPolicy): TestPolicy => ({
  name: policy.name,
  descriptorTemplate: policyTemplate(policy),
  keys: policyKeys(policy),
});

/** The HMAC. @throws if the emulator refuses */
export const register = async (
  emulator: LedgerEmulator,
  policy: TestPolicy,
): Promise<Uint8Array> => {
  const host = hostData();
  const { statusWord, data } = await converse(
    emulator.exchange,
    0x02,
    registerData(host, policy),
    host,
  );
  if (statusWord !== '9000') throw new Error(`refused with ${statusWord}`);
  return data.subarray(32);
};

/** P2WPKH of a made-up key hash. */
export const strangerScript = (fill: number): Uint8Array =>
  Uint8Array.of(0, 20, ...new Uint8Array(20).fill(fill));

/** A transaction that pays a script out of nowhere, as its output 1. */
export const funding = (script: Uint8Array, amount: Sats, nonce = 0): Uint8Array => {
  const txid = new Uint8Array(32).fill(0xf0);
  new DataView(txid.buffer).setUint32(0, nonce);
  const witness = nonce % 2 === 1 ? [new Uint8Array(71).fill(1)] : [];
  return encodeTransaction({
    version: 2,
    lockTime: 0,
    inputs: [{ txid, vout: 0, sequence: 0xfffffffe, scriptSig: new Uint8Array(), witness }],
    outputs: [
      { amount: 1_000_000n, script: strangerScript(7) },
      { amount, script },
    ],
  });
};

/** Coins of the receive branch, each of a transaction of its own. */
export const testCoins = (scripts: PolicyScripts, count: number, amount: Sats): readonly Coin[] =>
  Array.from({ length: count }, (_, index) => {
    const previousTransaction = funding(scripts.at('receive', index).scriptPubKey, amount, index);
    const outpoint = { txid: transactionId(previousTransaction), vout: 1 };
    return { outpoint, amount, branch: 'receive', index, previousTransaction };
  });
