import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCoordinator, type Proposal } from '@qoima/coordinator';
import { encodePolicyFile, policyId } from '@qoima/policy';
import { formatOutpoint, formatTxid } from '@qoima/primitives';
import { decodePsbt, type Psbt, unsignedTransactionId } from '@qoima/psbt';
import { type End, qoima, station } from '../../packages/rehearsal/test/programs-at-hand.ts';
import { OWN, policyOf, scriptKinds, wordsOf } from './reserve.ts';

const CLOCK = '2026-01-31T12:00:00Z';
const env = { QOIMA_NETWORK: 'regtest', QOIMA_CLOCK: CLOCK };

/** The folders of both programs, as they are before an attack, and copies of them. */
export interface Homes {
  /** A folder of the judge's own; gone after `remove`. */
  readonly folder: string;
  readonly station: string;
  readonly coordinator: string;
  /** A folder for one file after another. */
  readonly newFolder: () => string;
  readonly copyOf: (home: string) => string;
  readonly remove: () => void;
}

/** Pins the three policies on the station and stores them at the coordinator, below `into` if it is given. */
export const openHomes = async (into?: string): Promise<Homes> => {
  const folder = into ?? mkdtempSync(join(tmpdir(), 'qoima-hostile-'));
  const homes = { station: join(folder, 'station'), coordinator: join(folder, 'coordinator') };
  mkdirSync(folder, { recursive: true });
  await done(runStation(homes.station, ['key', 'import', '--name', OWN], wordsOf(OWN)));
  for (const kind of scriptKinds) {
    const policy = policyOf(kind);
    const file = join(folder, `policy-${kind}.json`);
    writeFileSync(file, encodePolicyFile(policy));
    await done(runStation(homes.station, ['policy', 'import', file, '--accept', policyId(policy)]));
    coordinatorIn(homes.coordinator).policies.add(policy);
  }
  let count = 0;
  const newFolder = (): string => {
    const path = join(folder, `work-${++count}`);
    mkdirSync(path);
    return path;
  };
  return {
    folder,
    ...homes,
    newFolder,
    copyOf: (home) => {
      const copy = newFolder();
      cpSync(home, copy, { recursive: true });
      return copy;
    },
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

export const runStation = (home: string, argv: readonly string[], words?: string): Promise<End> =>
  station(['--home', home, ...argv], env, words);

export const runCoordinator = (home: string, argv: readonly string[]): Promise<End> =>
  qoima(['--home', home, ...argv], env);

/** @throws Error with what the program said, unless it went well */
const done = async (run: Promise<End>): Promise<End> => {
  const end = await run;
  if (end.code !== 0) throw new Error(`exit code ${end.code}: ${end.stderr}`);
  return end;
};

const coordinatorIn = (home: string): ReturnType<typeof openCoordinator> =>
  openCoordinator({
    folder: join(home, 'regtest'),
    network: 'regtest',
    clock: () => new Date(CLOCK),
    chain: () => {
      throw new Error('nothing here asks a node');
    },
  });

/** Stores a proposal of this PSBT at the coordinator, as if it had made it; `order` sets when. */
export const propose = (home: string, policy: string, psbt: Uint8Array, order = 0): void => {
  const decoded = decodePsbt(psbt);
  coordinatorIn(home).proposals.add(proposalOf(decoded, policy, order), decoded);
};

const proposalOf = (psbt: Psbt, policy: string, order: number): Proposal => ({
  id: unsignedTransactionId(psbt),
  policyId: policy,
  label: '',
  created: new Date(Date.parse(CLOCK) - 60_000 + order * 1000).toISOString(),
  state: 'open',
  coins: psbt.transaction.inputs.map(({ txid, vout }) =>
    formatOutpoint({ txid: formatTxid(txid), vout }),
  ),
  payments: [],
  change: null,
  feeSats: 0n,
  txid: null,
});
