import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureFolder } from '@qoima/journal';
import { formatBtc, type Sats } from '@qoima/primitives';
import { generateMnemonic } from '@qoima/signer-software';
import type { Progress, Stage } from '@qoima/terminal';
import * as v from 'valibot';
import type { CeremonyRecord } from './ceremony-record.ts';
import { writeDevice } from './device-file.ts';
import { rehearsalError } from './errors.ts';
import { type Faucet, openFaucet } from './faucet.ts';
import { askNode } from './node-rpc.ts';
import { openPrograms, type Programs } from './programs.ts';
import type { RunningNode } from './running-node.ts';
import { seededBytes } from './seed.ts';

/** What a rehearsal is given. The same seed and clock write the same files. */
export interface CeremonyRequest {
  readonly node: RunningNode;
  /** Where the programs' folders are, and the media that go between them. */
  readonly folder: string;
  /** What is done already in that folder. */
  readonly record: CeremonyRecord;
  /** What shall go wrong while the second custodian signs: `reject-at 3`; nothing if empty. */
  readonly mishap: string;
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
/** Whose device a mishap befalls: one signature is there before, and one comes after. */
const UNLUCKY = 1;
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
  readonly withLedgers: boolean;
  readonly once: CeremonyRecord['once'];
  readonly programs: Programs;
  readonly faucet: Faucet;
  /** A file on the medium that is carried between the programs. */
  readonly medium: (name: string) => string;
  readonly device: (custodian: string) => string;
  readonly mishap: string;
}

/**
 * One spend of a 3-of-5 policy the whole way. Every step is a process of its own and hands on nothing
 * but files; whatever differs from what was expected ends the rehearsal.
 *
 * What changes a program's state is done `once`: a ceremony that is taken up again passes over it. The
 * chain keeps nothing, so everything is done on it anew, and comes out the same; of the programs only the
 * `last`, which waits for the chain.
 * @throws `REHEARSAL_STEP_DIFFERED`, `REHEARSAL_DEVICE_STOPPED`, `REHEARSAL_NODE_REFUSED`
 */
