import { compressPoint, publicKeyTweaker } from '@qoima/curve';
import {
  type Cosigner,
  deriveChildKey,
  type PolicyScripts,
  parseCosignerKey,
  policyScripts,
  walletPolicy,
} from '@qoima/policy';
import { equalBytes, hmacSha512 } from '@qoima/primitives';
import {
  createPsbt,
  decodePsbt,
  encodePsbt,
  encodeTransaction,
  type Psbt,
  transactionId,
} from '@qoima/psbt';
import { reviewPsbt } from '@qoima/review';

/** CPU milliseconds of a full review, and of nothing but deriving the keys that it proves. */
export interface ReviewRow {
  readonly name: string;
  readonly reviewMs: number;
  readonly keysMs: number;
  /** How many times as long as the keys alone the review takes. */
  readonly ratio: number;
}

export interface ReviewBench {
  readonly rows: readonly ReviewRow[];
  /** The review's time grows as the inputs to this power, from the fewest to the most. */
  readonly exponent: number;
}

const REQUIRED = 3;
const SIZES = [128, 512, 2000] as const;
const ROUNDS = 9;

/**
 * The full review of an unsigned 3-of-5 `wsh(sortedmulti)` PSBT, each coin on an address and in a previous
 * transaction of its own, against what it cannot do without: the five keys of each input and of the
 * change, derived on the same curve from branch keys that are there already. Both begin with nothing
 * remembered; they take turns, and medians count. The PSBT is read from its file before.
 */
export const benchReview = (): ReviewBench => {
  // Whoever comes first would pay for what the machine has yet to compile.
  measure(SIZES[0]);
  const rows = SIZES.map(measure);
  const [first, last] = [rows[0]!, rows.at(-1)!];
  const exponent = Math.log(last.reviewMs / first.reviewMs) / Math.log(SIZES.at(-1)! / SIZES[0]);
  return { rows, exponent };
};

const measure = (inputs: number): ReviewRow => {
  const psbt = decodePsbt(encodePsbt(unsignedSpend(inputs)));
  const reviews: number[] = [];
  const keys: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const scripts = policyScripts(policy);
    const [report, reviewMs] = timed(() => reviewPsbt(psbt, scripts));
    // No node relays more than some 700 such inputs, and that is all there is to find.
    if (report.findings.some(({ rule }) => rule !== 'transaction-weight'))
      throw new Error('a clean spend has no findings');
    reviews.push(reviewMs);
    const [derived, keysMs] = timed(() => deriveKeys(inputs));
    checkKeys(derived, scripts);
    keys.push(keysMs);
  }
  const [reviewMs, keysMs] = [median(reviews), median(keys)];
  return { name: `${inputs} inputs`, reviewMs, keysMs, ratio: reviewMs / keysMs };
};

/** Accounts m/48'/1'/0'/2' of BIP-39 mnemonics over 16 bytes of 1, of 2, … of 5. */
const texts = [
  "[397a4a50/48'/1'/0'/2']tpubDFdL54W2wu8aWUdZcidpYVbwcX5WHWpnFAAqbNLXfEiAtYdCBgaNzuy8VbB6iCvgyby4PYwo6ajTau8cngspdGKpzGGYFJwz3zmMXyqfHX8",
  "[c8e3b3d3/48'/1'/0'/2']tpubDE5NrpYFoYzmD9v28hipFP5uGDYvpC8z9zT5gbwhbtVuMzDdTaC2gM3CDo2kDKNuuwd9ZdoJCFyD51hg8kgmhnMRoe1UharQhrNKpkkmDn6",
  "[70ecd03a/48'/1'/0'/2']tpubDEx1GBExdoRLtBV39Au8EcDjr8DUjdZ5jWPYF1pxCigg5NZTTt2coq9DR3nv4WL6MJXqnPP4YqdcCfaZDr1fokQCnNg5ViVaSpS483zAUWx",
  "[63b57ef1/48'/1'/0'/2']tpubDFkbngVu9VSdaUeBQtrWmJjTwb4QB8d5g3idN6Hb5wbSfpCfF6xqw4bizNfgZR6CH4bduegiTWLWpGaFczpCNGJ7fHsHBo9DN48dSzpRn4P",
  "[dbe8ea92/48'/1'/0'/2']tpubDFkUdWWdjzqSYA2Y1xssnrvC47vGgarXvSfKR9EUD8n46RkkQa6Bhh7ccwBSy4GeFrinnj87rB53Nyi8ARUaxrnk1KFaon1w81xRAmPgMDM",
];

