import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateMnemonic } from '@qoima/signer-software';
import { writeDevice } from '../../src/device-file.ts';
import { openFaucet } from '../../src/faucet.ts';
import { askNode } from '../../src/node-rpc.ts';
import { startRegtestNode } from '../../src/regtest/regtest-node.ts';
import type { RunningNode } from '../../src/running-node.ts';
import { seededBytes } from '../../src/seed.ts';
import type { End } from '../programs-at-hand.ts';
import { runKilled, traceEffects } from './killed-program.ts';
import { type Call, copyPlace, type Place, placeAt, runHere } from './place.ts';

/** The commands of a ceremony that write, in its order, and the last with a crash before it. */
export const STEP_NAMES = [
  'key import',
  'key export',
  'key create',
  'key import --ledger',
  'policy create',
  'policy import',
  'policy register',
  'address show',
  'message sign',
  'address next',
  'propose',
  'export',
  'sign',
  'sign, with a Ledger',
  'combine',
  'finalize',
  'broadcast',
  'status',
  'address next, after a crash',
] as const;
export type StepName = (typeof STEP_NAMES)[number];

/** Those that work with a Ledger. */
export const LEDGER_STEPS = [
  'key import --ledger',
  'policy register',
  'address show',
  'message sign',
  'sign, with a Ledger',
] as const satisfies readonly StepName[];

/** A command of a ceremony, with what lay on the disk in front of it and behind it, undisturbed. */
export interface StagedStep {
  readonly name: StepName;
  readonly before: Place;
  readonly after: Place;
  /** A state on the way, of a command that does two things one after the other. */
  readonly between?: Place;
  readonly call: (place: Place, node?: RunningNode) => Call;
  /** Starts the node as the step finds it. */
  readonly node?: () => Promise<RunningNode>;
  /** The command changes the node, so that every trial needs one of its own. */
  readonly changesNode?: true;
  readonly alreadyDone?: AlreadyDone;
  /** It makes a key of the system's randomness: no two runs write the same. */
  readonly isRandom?: true;
}

/** What the command says when the one before it had done all, or all but the file to carry away. */
export interface AlreadyDone {
  readonly codes: readonly string[];
  /** How the user gets the file, as the error says. */
  readonly fetch?: (place: Place) => readonly string[];
}

const NOW = '2026-01-31T12:00:00Z';
const CUSTODIANS = ['Aigerim', 'Bolat', 'Dana'] as const;
/** Whose key is in a Ledger. */
const LEDGER_CUSTODIAN = 'Bolat';
const SIGNERS = ['Aigerim', 'Dana'] as const;
const DEPOSIT = 50_000_000n;
const COINS = 3;
const DEPTH = 6;
const MATURITY = 100;

