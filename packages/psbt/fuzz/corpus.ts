import { readVectors, type VectorEntry } from '../../../scripts/read-vectors.ts';
import {
  convertPsbt,
  createPsbt,
  encodePsbt,
  finalizePsbt,
  matchPolicy,
  type Psbt,
  signPsbt,
  verifySignatures,
} from '../src/index.ts';
import { strangerScript, type TestWallet, testCoins, testWallet } from '../test/wallet.ts';

const files = [
  'psbt/bip174-valid.json',
  'psbt/bip174-invalid.json',
  'psbt/bip174-signer-must-fail.json',
  'psbt/bip174-roundtrip.json',
  'psbt/bip370.json',
  'psbt/bip371.json',
  'psbt/bip373.json',
  'psbt/bitcoinjs-psbt.json',
  'psbt/core-rpc_psbt.json',
  'psbt/hwi-extra.json',
  'multisig/caravan-fixtures.json',
  'multisig/core-generated-3of5.json',
  'multisig/real-world-psbts.json',
] as const;

/** Larger ones would only make every case slower. */
const MOST_BYTES = 12_000;

/** Every text below a value that is a PSBT in base64. */
const psbtsIn = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return value.startsWith('cHNidP') ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(psbtsIn) : [];
};

/** Every PSBT of the published vectors, valid or not, each once. */
const publishedPsbts: readonly Uint8Array[] = [
  ...new Set(files.flatMap((file) => psbtsIn(readVectors<VectorEntry>(file).entries))),
]
  .map((text) => Uint8Array.from(Buffer.from(text, 'base64')))
  .filter(({ length }) => length <= MOST_BYTES);

/** A spend of ours at every stage: unsigned, signed once, signed by the quorum, final. */
export interface OwnSpend {
  readonly wallet: TestWallet;
  readonly created: Psbt;
  readonly signed: Psbt;
  readonly stages: readonly Psbt[];
}

const ownSpend = async (wallet: TestWallet): Promise<OwnSpend> => {
  const { scripts, signers } = wallet;
  const created = createPsbt({
    scripts,
    coins: [...testCoins(scripts, 2), ...testCoins(scripts, 1, 100_000n, 'change')],
    outputs: [
      { kind: 'payment', scriptPubKey: strangerScript(), amount: 150_000n },
      { kind: 'change', index: 2, amount: 149_000n },
    ],
  });
  const stages = [created];
  let signed = created;
  for (const signer of signers.slice(1)) {
    signed = (await signPsbt(signed, scripts, signer)).psbt;
    stages.push(signed);
  }
  stages.push(finalizePsbt(verifySignatures(signed, matchPolicy(signed, scripts))));
  return {
    wallet,
    created,
    signed,
    stages: stages.flatMap((psbt) => [psbt, convertPsbt(psbt, 2)]),
  };
};

/** One of each kind of script. Two of three, so that they stay small. */
export const ownSpends: readonly OwnSpend[] = await Promise.all(
  (['wsh', 'sh-wsh', 'sh'] as const).map((scriptKind) =>
    ownSpend(testWallet({ scriptKind, quorum: { required: 2, total: 3 } })),
  ),
);

/** What the fuzzer starts from. */
export const psbtCorpus: readonly Uint8Array[] = [
  ...publishedPsbts,
  ...ownSpends.flatMap(({ stages }) => stages.map(encodePsbt)),
];