const cosigners: readonly Cosigner[] = texts.map((text, i) => ({
  name: `Custodian ${i + 1}`,
  ...parseCosignerKey(text),
}));

const policy = walletPolicy({
  name: 'Bench',
  network: 'regtest',
  scriptKind: 'wsh',
  sorted: true,
  quorum: { required: REQUIRED, total: cosigners.length },
  cosigners,
});

const COIN = 100_000n;
const stranger = Uint8Array.of(0, 20, ...new Uint8Array(20).fill(7));

const unsignedSpend = (inputs: number): Psbt => {
  const scripts = policyScripts(policy);
  const amount = COIN * BigInt(inputs);
  return createPsbt({
    scripts,
    coins: Array.from({ length: inputs }, (_, index) => {
      const txid = new Uint8Array(32);
      new DataView(txid.buffer).setUint32(0, index + 1);
      const previousTransaction = encodeTransaction({
        version: 2,
        lockTime: 0,
        inputs: [
          {
            txid,
            vout: 0,
            sequence: 0xffffffff,
            scriptSig: new Uint8Array(),
            witness: [new Uint8Array(72), new Uint8Array(33)],
          },
        ],
        outputs: [
          { amount: COIN, script: stranger },
          { amount: COIN, script: scripts.at('receive', index).scriptPubKey },
        ],
      });
      const outpoint = { txid: transactionId(previousTransaction), vout: 1 };
      return { outpoint, amount: COIN, branch: 'receive', index, previousTransaction };
    }),
    outputs: [
      { kind: 'payment', scriptPubKey: stranger, amount: (amount * 6n) / 10n },
      { kind: 'change', index: 0, amount: (amount * 39n) / 100n },
    ],
  });
};

/** BIP-32's CKDpub and no more: five keys for each input, and five for the change. */
const deriveKeys = (inputs: number): readonly (readonly Uint8Array[])[] => {
  const [receive, change] = branches.map((keys) =>
    keys.map(({ publicKey, chainCode }) => {
      const tweak = publicKeyTweaker(publicKey);
      return (index: number): Uint8Array => {
        const message = new Uint8Array(37);
        message.set(publicKey);
        new DataView(message.buffer).setUint32(33, index);
        return compressPoint(tweak(hmacSha512(chainCode, message).subarray(0, 32))!);
      };
    }),
  );
  const keys = Array.from({ length: inputs }, (_, index) => receive!.map((keyAt) => keyAt(index)));
  keys.push(change!.map((keyAt) => keyAt(0)));
  return keys;
};

const branches = [0, 1].map((branch) => cosigners.map(({ key }) => deriveChildKey(key, branch)));

/** The last of both branches, so that nobody measures something else. */
const checkKeys = (derived: readonly (readonly Uint8Array[])[], scripts: PolicyScripts): void => {
  const last = derived.length - 2;
  const own = [...scripts.at('receive', last).publicKeys, ...scripts.at('change', 0).publicKeys];
  if (!own.every((key, i) => equalBytes(key, [...derived[last]!, ...derived[last + 1]!][i]!)))
    throw new Error('the keys differ');
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1]!;

const timed = <Result>(work: () => Result): readonly [Result, number] => {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return [result, (user + system) / 1000];
};
