import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  decodePolicyFile,
  type PolicyScripts,
  policyScripts,
  type ScriptKind,
} from '@qoima/policy';
import { decodePsbt, encodePsbt, type Psbt } from '@qoima/psbt';
import { generateMnemonic } from '@qoima/signer-software';
import { type Faucet, openFaucet } from '../src/faucet.ts';
import { askNode } from '../src/node-rpc.ts';
import { type RegtestNode, startRegtestNode } from '../src/regtest/regtest-node.ts';
import { seededBytes } from '../src/seed.ts';
import { type End, folderDigest, qoima, station } from './programs-at-hand.ts';

/** Each has a station of their own; three of the five must sign. */
export const CUSTODIANS = ['Aigerim', 'Bolat', 'Dana', 'Erlan', 'Fatima'] as const;
export type Custodian = (typeof CUSTODIANS)[number];

/** Each coin. */
const DEPOSIT = 50_000_000n;
const NOW = '2026-01-31T12:00:00Z';
const NOW_SECONDS = Date.parse(NOW) / 1000;
const MATURITY = 100;

/**
 * A 3-of-5 reserve with confirmed coins of half a bitcoin, made with the two programs and the embedded node as their
 * users would. Everything lies below one folder: `homes` is what the programs keep, `media` what is
 * carried between them.
 */
export interface Reserve {
  readonly node: RegtestNode;
  readonly faucet: Faucet;
  readonly policyId: string;
  readonly scripts: PolicyScripts;
  /** A file on the medium. */
  readonly medium: (name: string) => string;
  readonly qoima: (...argv: readonly string[]) => Promise<End>;
  readonly station: (who: Custodian, ...argv: readonly string[]) => Promise<End>;
  readonly mine: (blocks: number) => Promise<void>;
  /** Hash over all that the programs keep: homes of coordinator and stations, journals included. */
  readonly digest: () => string;
  /** Puts a file on the medium; gives its path. */
  readonly put: (name: string, content: Psbt | Uint8Array | string) => string;
  readonly read: (name: string) => Psbt;
  readonly close: () => Promise<void>;
}

export const openReserve = async ({
  scriptKind = 'wsh',
  coins = 2,
}: {
  readonly scriptKind?: ScriptKind;
  readonly coins?: number;
} = {}): Promise<Reserve> => {
  const folder = mkdtempSync(join(tmpdir(), 'qoima-reserve-'));
  mkdirSync(join(folder, 'media'));
  const medium = (name: string): string => join(folder, 'media', name);
  const node = await startRegtestNode({ dir: join(folder, 'node'), seedTime: NOW_SECONDS });
  const faucet = openFaucet(node, seededBytes('a test', 'faucet'));
  const env = {
    QOIMA_CLOCK: NOW,
    QOIMA_NETWORK: 'regtest',
    QOIMA_NODE_URL: node.url,
    QOIMA_NODE_COOKIE: node.cookiePath,
  };
  const homeOf = (who: string): string => join(folder, 'homes', who);
  const coordinator: Reserve['qoima'] = (...argv) =>
    qoima(['--home', homeOf('coordinator'), ...argv], env);
  const stationOf = (who: Custodian, argv: readonly string[], words?: string): Promise<End> =>
    station(
      ['--home', homeOf(who), ...argv],
      { QOIMA_CLOCK: NOW, QOIMA_NETWORK: 'regtest' },
      words,
    );
  const mine = async (blocks: number): Promise<void> => {
    await askNode(node, 'generatetoaddress', [blocks, faucet.address]);
  };

  for (const who of CUSTODIANS) {
    const words = generateMnemonic(seededBytes('a test', who));
    await done(stationOf(who, ['key', 'import', '--name', who], words));
    const out = medium(`${who}.key.json`);
    await done(stationOf(who, ['key', 'export', '--script', scriptKind, '--out', out]));
  }
  const created = await done(
    coordinator(
      ...['--json', 'policy', 'create', '--name', 'Reserve', '--script', scriptKind],
      ...['--out', medium('policy.json')],
      ...CUSTODIANS.map((who) => medium(`${who}.key.json`)),
    ),
  );
  const { id: policyId } = JSON.parse(created.stdout) as { id: string };
  for (const who of CUSTODIANS) {
    await done(stationOf(who, ['policy', 'import', medium('policy.json'), '--accept', policyId]));
  }
  const addresses: string[] = [];
  for (let i = 0; i < coins; i++) {
    const given = await done(coordinator('--json', 'address', 'next'));
    addresses.push((JSON.parse(given.stdout) as { address: string }).address);
  }
  const blocks = await askNode(node, 'generatetoaddress', [1 + MATURITY, faucet.address]);
  await faucet.pay(
    (blocks as string[])[0] as string,
    addresses.map((address) => ({ address, amount: DEPOSIT })),
  );
  await mine(6);

  return {
    node,
    faucet,
    policyId,
    scripts: policyScripts(decodePolicyFile(readFileSync(medium('policy.json'), 'utf8')).policy),
    medium,
    qoima: coordinator,
    station: (who, ...argv) => stationOf(who, argv),
    mine,
    digest: () => folderDigest(join(folder, 'homes')),
    put: (name, content) => {
      const isPsbt = typeof content === 'object' && 'transaction' in content;
      writeFileSync(medium(name), isPsbt ? encodePsbt(content) : content);
      return medium(name);
    },
    read: (name) => decodePsbt(readFileSync(medium(name))),
    close: async () => {
      await node.stop();
      rmSync(folder, { recursive: true });
    },
  };
};

/** The end of a program that must go well. */
export const done = async (run: Promise<End>): Promise<End> => {
  const end = await run;
  if (end.code !== 0) throw new Error(`ended with ${end.code}: ${end.stderr}`);
  return end;
};

/** What a program that was called with `--json` gives, having gone well. */
export const json = async (run: Promise<End>): Promise<unknown> =>
  JSON.parse((await done(run)).stdout);

/** A proposal that pays the faucet, its PSBT on the medium under this name. */
export const propose = async (
  reserve: Reserve,
  name: string,
  ...options: readonly string[]
): Promise<{ readonly id: string; readonly digest: string }> => {
  const { proposal, report } = (await json(
    reserve.qoima(
      ...['--json', 'propose', '--pay', `${reserve.faucet.address}=0.3`, '--fee-rate', '5'],
      ...['--out', reserve.medium(name), ...options],
    ),
  )) as { proposal: { id: string }; report: { digest: string } };
  return { id: proposal.id, digest: report.digest };
};

/** Signs a PSBT on the medium, having accepted its digest; gives the path of the signed one. */
export const sign = async (
  reserve: Reserve,
  who: Custodian,
  psbt: string,
  digest: string,
): Promise<string> => {
  const out = `${psbt} signed by ${who}`;
  await done(reserve.station(who, 'sign', psbt, '--accept', digest, '--out', out));
  return out;
};
