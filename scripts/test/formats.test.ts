import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createPolicy,
  nextAddress,
  openCoordinator,
  parsePayment,
  proposeSpend,
} from '../../packages/coordinator/src/index.ts';
import { verifyJournal } from '../../packages/journal/src/index.ts';
import { openEmulator } from '../../packages/ledger-emulator/src/index.ts';
import {
  type Cosigner,
  decodeKeyRecord,
  decodeLimits,
  defaultLimits,
  encodeKeyRecord,
  encodePolicyFile,
  limitsJson,
  parseDerivationPath,
  policyScripts,
  type WalletPolicy,
} from '../../packages/policy/src/index.ts';
import { encodeTransaction, transactionId } from '../../packages/psbt/src/index.ts';
import { type Report, reportJson } from '../../packages/review/src/index.ts';
import {
  checkRegistration,
  decodeRegistration,
  encodeRegistration,
  openLedger,
} from '../../packages/signer-ledger/src/index.ts';
import { accountPath, cosignerOf } from '../../packages/signer-software/src/index.ts';
import { openKeyStore } from '../../packages/station/src/station-key.ts';
import { workspaceRoot } from '../workspace.ts';

const page = readFileSync(join(workspaceRoot, 'docs/formats.md'), 'utf8');

/** The fenced examples of one section of the page. */
const examplesOf = (heading: string): readonly string[] => {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^```\w+\n(.*?)^```$/gms)].map(([, text = '']) => text);
};

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Canonical JSON, written a second time and from the page's own words. */
const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, of]) => `${JSON.stringify(name)}:${canonical(of)}`).join(',')}}`;
};

/** Words that BIP-39 itself has for an example. */
const mnemonics = {
  Aigerim: `${'abandon '.repeat(11)}about`,
  Bolat: 'legal winner thank year wave sausage worth useful legal winner thank yellow',
  Dana: 'letter advice cage absurd amount doctor acoustic avoid letter advice cage above',
};

const records = Object.entries(mnemonics).map(([name, mnemonic]) => {
  const path = accountPath('wsh', 'regtest');
  const cosigner = cosignerOf({ mnemonic, name, network: 'regtest', path });
  return encodeKeyRecord({ network: 'regtest', cosigner });
});

const home = mkdtempSync(join(tmpdir(), 'qoima-formats-'));
const lies = (...path: readonly string[]): string => readFileSync(join(home, ...path), 'utf8');

let policy: WalletPolicy;
let report: Report;

beforeAll(async () => {
  let previousTransaction: Uint8Array = new Uint8Array();
  const unused = (): never => {
    throw new Error('the example does not ask this of its node');
  };
  const coordinator = openCoordinator({
    folder: home,
    network: 'regtest',
    clock: () => new Date('2026-01-31T12:00:00Z'),
    chain: (of) => ({
      tip: () =>
        Promise.resolve({
          network: of.network,
          height: 200,
          hash: 'ab'.repeat(32),
          time: Date.parse('2026-01-31T11:50:00Z') / 1000,
          syncing: false,
        }),
      watch: () => Promise.resolve(),
      coins: () =>
        Promise.resolve([
          {
            outpoint: { txid: transactionId(previousTransaction), vout: 0 },
            amount: 50_000_000n,
            scriptPubKey: policyScripts(of).at('receive', 0).scriptPubKey,
            confirmations: 6,
          },
        ]),
      transaction: () => Promise.resolve(previousTransaction),
      estimateFeeRate: unused,
      testAccept: unused,
      broadcast: unused,
      confirmations: unused,
    }),
  });
  policy = await createPolicy(coordinator, {
    name: 'Example reserve',
    required: 2,
    scriptKind: 'wsh',
    keyRecords: records.map((text) => decodeKeyRecord(text)),
    birthday: Date.UTC(2026, 0, 1) / 1000,
  });
  const scripts = policyScripts(policy);
  const { scriptPubKey } = scripts.at('receive', 0);
  previousTransaction = encodeTransaction({
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
    outputs: [{ amount: 50_000_000n, script: scriptPubKey }],
  });
  await nextAddress(coordinator, policy);
  ({ report } = await proposeSpend(coordinator, scripts, {
    label: 'Example spend',
    payments: [parsePayment('bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080=0.2', scripts)],
    feeRate: 5000n,
    coins: [],
    minConfirmations: 1,
    version: 0,
    acceptedWarnings: [],
  }));
});

afterAll(() => rmSync(home, { recursive: true }));

describe('docs/formats.md', () => {
  it('shows the key record, the policy file, the proposal, the address book and the station key', () => {
    const [proposal = ''] = readdirSync(join(home, 'proposals'));
    expect(examplesOf('qoima-key/1')).toEqual([records[0]]);
    expect(examplesOf('qoima-policy/1')[0]).toBe(encodePolicyFile(policy));
    expect(examplesOf('qoima-proposal/1')).toEqual([lies('proposals', proposal, 'proposal.json')]);
    expect(examplesOf('qoima-addresses/1')).toEqual([lies('addresses.json')]);
    const keys = openKeyStore(join(home, 'station'));
    keys.write({ kind: 'software', name: 'Aigerim', mnemonic: mnemonics.Aigerim });
    expect(examplesOf('qoima-station-key/1')).toEqual([lies('station', 'key.json')]);
  });

  it('shows the key of a Ledger and a registration, as an emulated one gives them', async () => {
    const emulator = openEmulator({ mnemonic: mnemonics.Aigerim, app: 'Bitcoin Test' });
    const ledger = await openLedger(
      {
        name: 'Ledger Nano S Plus',
        exchange: (apdu) => emulator.exchange(apdu),
        close: async () => emulator.close(),
      },
      { network: 'regtest', now: () => new Date('2026-01-31T12:00:00Z') },
    );
    const at = async (text: string): Promise<Cosigner> => {
      const path = parseDerivationPath(text);
      const origin = { fingerprint: ledger.fingerprint, path };
      return { name: 'Aigerim', origin, key: await ledger.extendedKey(path) };
    };
    openKeyStore(join(home, 'ledger')).write({
      kind: 'ledger',
      name: 'Aigerim',
      model: 'Ledger Nano S Plus',
      keys: {
        wsh: await at("m/48'/1'/0'/2'"),
        'sh-wsh': await at("m/48'/1'/0'/1'"),
        sh: await at("m/45'/1'/0'"),
      },
    });
    expect(examplesOf('qoima-station-ledger/1')).toEqual([lies('ledger', 'key.json')]);
    const registration = await ledger.registerPolicy(policy);
    expect(examplesOf('qoima-ledger-registration/1')).toEqual([encodeRegistration(registration)]);
    await ledger.close();
  });

  it('makes the id of a policy of four members', () => {
    const [file = '', text = ''] = examplesOf('qoima-policy/1');
    const { id, keys, name, network, template } = JSON.parse(file) as Record<string, unknown>;
    expect(text).toBe(`${canonical({ keys, name, network, template })}\n`);
    expect(sha256(text.trimEnd())).toBe(id);
  });

  it('shows a registration that belongs to the policy and to the first cosigner', () => {
    const [text = ''] = examplesOf('qoima-ledger-registration/1');
    const registration = decodeRegistration(text);
    const { fingerprint } = policy.cosigners[0]?.origin ?? expect.fail('there are cosigners');
    expect(() => checkRegistration(registration, policy, fingerprint)).not.toThrow();
    expect(encodeRegistration(registration)).toBe(text);
  });

  it('chains the two lines of a journal, and names their head', () => {
    const [text = '', head = ''] = examplesOf('qoima-journal/1');
    expect(lies('journal.jsonl').startsWith(text)).toBe(true);
    const [first = '', second = ''] = text.split('\n');
    expect((JSON.parse(second) as { previous: string }).previous).toBe(sha256(first));
    expect(head).toBe(`${sha256(second)}\n`);
    expect(verifyJournal(Buffer.from(text))).toMatchObject({ ok: true, head: head.trim() });
  });

  it('makes the digest of a report of its members', () => {
    const [text = ''] = examplesOf('The report and its digest');
    expect(text).toBe(`${JSON.stringify(reportJson(report), null, 2)}\n`);
    const { digest, words, signing, ...members } = JSON.parse(text) as Record<string, unknown>;
    expect(sha256(canonical(members))).toBe(digest);
    expect({ words, signing }).toEqual({ words: report.words, signing: report.signing });
  });

  it('names the hash of the PSBT that is sent round', () => {
    const [id = ''] = readdirSync(join(home, 'proposals'));
    const psbt = readFileSync(join(home, 'proposals', id, 'unsigned.psbt'));
    expect(createHash('sha256').update(psbt).digest('hex')).toBe(report.psbtSha256);
  });

  it('has the limits that hold without any', () => {
    const [, , limits = ''] = examplesOf('qoima-policy/1');
    expect(limits).toBe(`${JSON.stringify(limitsJson(defaultLimits), null, 2)}\n`);
    expect(decodeLimits(limits)).toEqual(defaultLimits);
  });

  it('lists every event that a program records, and every variable that it reads', () => {
    const sources = readdirSync(join(workspaceRoot, 'packages'))
      .flatMap((name) => {
        const folder = join(workspaceRoot, 'packages', name, 'src');
        const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
        return files.filter((file) => file.endsWith('.ts')).map((file) => join(folder, file));
      })
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n');
    const foundIn = (text: string, pattern: RegExp): readonly string[] =>
      [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))].toSorted();
    expect(foundIn(page, /^\| `([a-z]+\.[a-z]+)` \|/gm)).toEqual(
      foundIn(sources, /\.append\(\s*'([a-z.-]+)'/g),
    );
    expect(foundIn(page, /`(QOIMA_[A-Z_]+)`/g)).toEqual(foundIn(sources, /\b(QOIMA_[A-Z_]+)\b/g));
  });
});
