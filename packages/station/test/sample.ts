import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import {
  type Cosigner,
  encodePolicyFile,
  type PolicyScripts,
  policyId,
  policyScripts,
  type WalletPolicy,
  walletPolicy,
} from '@qoima/policy';
import type { Network } from '@qoima/primitives';
import {
  type CreateOutput,
  createPsbt,
  encodePsbt,
  encodeTransaction,
  type Psbt,
  transactionId,
} from '@qoima/psbt';
import type { LedgerDevices } from '@qoima/signer-ledger';
import { accountPath, cosignerOf, generateMnemonic } from '@qoima/signer-software';
import { type OnInterrupt, stationProgram } from '../src/index.ts';

export const NAMES = ['Aigerim', 'Bolat', 'Dana'] as const;
export type Name = (typeof NAMES)[number];

/** Twelve words that everybody knows by now. */
export const wordsOf = (name: string): string =>
  generateMnemonic(new Uint8Array(16).fill(name.charCodeAt(0)));

export const cosignerNamed = (name: string, network: Network = 'regtest'): Cosigner =>
  cosignerOf({
    name,
    network,
    mnemonic: wordsOf(name),
    path: accountPath('wsh', network),
  });

/** A 2-of-3 of Aigerim, Bolat and Dana. */
export const samplePolicy = (
  name = 'Reserve',
  cosigners: readonly Cosigner[] = NAMES.map((who) => cosignerNamed(who)),
  network: Network = 'regtest',
): WalletPolicy =>
  walletPolicy({
    name,
    network,
    scriptKind: 'wsh',
    sorted: true,
    quorum: { required: 2, total: 3 },
    cosigners,
  });

export const scripts: PolicyScripts = policyScripts(samplePolicy());
export const id: string = policyId(scripts.policy);

export const PAYEE: Uint8Array = Uint8Array.of(0, 20, ...new Uint8Array(20).fill(7));

/** A spend of a coin of 1 BTC: half of it to a stranger, the rest but 1000 satoshis is change. */
export const sampleSpend = (
  from: PolicyScripts = scripts,
  outputs: readonly CreateOutput[] = [
    { kind: 'payment', scriptPubKey: PAYEE, amount: 50_000_000n },
    { kind: 'change', index: 0, amount: 49_999_000n },
  ],
): Psbt => {
  const previousTransaction = encodeTransaction({
    version: 2,
    lockTime: 0,
    inputs: [
      {
        txid: new Uint8Array(32).fill(1),
        vout: 0,
        sequence: 0xffffffff,
        scriptSig: new Uint8Array(),
        witness: [],
      },
    ],
    outputs: [{ amount: 100_000_000n, script: from.at('receive', 0).scriptPubKey }],
  });
  return createPsbt({
    scripts: from,
    coins: [
      {
        outpoint: { txid: transactionId(previousTransaction), vout: 0 },
        amount: 100_000_000n,
        branch: 'receive',
        index: 0,
        previousTransaction,
      },
    ],
    outputs,
  });
};

/** Too much of a fee, and some data: two warnings, and no more. */
export const dearSpend = (): Psbt =>
  sampleSpend(scripts, [
    { kind: 'payment', scriptPubKey: PAYEE, amount: 99_000_000n },
    { kind: 'payment', scriptPubKey: Uint8Array.of(0x6a, 2, 0xca, 0xfe), amount: 0n },
  ]);

