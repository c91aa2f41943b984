import { policyId, policyScripts, walletPolicy } from '@qoima/policy';
import { byteWriter, hash256, parseHex, writeBytes } from '@qoima/primitives';
import {
  type Coin,
  createPsbt,
  encodeTransaction,
  matchPolicy,
  type PartialSignature,
  type SigningRequest,
  transactionId,
} from '@qoima/psbt';
import { accountPath, cosignerOf, softwareSigner } from '@qoima/signer-software';
import {
  type LedgerTransport,
  ledgerClient,
  ledgerPolicyId,
  ledgerPolicyOf,
  type Registration,
} from '../src/index.ts';
import { ledgerSigner } from '../src/ledger-signer.ts';
import { emulatedDevice } from './emulated-device.ts';

/** What a device is to sign, and all that anybody needs to make one that does. */
export interface LedgerSpend extends SigningRequest {
  /** Of cosigner 1, whose device signs: words of BIP-39's own examples. */
  readonly mnemonic: string;
  /** What the device will have to give. */
  readonly signatures: readonly PartialSignature[];
}

/** A device that signs a spend, and its registration of the policy. */
export type BenchDevice = (
  spend: LedgerSpend,
) => Promise<{ readonly transport: LedgerTransport; readonly hmac: Uint8Array }>;

/** One size of spend. */
export interface SigningRow {
  readonly inputs: number;
  readonly exchanges: number;
  /** What the recordings of the real app say: 350 for the first input, 203 for each further one. */
  readonly rule: number;
  readonly kilobytesToDevice: number;
  readonly kilobytesFromDevice: number;
  /** CPU milliseconds of the host, device left out: the median of several runs. */
  readonly hostMs: number;
}

export interface SigningBench {
  readonly rows: readonly SigningRow[];
  /** CPU of 512 inputs over CPU of 100: 5.1 if it grows with the inputs. */
  readonly growth: number;
}

/** Enough to be silent about the first compilation of the code. */
const RUNS = 5;

/**
 * Signs 3-of-5 spends of 1, 10, 100 and 512 inputs, all that the signer does: preflight, commitments, every
 * question answered, every signature checked. `device` plays once, its answers are played again, and
 * only those runs are measured.
 */
export const benchSigning = async (device: BenchDevice = emulatedDevice): Promise<SigningBench> => {
  const rows: SigningRow[] = [];
  for (const inputs of [10, 1, 10, 100, 512]) {
    rows.push(await measured(inputs, device));
  }
  // The first one only warmed up.
  const [, ...counted] = rows;
  const msAt = (inputs: number): number =>
    counted.find((row) => row.inputs === inputs)?.hostMs ?? 0;
  return { rows: counted, growth: msAt(512) / msAt(100) };
};

const measured = async (inputs: number, device: BenchDevice): Promise<SigningRow> => {
  const spend = await spendOf(inputs);
  const { transport, hmac } = await device(spend);
  const [cosigner] = spend.match.policy.cosigners;
  if (cosigner === undefined) throw new Error('a policy has cosigners');
  const { fingerprint } = cosigner.origin;
  const registration: Registration = {
    policyId: policyId(spend.match.policy),
    ledgerPolicyId: ledgerPolicyId(ledgerPolicyOf(spend.match.policy)),
    hmac,
    fingerprint,
    app: 'Bitcoin Test',
    appVersion: '2.4.6',
    registeredAt: '2026-01-01T00:00:00.000Z',
  };
  const sign = async (through: LedgerTransport): Promise<void> => {
    const signingDevice = {
      client: ledgerClient(through),
      fingerprint,
      network: 'regtest',
    } as const;
    const given = await ledgerSigner(signingDevice, registration).sign(spend);
    if (given.length !== inputs) throw new Error(`${given.length} signatures of ${inputs} inputs`);
  };
  // In one piece of memory: a hundred thousand small ones would be work for the collector, not the host.
  const answers = byteWriter(1 << 20);
  const ends: number[] = [];
  let toDevice = 0;
  await sign({
    exchange: async (apdu) => {
      const answer = await transport.exchange(apdu);
      toDevice += apdu.length;
      writeBytes(answers, answer);
      ends.push(answers.length);
      return answer;
    },
    close: async () => {},
  });
  const played = (): LedgerTransport => {
    let [at, begin] = [0, 0];
    return {
      exchange: async () => {
        const end = ends[at++];
        const answer = answers.bytes.subarray(begin, end);
        begin = end ?? 0;
        return answer;
      },
      close: async () => {},
    };
  };
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const replayed = played();
    const before = process.cpuUsage();
    await sign(replayed);
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  return {
    inputs,
    exchanges: ends.length,
    rule: 350 + 203 * (inputs - 1),
    kilobytesToDevice: toDevice / 1000,
    kilobytesFromDevice: answers.length / 1000,
    hostMs: times.toSorted((a, b) => a - b)[Math.floor(RUNS / 2)] as number,
  };
};

const MNEMONICS = [
  `${'abandon '.repeat(11)}about`,
  'legal winner thank year wave sausage worth useful legal winner thank yellow',
  'letter advice cage absurd amount doctor acoustic avoid letter advice cage above',
  `${'zoo '.repeat(11)}wrong`,
  `${'abandon '.repeat(23)}art`,
] as const;

const COIN_SATS = 100_000n;

/** Each coin of an address and a previous transaction of its own; one payment and change. */
const spendOf = async (inputs: number): Promise<LedgerSpend> => {
  const network = 'regtest';
  const path = accountPath('wsh', network);
  const cosigners = MNEMONICS.map((mnemonic, i) =>
    cosignerOf({ mnemonic, network, name: `cosigner ${i + 1}`, path }),
  );
  const quorum = { required: 3, total: cosigners.length };
  const policy = walletPolicy({
    name: 'Bench',
    network,
    scriptKind: 'wsh',
    sorted: true,
    quorum,
    cosigners,
  });
  const scripts = policyScripts(policy);
  const coins = Array.from({ length: inputs }, (_, index): Coin => {
    const { scriptPubKey } = scripts.at('receive', index);
    const previousTransaction = encodeTransaction({
      version: 2,
      lockTime: 0,
      inputs: [
        {
          txid: hash256(Uint8Array.of(index, index >> 8)),
          vout: 0,
          sequence: 0xffffffff,
          scriptSig: new Uint8Array(),
          witness: [new Uint8Array(72).fill(7), new Uint8Array(33).fill(2)],
        },
      ],
      outputs: [{ amount: COIN_SATS, script: scriptPubKey }],
    });
    return {
      outpoint: { txid: transactionId(previousTransaction), vout: 0 },
      amount: COIN_SATS,
      branch: 'receive',
      index,
      previousTransaction,
    };
  });
  const total = COIN_SATS * BigInt(inputs);
  const psbt = createPsbt({
    scripts,
    coins,
    outputs: [
      { kind: 'payment', scriptPubKey: parseHex(`0014${'11'.repeat(20)}`), amount: total / 2n },
      { kind: 'change', index: 0, amount: (total * 4n) / 10n },
    ],
  });
  const match = matchPolicy(psbt, scripts);
  const signer = softwareSigner({ mnemonic: MNEMONICS[0], network });
  const signatures = await signer.sign({ psbt, match, scripts });
  signer.close();
  return { psbt, match, scripts, mnemonic: MNEMONICS[0], signatures };
};
