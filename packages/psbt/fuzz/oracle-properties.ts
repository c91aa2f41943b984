import { encodeAddress, type ScriptKind } from '@qoima/policy';
import { equalBytes, formatHex, isQoimaError } from '@qoima/primitives';
import {
  p2ms,
  p2sh,
  p2wsh,
  Transaction as ScureTransaction,
  TEST_NETWORK,
} from '@scure/btc-signer';
import { Psbt as BitcoinJsPsbt, networks, payments, Transaction } from 'bitcoinjs-lib';
import fc from 'fast-check';
import { type FuzzProperty, fuzzProperty } from '../../../scripts/fuzz-property.ts';
import {
  convertPsbt,
  createPsbt,
  encodePsbt,
  encodeUnsignedTransaction,
  extractTransaction,
  finalizePsbt,
  matchPolicy,
  type Psbt,
  type PsbtVersion,
  parsePsbt,
  signatureHashes,
  signPsbt,
  verifySignatures,
} from '../src/index.ts';
import { strangerScript, type TestWallet, testCoins, testWallet } from '../test/wallet.ts';
import { psbtCorpus } from './corpus.ts';
import { damagedPsbt } from './damage.ts';
import { knownDisagreement } from './disagreements.ts';

/** 1-of-1 … 10-of-15, each in every kind of script. */
const shapes = Array.from({ length: 15 }, (_, i) => i + 1).flatMap((total) =>
  Array.from({ length: Math.min(10, total) }, (_, i) => i + 1).flatMap((required) =>
    (['wsh', 'sh-wsh', 'sh'] as const).map((scriptKind) => ({
      quorum: { required, total },
      scriptKind,
    })),
  ),
);

const wallets = new Map<number, TestWallet>();

const walletOf = (shape: number): TestWallet => {
  const known = wallets.get(shape) ?? testWallet(shapes[shape]);
  wallets.set(shape, known);
  return known;
};

interface Spend {
  readonly shape: number;
  readonly version: PsbtVersion;
  readonly coins: readonly bigint[];
  /** What is paid, in parts of a thousand of what is spent; all but the last 1 is shared out. */
  readonly shares: readonly number[];
  readonly changeIndex: number;
  readonly lockTime: number;
  readonly sequence: number;
  /** Who signs first; the others follow in their order. */
  readonly first: number;
}

const anySpend: fc.Arbitrary<Spend> = fc.record({
  shape: fc.nat(shapes.length - 1),
  version: fc.constantFrom<PsbtVersion[]>(0, 2),
  coins: fc.array(fc.bigInt(10_000n, 100_000_000_000_000n), { minLength: 1, maxLength: 4 }),
  shares: fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 3 }),
  changeIndex: fc.nat(0x7fffffff),
  lockTime: fc.oneof(fc.constant(0), fc.nat(0xffffffff)),
  sequence: fc.constantFrom(0xfffffffd, 0xfffffffe, 0xffffffff, 0, 144),
  first: fc.nat(14),
});

const create = (spend: Spend, { scripts }: TestWallet): Psbt => {
  const { coins, shares, changeIndex, version, lockTime, sequence } = spend;
  const total = coins.reduce((sum, amount) => sum + amount, 0n);
  const paid = shares.map((share) => (total * BigInt(share)) / 1000n);
  const change = total - paid.reduce((sum, amount) => sum + amount, 0n) - total / 1000n;
  return createPsbt({
    scripts,
    coins: coins.map(
      (amount, i) => testCoins(scripts, i + 1, amount, i % 2 === 0 ? 'receive' : 'change')[i]!,
    ),
    outputs: [
      ...paid.map((amount, i) => ({
        kind: 'payment' as const,
        scriptPubKey: strangerScript(i + 1),
        amount,
      })),
      { kind: 'change', index: changeIndex, amount: change },
    ],
    version,
    lockTime,
    sequence,
  });
};

const signed = async (psbt: Psbt, { scripts, signers, policy }: TestWallet, first: number) => {
  let now = psbt;
  for (let i = 0; i < policy.quorum.required; i++) {
    const signer = signers[(first + i) % signers.length]!;
    now = (await signPsbt(now, scripts, signer)).psbt;
  }
  return now;
};

const agree = <Value extends string | bigint>(
  what: string,
  ours: Value,
  theirs: Value | undefined,
): void => {
  if (ours !== theirs) throw new Error(`${what}: ${ours} here, ${theirs ?? 'nothing'} there`);
};

const hex = (bytes: Uint8Array | undefined): string =>
  bytes === undefined ? 'nothing' : formatHex(bytes);

/** The address of a multisig script as both libraries make it. */
const addresses = (
  script: Uint8Array,
  kind: ScriptKind,
  required: number,
  keys: readonly Uint8Array[],
) => {
  const network = networks.regtest;
  const scure = p2ms(required, [...keys]);
  const scureNetwork = { ...TEST_NETWORK, bech32: 'bcrt' };
  const redeem = payments.p2ms({ output: script, network });
  switch (kind) {
    case 'wsh':
      return [payments.p2wsh({ redeem, network }).address, p2wsh(scure, scureNetwork).address];
    case 'sh-wsh': {
      const inner = payments.p2wsh({ redeem, network });
      return [
        payments.p2sh({ redeem: inner, network }).address,
        p2sh(p2wsh(scure, scureNetwork), scureNetwork).address,
      ];
    }
    case 'sh':
      return [payments.p2sh({ redeem, network }).address, p2sh(scure, scureNetwork).address];
  }
};