export const rehearse = async (request: CeremonyRequest): Promise<CeremonyEnd> => {
  const { node, folder, record, progress, mishap } = request;
  const { seed } = record;
  for (const name of ['media', 'devices']) ensureFolder(join(folder, name));
  const scene: Scene = {
    node,
    seed,
    withLedgers: record.signers === 'ledger',
    once: record.once,
    programs: openPrograms(request),
    faucet: openFaucet(node, seededBytes(seed, 'faucet')),
    medium: (name) => join(folder, 'media', name),
    device: (custodian) => join(folder, 'devices', `${custodian}.json`),
    mishap,
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
  if (scene.withLedgers) {
    await act('Every Ledger registers the policy', (stage) =>
      registerPolicy(scene, policyId, stage),
    );
  }
  const addresses = await act('Deposit addresses, the same on every station', () =>
    giveAddresses(scene),
  );
  if (scene.withLedgers) {
    await act('Every Ledger shows them on its own screen', (stage) =>
      showAddresses(scene, addresses, stage),
    );
  }
  await act('Deposits arrive and are confirmed', () => deposit(scene, addresses));
  const { id, digest } = await act('A spend is proposed', () => propose(scene));
  await act('Three stations review it and sign, apart from each other', (stage) =>
    sign(scene, digest, stage),
  );
  await act('Two signatures are not enough', () => combineTwo(scene, id));
  const txid = await act('With the third the transaction is final', () => finalize(scene, id));
  return record.last(async () => {
    const confirmations = await act('The node accepts it and mines on top', () =>
      confirm(scene, id, txid),
    );
    const journals = await act('Every journal holds', () => checkJournals(scene));
    return { policyId, txid, confirmations, journals };
  });
};

const makeKeys = async (scene: Scene, stage: Stage): Step<void> => {
  const { programs, once, seed, medium, device, withLedgers } = scene;
  for (const [i, name] of CUSTODIANS.entries()) {
    stage.update(i / CUSTODIANS.length, name);
    const words = generateMnemonic(seededBytes(seed, `custodian ${name}`));
    await once(`${name} makes a key`, nothing, () => {
      if (!withLedgers)
        return programs.station(name, ['key', 'import', '--name', name], { input: words });
      writeDevice(device(name), words);
      return programs.station(name, ['key', 'import', '--ledger', '--name', name]);
    });
    await once(`${name} hands out its record`, nothing, () =>
      programs.station(name, ['key', 'export', '--out', medium(`${name}.key.json`)]),
    );
  }
  return [undefined, CUSTODIANS.join(', ')];
};

const makePolicy = async ({ programs, once, medium }: Scene): Step<string> => {
  const { id } = await once('The policy is made', v.object({ id: v.string() }), () =>
    programs.coordinator([
      'policy',
      'create',
      '--name',
      'Rehearsal reserve',
      '--required',
      REQUIRED.toString(),
      '--out',
      medium('policy.json'),
      ...CUSTODIANS.map((name) => medium(`${name}.key.json`)),
    ]),
  );
  return [id, id];
};

const pinPolicy = async ({ programs, once, medium }: Scene, policyId: string): Step<void> => {
  for (const name of CUSTODIANS) {
    await once(`${name} pins the policy`, nothing, () =>
      programs.station(name, ['policy', 'import', medium('policy.json'), '--accept', policyId]),
    );
  }
  return [undefined, policyId.slice(0, 8)];
};

const registerPolicy = async (
  { programs, once }: Scene,
  policyId: string,
  stage: Stage,
): Step<void> => {
  for (const [i, name] of CUSTODIANS.entries()) {
    stage.update(i / CUSTODIANS.length, name);
    await once(`${name} registers the policy`, nothing, () =>
      programs.station(name, ['policy', 'register', '--accept', policyId]),
    );
  }
  return [undefined, CUSTODIANS.join(', ')];
};

const giveAddresses = async ({ programs, once }: Scene): Step<readonly string[]> => {
  const address = v.object({ address: v.string() });
  const given: string[] = [];
  for (const i of DEPOSITS.keys()) {
    const next = () => programs.coordinator(['address', 'next']);
    given.push((await once(`Address ${i} is given`, address, next)).address);
  }
  for (const name of CUSTODIANS) {
    const count = DEPOSITS.length.toString();
    const derived = await once(`${name} derives the addresses`, v.array(address), () =>
      programs.station(name, ['address', 'list', '--count', count]),
    );
    const own = derived.map((one) => one.address);
    expectSame(`the addresses at ${name}`, own.join(' '), given.join(' '));
  }
  return [given, given.join(', ')];
};

const showAddresses = async (
  { programs, once }: Scene,
  addresses: readonly string[],
  stage: Stage,
): Step<void> => {
  const shown = v.array(v.object({ address: v.string() }));
  const places = addresses.map((_, index) => `receive/${index}`);
  for (const [i, name] of CUSTODIANS.entries()) {
    stage.update(i / CUSTODIANS.length, name);
    const seen = await once(`${name} sees the addresses`, shown, () =>
      programs.station(name, ['address', 'show', ...places]),
    );
    const own = seen.map(({ address }) => address).join(' ');
    expectSame(`the addresses on the Ledger of ${name}`, own, addresses.join(' '));
  }
  return [undefined, CUSTODIANS.join(', ')];
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
  const { programs, once, faucet, medium } = scene;
  const proposed = v.object({
    proposal: v.object({ id: v.string() }),
    report: v.object({ digest: v.string() }),
  });
  const { proposal, report } = await once('A spend is proposed', proposed, () =>
    programs.coordinator([
      'propose',
      '--pay',
      `${faucet.address}=${formatBtc(PAYMENT)}`,
      '--fee-rate',
      FEE_RATE,
      '--label',
      'Rehearsal spend',
      '--out',
      medium('spend.psbt'),
    ]),
  );
  return [{ id: proposal.id, digest: report.digest }, `${formatBtc(PAYMENT)} BTC, ${proposal.id}`];
};

const sign = async (scene: Scene, digest: string, stage: Stage): Step<void> => {
  const { programs, once, medium, mishap } = scene;
  const psbt = medium('spend.psbt');
  for (const [i, name] of SIGNERS.entries()) {
    stage.update(i / SIGNERS.length, name);
    await once(`${name} signs`, nothing, async () => {
      const seen = await programs.station(name, ['inspect', psbt]);
      const report = v.parse(v.object({ digest: v.string() }), seen);
      expectSame(`the digest at ${name}`, report.digest, digest);
      const out = medium(`spend-signed-${name}.psbt`);
      const argv = ['sign', psbt, '--accept', digest, '--out', out];
      return programs.station(name, argv, { mishap: i === UNLUCKY ? mishap : '' });
    });
  }
  return [undefined, SIGNERS.join(', ')];
};

const combineTwo = async ({ programs, once, medium }: Scene, id: string): Step<void> => {
  const [first, second] = SIGNERS.map((name) => medium(`spend-signed-${name}.psbt`));
  await once('Two files are combined', nothing, () =>
    programs.coordinator(['combine', first ?? '', second ?? '']),
  );
  const refusal = v.object({ error: v.object({ code: v.string() }) });
  const { error } = await once('Two are refused as too few', refusal, () =>
    programs.coordinator(['finalize', id], INCOMPLETE),
  );
  expectSame('the error', error.code, 'PSBT_INCOMPLETE');
  return [undefined, error.code];
};

const finalize = async ({ programs, once, medium }: Scene, id: string): Step<string> => {
  await once('The third file is combined', nothing, () =>
    programs.coordinator(['combine', medium(`spend-signed-${SIGNERS[2]}.psbt`)]),
  );
  const final = v.object({ proposal: v.object({ txid: v.string() }) });
  const { proposal } = await once('The spend is made final', final, () =>
    programs.coordinator(['finalize', id, '--out', medium('spend.hex')]),
  );
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

/** Of what is done once, and has no result that matters. */
const nothing = v.pipe(
  v.unknown(),
  v.transform(() => null),
);

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