/** Takes a 2-of-3 ceremony the whole way, and keeps every state on it below `folder`. */
export const stageCeremony = async (folder: string): Promise<ReadonlyMap<StepName, StagedStep>> => {
  const steps = new Map<StepName, StagedStep>();
  const scene = placeAt(join(folder, 'scene'));
  mkdirSync(scene.medium('.'), { recursive: true });
  const nodes: RunningNode[] = [];
  const ledger = join(folder, `${LEDGER_CUSTODIAN}.ledger`);

  const keep = (name: string): Place => copyPlace(scene, join(folder, 'states', name));
  /** Does a command undisturbed; it becomes a step if it has a name. */
  const act = async (
    call: StagedStep['call'],
    step?: Omit<StagedStep, 'before' | 'after' | 'call'>,
  ): Promise<unknown> => {
    const before = step && keep(`${step.name}, before`);
    const node = await step?.node?.();
    if (node !== undefined) nodes.push(node);
    const { argv, ...rest } = call(scene, node);
    const end = await runHere(scene, { ...rest, argv: ['--json', ...argv] });
    const result = resultOf(end);
    if (step && before) {
      steps.set(step.name, { ...step, call, before, after: keep(`${step.name}, after`) });
    }
    return result;
  };

  const ledgerCall = (...argv: readonly string[]): Call => ({
    ...stationCall(LEDGER_CUSTODIAN, ...argv),
    ledger,
  });

  for (const who of CUSTODIANS) {
    const isFirst = who === CUSTODIANS[0];
    const words = generateMnemonic(seededBytes('a crash', who));
    const alreadyDone = { codes: ['STATION_KEY_EXISTS'] };
    if (who === LEDGER_CUSTODIAN) {
      writeDevice(ledger, words);
      const call = ledgerCall('key', 'import', '--ledger', '--name', who);
      await act(() => call, { name: 'key import --ledger', alreadyDone });
    } else {
      await act(
        () => ({ ...stationCall(who, 'key', 'import', '--name', who), words }),
        isFirst ? { name: 'key import', alreadyDone } : undefined,
      );
    }
    await act(
      ({ medium }) => stationCall(who, 'key', 'export', '--out', medium(`${who}.key.json`)),
      isFirst ? { name: 'key export' } : undefined,
    );
  }
  await act(() => stationCall('Erlan', 'key', 'create', '--name', 'Erlan'), {
    name: 'key create',
    alreadyDone: { codes: ['STATION_KEY_EXISTS'] },
    isRandom: true,
  });
  const { id: policyId } = (await act(
    ({ medium }) =>
      coordinatorCall(
        ...['policy', 'create', '--name', 'Reserve', '--required', '2'],
        ...['--out', medium('policy.json'), ...CUSTODIANS.map((who) => medium(`${who}.key.json`))],
      ),
    {
      name: 'policy create',
      alreadyDone: {
        codes: ['COORDINATOR_POLICY_EXISTS', 'FILE_EXISTS'],
        fetch: ({ medium }) => ['policy', 'show', 'Reserve', '--out', medium('policy.json')],
      },
    },
  )) as { id: string };
  for (const who of CUSTODIANS) {
    await act(
      ({ medium }) =>
        stationCall(who, 'policy', 'import', medium('policy.json'), '--accept', policyId),
      who === CUSTODIANS[0] ? { name: 'policy import' } : undefined,
    );
  }
  await act(() => ledgerCall('policy', 'register', '--accept', policyId), {
    name: 'policy register',
  });
  await act(() => ledgerCall('address', 'show', 'receive/0', 'receive/1'), {
    name: 'address show',
  });
  await act(() => ledgerCall('message', 'sign', `${LEDGER_CUSTODIAN}, ${NOW}`), {
    name: 'message sign',
  });
  const addresses: string[] = [];
  for (let i = 0; i < COINS; i++) {
    const given = await act(
      () => coordinatorCall('address', 'next'),
      i === 1 ? { name: 'address next' } : undefined,
    );
    addresses.push((given as { address: string }).address);
  }
  const depositsAt = placeAt(join(folder, 'states', 'deposits'));
  copyPlace(scene, depositsAt.folder);
  const node =
    (sent?: () => string): (() => Promise<RunningNode>) =>
    () =>
      startNode(join(folder, `node-${nodes.length}`), depositsAt, addresses, sent?.());

  const payee = openFaucet({} as RunningNode, FAUCET).address;
  const { proposal, report } = (await act(
    ({ medium }, at) =>
      coordinatorCall(
        ...['propose', '--pay', `${payee}=0.6`, '--fee-rate', '5', '--label', 'Spend'],
        ...['--out', medium('spend.psbt')],
      ).beside(at),
    {
      name: 'propose',
      node: node(),
      alreadyDone: {
        codes: ['COORDINATOR_PROPOSAL_EXISTS'],
        fetch: (place) => ['export', proposalIn(place), '--out', place.medium('spend.psbt')],
      },
    },
  )) as { proposal: { id: string }; report: { digest: string } };
  const { id } = proposal;
  await act(({ medium }) => coordinatorCall('export', id, '--out', medium('again.psbt')), {
    name: 'export',
  });
  for (const who of SIGNERS) {
    await act(
      ({ medium }) =>
        stationCall(
          ...([who, 'sign', medium('spend.psbt'), '--accept', report.digest] as const),
          ...['--out', medium(`signed by ${who}.psbt`)],
        ),
      who === SIGNERS[0] ? { name: 'sign' } : undefined,
    );
  }
  await act(
    ({ medium }) =>
      ledgerCall(
        ...['sign', medium('spend.psbt'), '--accept', report.digest],
        ...['--out', medium(`signed by ${LEDGER_CUSTODIAN}.psbt`)],
      ),
    { name: 'sign, with a Ledger' },
  );
  const combine =
    (...signers: readonly string[]): StagedStep['call'] =>
    ({ medium }) =>
      coordinatorCall('combine', ...signers.map((who) => medium(`signed by ${who}.psbt`)));
  const between = keep('combine, between');
  resultOf(await runHere(between, combine(SIGNERS[0])(between)));
  await act(combine(...SIGNERS), { name: 'combine', between });
  await act(({ medium }) => coordinatorCall('finalize', id, '--out', medium('spend.hex')), {
    name: 'finalize',
  });
  await act((_place, at) => coordinatorCall('broadcast', id).beside(at), {
    name: 'broadcast',
    node: node(),
    changesNode: true,
  });
  await act((_place, at) => coordinatorCall('status', id, '--depth', `${DEPTH}`).beside(at), {
    name: 'status',
    node: node(() => readFileSync(scene.medium('spend.hex'), 'utf8').trim()),
  });
  for (const running of nodes) await running.stop();
  const second = await stageSecondCrash(folder, steps.get('address next') as StagedStep);
  return steps.set(second.name, second);
};