export interface End {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A station in a folder of its own, run in this process. */
export interface Bench {
  readonly folder: string;
  readonly home: string;
  readonly run: (...argv: readonly string[]) => Promise<End>;
  /** With these words on standard input. */
  readonly given: (words: string, ...argv: readonly string[]) => Promise<End>;
  /** At a terminal, where a person types this. */
  readonly typing: (text: string, ...argv: readonly string[]) => Promise<End>;
  /** At a terminal, where a person types one of these after each question. */
  readonly answering: (answers: readonly string[], ...argv: readonly string[]) => Promise<End>;
  /** At a terminal, with a person who has yet to type; the result types it. */
  readonly waiting: (...argv: readonly string[]) => (text: string) => Promise<End>;
  /** The JSON that a command gives, having gone well. */
  readonly json: (...argv: readonly string[]) => Promise<Record<string, unknown>>;
  /** Writes a file; gives its path. */
  readonly put: (name: string, content: string | Uint8Array) => string;
  readonly read: (name: string) => string;
  readonly remove: () => void;
}

/** What is plugged in, and who interrupts. */
export interface Surroundings {
  readonly devices: LedgerDevices;
  readonly onInterrupt: OnInterrupt;
}

/** A machine that nothing is plugged into. */
const nothing: Surroundings = {
  devices: {
    list: async () => [],
    open: async () => {
      throw new Error('this test opens no device');
    },
  },
  onInterrupt: () => () => {},
};

export const openBench = (surroundings: Surroundings = nothing): Bench => {
  const folder = mkdtempSync(join(tmpdir(), 'qoima-station-'));
  const home = join(folder, 'home');
  const start = (argv: readonly string[], words = '', typed?: string): Promise<End> =>
    station(
      ['--home', home, ...argv],
      words,
      typed === undefined ? undefined : typing(typed),
      surroundings,
    );
  return {
    folder,
    home,
    run: (...argv) => start(argv),
    given: (words, ...argv) => start(argv, words),
    typing: (text, ...argv) => start(argv, '', text),
    answering: (answers, ...argv) => {
      const stdin = new PassThrough();
      const left = [...answers];
      const onQuestion = (): void => {
        const answer = left.shift();
        if (answer !== undefined) stdin.write(`${answer}\n`);
      };
      return station(['--home', home, ...argv], '', stdin, surroundings, onQuestion);
    },
    waiting: (...argv) => {
      const stdin = new PassThrough();
      const end = station(['--home', home, ...argv], '', stdin, surroundings);
      return (text) => {
        stdin.write(`${text}\n`);
        return end;
      };
    },
    json: async (...argv) => {
      const end = await start(['--json', ...argv]);
      if (end.code !== 0) throw new Error(`ended with ${end.code}: ${end.stderr}`);
      return JSON.parse(end.stdout) as Record<string, unknown>;
    },
    put: (name, content) => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    },
    read: (name) => readFileSync(join(folder, name), 'utf8'),
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
};

/** A station that has its key and has pinned the policy; `spend.psbt` lies beside it. */
export const openReadyBench = async (who: Name = 'Bolat'): Promise<Bench> => {
  const bench = openBench();
  const policy = bench.put('policy.json', encodePolicyFile(scripts.policy));
  bench.put('spend.psbt', encodePsbt(sampleSpend()));
  for (const end of [
    await bench.given(wordsOf(who), 'key', 'import', '--name', who),
    await bench.run('policy', 'import', policy, '--accept', id),
  ]) {
    if (end.code !== 0) throw new Error(end.stderr);
  }
  return bench;
};

const station = async (
  argv: readonly string[],
  words: string,
  person: PassThrough | undefined,
  surroundings: Surroundings,
  onQuestion: () => void = () => {},
): Promise<End> => {
  const terminal = person !== undefined;
  const [stdout, stderr] = [
    sink(terminal),
    sink(terminal, (text) => {
      if (text.endsWith('to go on: ')) onQuestion();
    }),
  ];
  const stdin = Object.assign(person ?? new PassThrough(), { isTTY: terminal });
  const code = await stationProgram(
    {
      argv,
      env: { QOIMA_NETWORK: 'regtest', QOIMA_CLOCK: '2026-01-31T12:00:00Z', NO_COLOR: '1' },
      stdin,
      stdout,
      stderr,
    },
    {
      random: (length) => new Uint8Array(length).fill(9),
      readInput: async () => words,
      ...surroundings,
    },
  );
  return { code, stdout: stdout.text(), stderr: stderr.text() };
};

const typing = (text: string): PassThrough => {
  const stdin = new PassThrough();
  stdin.write(`${text}\n`);
  return stdin;
};

const sink = (terminal: boolean, onText: (text: string) => void = () => {}) => {
  const chunks: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk, _encoding, written) => {
      chunks.push(String(chunk));
      onText(String(chunk));
      written();
    },
  });
  return Object.assign(stream, { isTTY: terminal, columns: 100, text: () => chunks.join('') });
};