/** Not public there, and the one way to ask for the sighash of an input without a witness. */
interface LegacyHash {
  preimageLegacy(index: number, script: Uint8Array, type: number): Uint8Array;
}

const spends = fuzzProperty(
  'oracle: bitcoinjs-lib and @scure/btc-signer agree on generated spends',
  { long: 600, short: 12 },
  fc.asyncProperty(anySpend, async (spend) => {
    const wallet = walletOf(spend.shape);
    const { scripts, policy } = wallet;
    const created = create(spend, wallet);
    const bytes = encodePsbt(await signed(created, wallet, spend.first));
    const psbt = parsePsbt(bytes);
    const match = matchPolicy(psbt, scripts);
    const final = extractTransaction(finalizePsbt(verifySignatures(psbt, match)));

    const theirs = BitcoinJsPsbt.fromBuffer(encodePsbt(convertPsbt(psbt, 0)));
    const scure = ScureTransaction.fromPSBT(bytes);

    // What is parsed.
    agree('the bytes of version 0', hex(encodePsbt(convertPsbt(psbt, 0))), hex(theirs.toBuffer()));
    agree(
      'the unsigned transaction',
      hex(encodeUnsignedTransaction(psbt.transaction)),
      hex(theirs.data.getTransaction()),
    );
    agree(
      'the unsigned transaction',
      hex(encodeUnsignedTransaction(psbt.transaction)),
      hex(scure.unsignedTx),
    );
    agree('the fee', match.fee, scure.fee);

    // Addresses and sighashes, of every input.
    const unsigned = Transaction.fromBuffer(encodeUnsignedTransaction(psbt.transaction));
    const hashes = signatureHashes(match);
    match.inputs.forEach(({ script, amount }, i) => {
      const { multisigScript, witnessScript, scriptPubKey, scriptKeys } = script;
      const address = encodeAddress(scriptPubKey, policy.network);
      for (const other of addresses(
        multisigScript,
        policy.scriptKind,
        policy.quorum.required,
        scriptKeys,
      )) {
        agree(`the address of input ${i}`, address, other);
      }
      const [one, two] = witnessScript
        ? [
            unsigned.hashForWitnessV0(i, multisigScript, amount, 1),
            scure.preimageWitnessV0(i, multisigScript, 1, amount),
          ]
        : [
            unsigned.hashForSignature(i, multisigScript, 1),
            (scure as unknown as LegacyHash).preimageLegacy(i, multisigScript, 1),
          ];
      agree(`the sighash of input ${i}`, hex(hashes(i)), hex(one));
      agree(`the sighash of input ${i}`, hex(hashes(i)), hex(two));
    });

    // What is made of the signatures.
    theirs.finalizeAllInputs();
    agree('the fee', match.fee, theirs.getFee());
    agree('the transaction', hex(final), hex(theirs.extractTransaction(true).toBuffer()));
    scure.finalize();
    agree('the transaction', hex(final), hex(scure.extract()));
    if (!equalBytes(Transaction.fromBuffer(final).toBuffer(), final))
      throw new Error('not its bytes');
  }),
);

/** What a reader says: nothing if it takes the bytes. */
const refusal = (read: () => unknown): string | undefined => {
  try {
    read();
    return undefined;
  } catch (error) {
    if (isQoimaError(error)) return error.code;
    return error instanceof Error ? error.message : String(error);
  }
};

/** Everything that it can be told to take. */
const lax = {
  allowUnknown: true,
  allowUnknownInputs: true,
  allowUnknownOutputs: true,
  allowUnknownVersion: true,
  disableScriptCheck: true,
} as const;

const readers = fuzzProperty(
  'oracle: where another parser takes or refuses what ours does not, the reason is known',
  { long: 6_000, short: 60 },
  fc.property(damagedPsbt(psbtCorpus), (bytes) => {
    const ours = refusal(() => parsePsbt(bytes));
    const isVersion2 = ours === undefined && parsePsbt(bytes).version === 2;
    for (const [library, theirs] of [
      ['bitcoinjs-lib', refusal(() => BitcoinJsPsbt.fromBuffer(bytes))],
      ['@scure/btc-signer', refusal(() => ScureTransaction.fromPSBT(bytes, lax))],
    ] as const) {
      // bitcoinjs-lib reads no version 2, and the other says of it what is wrong with it as version 0.
      if (isVersion2 || (ours === undefined) === (theirs === undefined)) continue;
      const [does, what] =
        theirs === undefined ? (['takes', ours] as const) : (['refuses', theirs] as const);
      if (knownDisagreement(library, does, what ?? '') === undefined) {
        throw new Error(`${library} ${does}: ${what}`);
      }
    }
  }),
);

export const oracleProperties: readonly FuzzProperty[] = [spends, readers];
