import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseHex } from '@qoima/primitives';
import * as v from 'valibot';

/*
 * The format of `test-vectors/ledger`, whose README explains it: `index.json` and a file of APDUs for
 * each vector. What a command needs of its `params` is read where the command is played.
 */

/** A member that may be missing, or null. */
const optional = <Schema extends v.GenericSchema>(schema: Schema) =>
  v.pipe(
    v.nullish(schema),
    v.transform((value) => value ?? undefined),
  );

const policySchema = v.object({
  name: v.string(),
  descriptorTemplate: v.string(),
  keys: v.array(v.string()),
});

const walletSchema = v.object({ network: v.string(), ...policySchema.entries });

const vectorSchema = v.object({
  name: v.string(),
  network: v.string(),
  appVersion: v.string(),
  cosigner: v.number(),
  command: v.string(),
  file: v.string(),
  params: v.nullish(v.record(v.string(), v.unknown()), {}),
  statusWord: v.string(),
  errorCode: optional(v.string()),
  userDecision: optional(v.string()),
  screens: v.nullish(v.pipe(v.array(v.string()), v.readonly()), []),
  result: v.optional(v.unknown()),
  psbtBefore: optional(v.string()),
  signatures: optional(
    v.array(v.object({ input: v.number(), pubkey: v.string(), sig: v.string() })),
  ),
});

const transactionSchema = v.object({
  network: v.string(),
  signedBy: v.array(v.number()),
  psbtCombined: v.string(),
  transaction: v.string(),
  txid: v.string(),
});

const indexSchema = v.object({
  cosigners: v.record(v.string(), v.array(v.object({ n: v.number(), mnemonic: v.string() }))),
  wallets: v.record(v.string(), walletSchema),
  vectors: v.array(v.unknown()),
  finalTransactions: v.optional(v.record(v.string(), v.unknown()), {}),
});

export type RecordedPolicy = v.InferOutput<typeof policySchema>;
export type RecordedVector = v.InferOutput<typeof vectorSchema>;
export type RecordedTransaction = v.InferOutput<typeof transactionSchema>;

/** One request and its answer, the answer with its status word. */
export interface Exchange {
  readonly request: Uint8Array;
  readonly answer: Uint8Array;
}

export interface Recording {
  readonly vector: RecordedVector;
  readonly exchanges: readonly Exchange[];
  /** The seed of the device that was recorded. */
  readonly mnemonic: string;
  /** The recording before, where this one may go on. */
  readonly previous: Recording | undefined;
}

/** Something of the folder that is not as its format says, and whose it is. */
export interface Unread {
  readonly name: string;
  readonly problem: string;
}

export interface Recordings {
  readonly wallets: Readonly<Record<string, RecordedPolicy & { readonly network: string }>>;
  readonly recordings: readonly Recording[];
  readonly transactions: readonly (RecordedTransaction & { readonly name: string })[];
  readonly mnemonicOf: (network: string, cosigner: number) => string | undefined;
  readonly unread: readonly Unread[];
}

/** @throws Error with one sentence, if there are no recordings at all */
export const readRecordings = (folder: string): Recordings => {
  const path = join(folder, 'index.json');
  if (!existsSync(path)) throw new Error(`There are no recordings in ${folder}: no index.json.`);
  const parsed = v.safeParse(
    v.pipe(v.string(), v.parseJson(), indexSchema),
    readFileSync(path, 'utf8'),
  );
  if (!parsed.success) throw new Error(`${path} is no index of recordings: ${problemOf(parsed)}.`);
  const { cosigners, wallets, vectors, finalTransactions } = parsed.output;
  const mnemonicOf: Recordings['mnemonicOf'] = (network, cosigner) =>
    cosigners[network]?.find(({ n }) => n === cosigner)?.mnemonic;

  const unread: Unread[] = [];
  const recordings: Recording[] = [];
  for (const [place, entry] of vectors.entries()) {
    const vector = v.safeParse(vectorSchema, entry);
    if (!vector.success) {
      unread.push({ name: nameOf(entry) ?? `vector ${place}`, problem: problemOf(vector) });
      continue;
    }
    const { name, network, cosigner, file } = vector.output;
    const mnemonic = mnemonicOf(network, cosigner);
    if (mnemonic === undefined) {
      unread.push({ name, problem: `there is no cosigner ${cosigner} of ${network}` });
      continue;
    }
    try {
      const exchanges = readExchanges(join(folder, file));
      recordings.push({ vector: vector.output, exchanges, mnemonic, previous: recordings.at(-1) });
    } catch (error) {
      unread.push({ name, problem: error instanceof Error ? error.message : String(error) });
    }
  }

  const transactions: (RecordedTransaction & { name: string })[] = [];
  for (const [name, entry] of Object.entries(finalTransactions)) {
    const transaction = v.safeParse(transactionSchema, entry);
    if (transaction.success) transactions.push({ name, ...transaction.output });
    else unread.push({ name, problem: problemOf(transaction) });
  }
  return { wallets, recordings, transactions, mnemonicOf, unread };
};

/** `=> hex` and `<= hex` in turns, as `RecordStore.fromString` of hw-transport-mocker reads them. */
const readExchanges = (path: string): readonly Exchange[] => {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const exchanges: Exchange[] = [];
  for (let at = 0; at < lines.length; at += 2) {
    const [request, answer] = [lines[at] ?? '', lines[at + 1] ?? ''];
    if (!request.startsWith('=> ') || !answer.startsWith('<= ')) {
      throw new Error(`${path} is no file of APDUs: line ${at + 1}`);
    }
    exchanges.push({ request: parseHex(request.slice(3)), answer: parseHex(answer.slice(3)) });
  }
  if (exchanges.length === 0) throw new Error(`${path} holds no APDUs`);
  return exchanges;
};

const nameOf = (entry: unknown): string | undefined => {
  const named = v.safeParse(v.object({ name: v.string() }), entry);
  return named.success ? named.output.name : undefined;
};

const problemOf = (parsed: v.SafeParseResult<v.GenericSchema>): string => {
  const [issue] = parsed.issues ?? [];
  return issue === undefined ? 'unreadable' : `${v.getDotPath(issue) ?? 'it'}: ${issue.message}`;
};

export { policySchema };
