import { type EmulatorOptions, type LedgerEmulator, openEmulator } from '@qoima/ledger-emulator';
import {
  type Cosigner,
  formatDerivationPath,
  type PolicyScripts,
  parseCosignerKey,
  parseDerivationPath,
  type ScriptKind,
  type WalletPolicy,
  walletPolicy,
} from '@qoima/policy';
import { formatHex, type Sats } from '@qoima/primitives';
import { type Coin, encodeTransaction, transactionId } from '@qoima/psbt';
import {
  type Ledger,
  type LedgerTransport,
  ledgerClient,
  type OpenOptions,
  openLedger,
} from '../src/index.ts';

const MNEMONICS = [
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about',
  'legal winner thank year wave sausage worth useful legal winner thank yellow',
  'letter advice cage absurd amount doctor acoustic avoid letter advice cage above',
];

export const emulated = (
  n = 0,
  options: Partial<Omit<EmulatorOptions, 'mnemonic'>> = {},
): LedgerEmulator =>
  openEmulator({ app: 'Bitcoin Test', ...options, mnemonic: MNEMONICS[n] as string });

export const transportTo = ({ exchange }: LedgerEmulator): LedgerTransport => ({
  name: 'Ledger Nano S Plus',
  exchange,
  close: async () => {},
});

export const openEmulated = (
  emulator: LedgerEmulator,
  options: Partial<OpenOptions> = {},
): Promise<Ledger> => openLedger(transportTo(emulator), { network: 'testnet', ...options });

/** The key of an emulated device at a path, as a cosigner. */
const cosignerAtPath = async (n: number, path: string): Promise<Cosigner> => {
  const client = ledgerClient(transportTo(emulated(n)));
  const steps = parseDerivationPath(path);
  const fingerprint = formatHex(await client.fingerprint());
  const key = await client.extendedKey(steps, false);
  const text = `[${fingerprint}/${formatDerivationPath(steps)}]${key}`;
  return { name: `Cosigner ${n} at ${path}`, ...parseCosignerKey(text) };
};

/** A policy whose first `own` keys are of emulator 0, each of another account, and the rest of emulator 1. */
export const emulatedPolicy = async ({
  scriptKind = 'wsh',
  total = 3,
  own = 1,
}: {
  readonly scriptKind?: ScriptKind;
  readonly total?: number;
  readonly own?: number;
} = {}): Promise<WalletPolicy> =>
  walletPolicy({
    name: 'Test reserve',
    network: 'testnet',
    scriptKind,
    sorted: true,
    quorum: { required: 2, total },
    cosigners: await Promise.all(
      Array.from({ length: total }, (_, i) => cosignerAtPath(i < own ? 0 : 1, `m/48'/1'/${i}'/2'`)),
    ),
  });

/** P2WPKH of a made-up key hash. */
export const strangerScript = (fill: number): Uint8Array =>
  Uint8Array.of(0, 20, ...new Uint8Array(20).fill(fill));

/** Coins of the receive branch, each of a transaction of its own, made longer by `padding` bytes. */
export const coinsOf = (
  scripts: PolicyScripts,
  count: number,
  amount: Sats,
  padding = 0,
): readonly Coin[] =>
  Array.from({ length: count }, (_, index) => {
    const txid = new Uint8Array(32).fill(0xf0);
    new DataView(txid.buffer).setUint32(0, index);
    const scriptSig = new Uint8Array(padding).fill(1);
    const previousTransaction = encodeTransaction({
      version: 2,
      lockTime: 0,
      inputs: [{ txid, vout: 0, sequence: 0xfffffffe, scriptSig, witness: [] }],
      outputs: [{ amount, script: scripts.at('receive', index).scriptPubKey }],
    });
    const outpoint = { txid: transactionId(previousTransaction), vout: 0 };
    return { outpoint, amount, branch: 'receive', index, previousTransaction };
  });
