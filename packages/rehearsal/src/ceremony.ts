import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatBtc, type Sats } from '@qoima/primitives';
import { generateMnemonic } from '@qoima/signer-software';
import type { Progress, Stage } from '@qoima/terminal';
import * as v from 'valibot';
import { rehearsalError } from './errors.ts';
import { type Faucet, openFaucet } from './faucet.ts';
import { askNode } from './node-rpc.ts';
import { openPrograms, type Programs } from './programs.ts';
import type { RunningNode } from './running-node.ts';
import { seededBytes } from './seed.ts';

/** What a rehearsal is given. The same seed and clock write the same files. */
export interface CeremonyRequest {
  readonly node: RunningNode;
  /** An empty folder: the programs' folders, and the media that go between them, come below it. */
  readonly folder: string;
  readonly seed: string;
  /** ISO 8601, UTC: what every program takes for the time. */
  readonly clock: string;
  readonly progress: Progress;
}

/** How it ended: what a person may want to look up afterwards. */
export interface CeremonyEnd {
  readonly policyId: string;
  readonly txid: string;
  readonly confirmations: number;
  /** Entries of each verified journal, by whose it is. */
  readonly journals: Readonly<Record<string, number>>;
}

const REQUIRED = 3;
const CUSTODIANS = ['Aigerim', 'Bolat', 'Dana', 'Erlan', 'Fatima'] as const;
/** Those who sign, apart from each other. The two others stay at home. */
const SIGNERS = ['Aigerim', 'Dana', 'Fatima'] as const;
const DEPOSITS: readonly Sats[] = [150_000_000n, 75_000_000n];
const PAYMENT: Sats = 200_000_000n;
const FEE_RATE = '5';
const DEPTH = 6;
/** How many blocks must follow before a coinbase may be spent (consensus). */
const MATURITY = 100;
/** The exit code for "more signatures are needed". */
const INCOMPLETE = 4;

/** What the steps work with. */
interface Scene {
  readonly node: RunningNode;
  readonly seed: string;
  readonly programs: Programs;
  readonly faucet: Faucet;
  /** A file on the medium that is carried between the programs. */
  readonly medium: (name: string) => string;
}

/**
 * One spend of a 3-of-5 policy the whole way. Every step is a process of its own and hands on nothing
 * but files; whatever differs from what was expected ends the rehearsal.
 * @throws `REHEARSAL_STEP_DIFFERED`, `REHEARSAL_NODE_REFUSED`
 */
export const rehearse = async (request: CeremonyRequest): Promise<CeremonyEnd> => {
  const { node, folder, seed, progress } = request;
  mkdirSync(join(folder, 'media'), { recursive: true, mode: 0o700 });
  const scene: Scene = {
    node,
    seed,
    programs: openPrograms(request),
    faucet: openFaucet(node, seededBytes(seed, 'faucet')),
    medium: (name) => join(folder, 'media', name),
  };
  const act = async <Result>(
    label: string,
    step: (stage: Stage) => Promise<readonly [result: Result, shown: string]>,
  ): Promise<Result> => {
    const stage = progress.stage(label);
    const [result, shown] = await step(stage);
    stage.done(shown);
    return result;
  };

  await act('Five custodians make their keys', (stage) => makeKeys(scene, stage));
  const policyId = await act('The coordinator makes a 3-of-5 policy of them', () =>
    makePolicy(scene),
  );
  await act('Every station pins the policy by its id', () => pinPolicy(scene, policyId));
  const addresses = await act('Deposit addresses, the same on every station', () =>
    giveAddresses(scene),
  );
  await act('Deposits arrive and are confirmed', () => deposit(scene, addresses));
  const { id, digest } = await act('A spend is proposed', () => propose(scene));
  await act('Three stations review it and sign, apart from each other', (stage) =>
    sign(scene, digest, stage),
  );
  await act('Two signatures are not enough', () => combineTwo(scene, id));
  const txid = await act('With the third the transaction is final', () => finalize(scene, id));
  const confirmations = await act('The node accepts it and mines on top', () =>
    confirm(scene, id, txid),
  );
  const journals = await act('Every journal holds', () => checkJournals(scene));
  return { policyId, txid, confirmations, journals };
};

const makeKeys = async ({ programs, seed, medium }: Scene, stage: Stage): Step<void> => {
  for (const [i, name] of CUSTODIANS.entries()) {
    stage.update(i / CUSTODIANS.length, name);
    const words = generateMnemonic(seededBytes(seed, `custodian ${name}`));
    await programs.station(name, ['key', 'import', '--name', name], words);
    await programs.station(name, ['key', 'export', '--out', medium(`${name}.key.json`)]);
  }
  return [undefined, CUSTODIANS.join(', ')];
};

const makePolicy = async ({ programs, medium }: Scene): Step<string> => {
  const created = await programs.coordinator([
    'policy',
    'create',
    '--name',
    'Rehearsal reserve',
    '--required',
    REQUIRED.toString(),
    '--out',
    medium('policy.json'),
    ...CUSTODIANS.map((name) => medium(`${name}.key.json`)),
  ]);
  const { id } = v.parse(v.object({ id: v.string() }), created);
  return [id, id];
};

const pinPolicy = async ({ programs, medium }: Scene, policyId: string): Step<void> => {
  for (const name of CUSTODIANS) {
    await programs.station(name, ['policy', 'import', medium('policy.json'), '--accept', policyId]);
  }
  return [undefined, policyId.slice(0, 8)];
};