/** Where a kill left a cut line and a lock behind: the same command again, to be killed once more. */
const stageSecondCrash = async (folder: string, first: StagedStep): Promise<StagedStep> => {
  const states = join(folder, 'states');
  const before = copyPlace(first.before, join(states, 'second crash, before'));
  const probe = copyPlace(before, join(states, 'probe'));
  const effects = await traceEffects(probe, first.call(probe));
  const at = 1 + effects.findIndex(({ path, hasHalf }) => path.endsWith('.jsonl') && hasHalf);
  await runKilled(before, first.call(before), { at, how: 'half' });
  const after = copyPlace(before, join(states, 'second crash, after'));
  resultOf(await runHere(after, first.call(after)));
  return { ...first, name: 'address next, after a crash', before, after };
};

/** The one proposal that a place has stored. */
const proposalIn = ({ home }: Place): string => {
  const folder = join(home('coordinator'), 'regtest', 'proposals');
  const [id, second] = readdirSync(folder).filter((name) =>
    readdirSync(join(folder, name)).includes('proposal.json'),
  );
  if (id === undefined || second !== undefined) throw new Error('there is one proposal');
  return id;
};

const resultOf = ({ code, stdout, stderr }: End): unknown => {
  if (code !== 0) throw new Error(`a step of the ceremony ended with ${code}: ${stderr}`);
  return stdout.startsWith('{') || stdout.startsWith('[') ? JSON.parse(stdout) : undefined;
};

const env = { QOIMA_CLOCK: NOW };

const stationCall = (who: string, ...argv: readonly string[]): Call => ({
  program: 'station',
  who,
  argv,
  env,
});

const coordinatorCall = (
  ...argv: readonly string[]
): Call & { readonly beside: (node: RunningNode | undefined) => Call } => {
  const call: Call = { program: 'coordinator', who: 'coordinator', argv, env };
  return {
    ...call,
    beside: (node) =>
      node === undefined
        ? call
        : {
            ...call,
            env: { ...env, QOIMA_NODE_URL: node.url, QOIMA_NODE_COOKIE: node.cookiePath },
          },
  };
};

const FAUCET = seededBytes('a crash', 'faucet');

/** A node that has the deposits deep enough and watches them, and the spend too if it was sent. */
const startNode = async (
  dir: string,
  place: Place,
  addresses: readonly string[],
  sent?: string,
): Promise<RunningNode> => {
  const node = await startRegtestNode({ dir, seedTime: Date.parse(NOW) / 1000 });
  const faucet = openFaucet(node, FAUCET);
  const mine = (blocks: number): Promise<unknown> =>
    askNode(node, 'generatetoaddress', [blocks, faucet.address]);
  const [first] = (await mine(1 + MATURITY)) as readonly string[];
  await faucet.pay(
    first ?? '',
    addresses.map((address) => ({ address, amount: DEPOSIT })),
  );
  await mine(DEPTH);
  resultOf(await runHere(place, coordinatorCall('coins').beside(node)));
  if (sent !== undefined) {
    await askNode(node, 'sendrawtransaction', [sent]);
    await mine(DEPTH);
  }
  return node;
};