const giveAddresses = async ({ programs }: Scene): Step<readonly string[]> => {
  const address = v.object({ address: v.string() });
  const given: string[] = [];
  for (const _ of DEPOSITS) {
    given.push(v.parse(address, await programs.coordinator(['address', 'next'])).address);
  }
  for (const name of CUSTODIANS) {
    const count = DEPOSITS.length.toString();
    const derived = await programs.station(name, ['address', 'list', '--count', count]);
    const own = v.parse(v.array(address), derived).map((one) => one.address);
    expectSame(`the addresses at ${name}`, own.join(' '), given.join(' '));
  }
  return [given, given.join(', ')];
};

const deposit = async (scene: Scene, addresses: readonly string[]): Step<void> => {
  const { node, faucet, programs } = scene;
  // The first block pays the faucet; the rest make its coinbase old enough to be spent.
  const [firstBlock = ''] = await mine(scene, 1 + MATURITY);
  await faucet.pay(
    firstBlock,
    DEPOSITS.map((amount, i) => ({ address: addresses[i] ?? '', amount })),
  );
  await mine({ node, faucet }, DEPTH);
  const listed = await programs.coordinator(['coins', '--min-confirmations', DEPTH.toString()]);
  const { totalSats } = v.parse(v.object({ totalSats: v.string() }), listed);
  const sum = DEPOSITS.reduce((a, b) => a + b);
  expectSame('the sum of the coins', totalSats, sum.toString());
  return [undefined, `${formatBtc(sum)} BTC`];
};

const propose = async (scene: Scene): Step<{ id: string; digest: string }> => {
  const { programs, faucet, medium } = scene;
  const proposed = await programs.coordinator([
    'propose',
    '--pay',
    `${faucet.address}=${formatBtc(PAYMENT)}`,
    '--fee-rate',
    FEE_RATE,
    '--label',
    'Rehearsal spend',
    '--out',
    medium('spend.psbt'),
  ]);
  const { proposal, report } = v.parse(
    v.object({ proposal: v.object({ id: v.string() }), report: v.object({ digest: v.string() }) }),
    proposed,
  );
  return [{ id: proposal.id, digest: report.digest }, `${formatBtc(PAYMENT)} BTC, ${proposal.id}`];
};

const sign = async ({ programs, medium }: Scene, digest: string, stage: Stage): Step<void> => {
  const psbt = medium('spend.psbt');
  for (const [i, name] of SIGNERS.entries()) {
    stage.update(i / SIGNERS.length, name);
    const seen = await programs.station(name, ['inspect', psbt]);
    const report = v.parse(v.object({ digest: v.string() }), seen);
    expectSame(`the digest at ${name}`, report.digest, digest);
    const out = medium(`spend-signed-${name}.psbt`);
    await programs.station(name, ['sign', psbt, '--accept', digest, '--out', out]);
  }
  return [undefined, SIGNERS.join(', ')];
};

const combineTwo = async ({ programs, medium }: Scene, id: string): Step<void> => {
  const [first, second] = SIGNERS.map((name) => medium(`spend-signed-${name}.psbt`));
  await programs.coordinator(['combine', first ?? '', second ?? '']);
  const refused = await programs.coordinator(['finalize', id], INCOMPLETE);
  const { error } = v.parse(v.object({ error: v.object({ code: v.string() }) }), refused);
  expectSame('the error', error.code, 'PSBT_INCOMPLETE');
  return [undefined, error.code];
};

const finalize = async ({ programs, medium }: Scene, id: string): Step<string> => {
  await programs.coordinator(['combine', medium(`spend-signed-${SIGNERS[2]}.psbt`)]);
  const final = await programs.coordinator(['finalize', id, '--out', medium('spend.hex')]);
  const { proposal } = v.parse(v.object({ proposal: v.object({ txid: v.string() }) }), final);
  return [proposal.txid, proposal.txid];
};

const confirm = async (scene: Scene, id: string, txid: string): Step<number> => {
  const { node, programs, medium } = scene;
  await programs.coordinator(['broadcast', id]);
  const [block = ''] = await mine(scene, DEPTH);
  const mined = await askNode(node, 'getrawtransaction', [txid, 0, block]);
  expectSame('the mined transaction', mined, readFileSync(medium('spend.hex'), 'utf8').trim());
  const status = await programs.coordinator(['status', id, '--depth', DEPTH.toString()]);
  const { proposal, confirmations } = v.parse(
    v.object({ proposal: v.object({ state: v.string() }), confirmations: v.number() }),
    status,
  );
  expectSame('the state of the proposal', proposal.state, 'confirmed');
  return [confirmations, `${confirmations} confirmations`];
};

const checkJournals = async ({ programs }: Scene): Step<Record<string, number>> => {
  const verified = v.object({ entries: v.number() });
  const coordinator = await programs.coordinator(['journal', 'verify']);
  const journals: Record<string, number> = { coordinator: v.parse(verified, coordinator).entries };
  for (const name of CUSTODIANS) {
    const station = await programs.station(name, ['journal', 'verify']);
    journals[name] = v.parse(verified, station).entries;
  }
  return [journals, `${Object.keys(journals).length} journals`];
};

/** What a step gives on, and what it shows. */
type Step<Result> = Promise<readonly [result: Result, shown: string]>;

const mine = async ({ node, faucet }: Pick<Scene, 'node' | 'faucet'>, blocks: number) =>
  v.parse(v.array(v.string()), await askNode(node, 'generatetoaddress', [blocks, faucet.address]));

const expectSame = (what: string, actual: unknown, expected: string): void => {
  if (actual === expected) return;
  throw rehearsalError('REHEARSAL_STEP_DIFFERED', `In this rehearsal ${what} differed.`, {
    expected,
    actual: String(actual),
  });
};
