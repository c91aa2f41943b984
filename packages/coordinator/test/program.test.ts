import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { curveInUse } from '@qoima/curve';
import { defaultLimits, limitsJson, policyId, walletPolicy } from '@qoima/policy';
import { beforeEach, describe, expect, it } from 'vitest';
import { proposeSpend } from '../src/index.ts';
import {
  chainCoin,
  coordinatorIn,
  cosigners,
  fakeChain,
  folderOfEachTest,
  keyRecords,
  qoima,
  samplePolicy,
  sampleSpend,
  scripts,
  writeKeyRecords,
} from './sample.ts';

const folder = folderOfEachTest();
let home: string;
let records: readonly string[];
beforeEach(() => {
  home = join(folder.path, 'home');
  records = writeKeyRecords(folder.path);
});

const run = (...argv: readonly string[]) => qoima(['--home', home, ...argv]);

const create = (...more: readonly string[]) =>
  run('policy', 'create', '--name', 'Reserve', '--required', '2', ...more, ...records);

const json = async (...argv: readonly string[]): Promise<Record<string, unknown>> => {
  const end = await run('--json', ...argv);
  expect(end).toMatchObject({ code: 0, stderr: '' });
  return JSON.parse(end.stdout) as Record<string, unknown>;
};

const PAY = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';

/** Expects one line with this code and this exit code. */
const refusal = async (argv: readonly string[], wanted: string, exit: number): Promise<string> => {
  const { code, stderr } = await run(...argv);
  expect(stderr).toMatch(new RegExp(`^error ${wanted}: [^\\n]+[.)]\\n$`));
  expect(code).toBe(exit);
  return stderr;
};

/** A proposal of the sample policy, made with a node that there is no more. */
const proposed = async () => {
  const chain = fakeChain([chainCoin(0, 2_000_000n)]);
  const coordinator = coordinatorIn(join(home, 'regtest'), chain);
  const { proposal } = await proposeSpend(coordinator, scripts, sampleSpend(`${PAY}=0.01`));
  return { coordinator, proposal: proposal.id };
};

describe('qoima, without a node', () => {
  it('makes, shows and verifies a policy', async () => {
    const out = join(folder.path, 'policy.json');
    expect(await create('--out', out)).toMatchObject({ code: 0, stderr: '' });
    const shown = await json('policy', 'show');
    expect(shown).toMatchObject({
      name: 'Reserve',
      network: 'regtest',
      required: 2,
      total: 3,
      cosigners: cosigners.map(({ name }) => name),
      firstAddress: expect.stringMatching(/^bcrt1q/),
    });
    expect(await json('policy', 'show', 'Reserve')).toEqual(shown);
    expect(await json('--policy', String(shown['id']).slice(0, 8), 'policy', 'show')).toEqual(
      shown,
    );
    expect(await json('policy', 'verify', out)).toMatchObject({ stored: true, findings: [] });
    // A birthday is a day before, when none was given.
    expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({ birthday: 1769774400 });
  });

  it('takes limits of spends, and gives others to the same policy', async () => {
    const limits = (changeWindow: number): string => {
      const path = join(folder.path, `limits-${changeWindow}.json`);
      writeFileSync(path, JSON.stringify({ ...limitsJson(defaultLimits), changeWindow }));
      return path;
    };
    await create('--limits', limits(7));
    const shown = await json('policy', 'show');
    expect(shown['limits']).toMatchObject({ changeWindow: 7 });
    const out = join(folder.path, 'limited.json');
    expect(await json('policy', 'limits', limits(8), '--out', out)).toEqual({
      ...shown,
      limits: { ...limitsJson(defaultLimits), changeWindow: 8 },
    });
    expect(await json('policy', 'show')).toMatchObject({ limits: { changeWindow: 8 } });
    expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({
      id: shown['id'],
      limits: { changeWindow: 8 },
    });
    const verified = await json('policy', 'verify', out);
    expect(verified).toMatchObject({ stored: true, findings: [] });
    await json('policy', 'limits', limits(9));
    expect(await json('policy', 'verify', out)).toMatchObject({
      stored: true,
      findings: [{ rule: 'policy-limits-differ' }],
    });
    await refusal(['policy', 'limits', limits(-1)], 'POLICY_LIMITS_INVALID', 3);
    const journal = join(folder.path, 'home', 'regtest', 'journal.jsonl');
    expect(readFileSync(journal, 'utf8')).toMatch(/"changeWindow":7.*\n.*policy\.limited.*:8/);
  });

  it('gives a policy another birthday, and tells one that is not over', async () => {
    await create();
    const shown = await json('policy', 'show');
    expect(shown).toMatchObject({ birthday: 1769774400, findings: [] });
    // As a clock that went wrong has it, or somebody who changed the file.
    const path = join(home, 'regtest', 'policies', `${String(shown['id'])}.json`);
    writeFileSync(path, readFileSync(path, 'utf8').replace('1769774400', '4294967295'));
    const [finding] = (await json('policy', 'show'))['findings'] as readonly unknown[];
    expect(finding).toMatchObject({ rule: 'policy-birthday-ahead', severity: 'warn' });
    expect((await run('policy', 'show')).stdout).toContain(
      '2106-02-07 06:28 UTC; no coin is older',
    );
    expect(await json('policy', 'verify', path)).toMatchObject({ findings: [finding] });

    const out = join(folder.path, 'dated.json');
    expect(await json('policy', 'birthday', '2026-01-02', '--out', out)).toEqual({
      ...shown,
      birthday: 1767312000,
    });
    expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({ birthday: 1767312000 });
    expect(await json('policy', 'show')).toMatchObject({ birthday: 1767312000, findings: [] });
    await refusal(['policy', 'birthday', '2026-02-01'], 'COORDINATOR_OPTION_INVALID', 2);
    const journal = join(home, 'regtest', 'journal.jsonl');
    expect(readFileSync(journal, 'utf8')).toMatch(
      /"birthday":1769774400.*\n.*policy\.dated.*:1767312000/s,
    );
  });

  it('keeps its state for the owner alone, one folder for each network', async () => {
    await create();
    expect(statSync(home).mode & 0o777).toBe(0o700);
    expect(statSync(join(home, 'regtest', 'journal.jsonl')).mode & 0o777).toBe(0o600);
    await refusal(['--network', 'testnet', 'policy', 'show'], 'COORDINATOR_NO_POLICY', 2);
    expect(existsSync(join(home, 'testnet'))).toBe(false);
  });

  it('gives out each address once', async () => {
    await create();
    const given = [await json('address', 'next'), await json('address', 'next')];
    expect(given).toMatchObject([
      { branch: 'receive', index: 0 },
      { branch: 'receive', index: 1 },
    ]);
    expect(await json('address', 'list')).toEqual(given);
    const three = (await json('address', 'list', '--count', '3')) as unknown as unknown[];
    expect(three.slice(0, 2)).toEqual(given);
    expect(await json('journal', 'verify')).toMatchObject({ entries: 3 });
  });

  it('refuses a policy file that is sound, and not the one that is stored', async () => {
    const out = join(folder.path, 'policy.json');
    await json(
      'policy',
      'create',
      '--name',
      'Reserve',
      '--required',
      '2',
      '--out',
      out,
      ...records,
    );
    await refusal(
      ['--home', join(folder.path, 'other'), 'policy', 'verify', out],
      'COORDINATOR_POLICY_NOT_STORED',
      3,
    );
  });

  it('writes nothing before it has something to write', async () => {
    await run('status');
    await run('policy', 'show');
    await run('policy', 'verify', records[0] as string);
    await run('policy', 'create', '--name', 'Reserve', '--required', '4', ...records);
    expect(existsSync(home)).toBe(false);
  });

  it.each([
    ['a quorum that cannot be', ['--required', '4'], 'POLICY_QUORUM_INVALID', 3],
    ['nobody at all', ['--required', '0'], 'COORDINATOR_OPTION_INVALID', 2],
    ['a number that is none', ['--required', '2.5'], 'COORDINATOR_OPTION_INVALID', 2],
    ['a name with a line feed', ['--name', 'a\nb'], 'POLICY_NAME_INVALID', 3],
    ['a name that moves the cursor', ['--name', '\u001b[2Jx'], 'POLICY_NAME_INVALID', 3],
    ['a script type that there is not', ['--script', 'tr'], 'USAGE_INVALID', 2],
    ['a day that there is not', ['--birthday', '2025-02-30'], 'COORDINATOR_OPTION_INVALID', 2],
    ['a day to come', ['--birthday', '2026-02-01'], 'COORDINATOR_OPTION_INVALID', 2],
    ['a day of another form', ['--birthday', '31.01.2026'], 'COORDINATOR_OPTION_INVALID', 2],
  ])('refuses a policy of %s', async (_what, options, wanted, exit) => {
    const name = options[0] === '--name' ? [] : ['--name', 'Reserve'];
    const line = await refusal(['policy', 'create', ...name, ...options, ...records], wanted, exit);
    expect(line).not.toContain('\u001b');
    expect(existsSync(home)).toBe(false);
  });

  it.each([
    ['that is no JSON', 'hello', 'POLICY_FILE_INVALID', 3],
    ['of another format', '{"format":"qoima-key/2"}', 'POLICY_FILE_INVALID', 3],
    [
      'with a member too many',
      keyRecords[0]?.replace('{', '{"note":"trust me",'),
      'POLICY_FILE_INVALID',
      3,
    ],
    [
      'with a private key',
      keyRecords[0]?.replace(
        /tpub\w+/,
        'tprv8ZgxMBicQKsPd7Uf69XL1XwhmjHopUGep8GuEiJDZmbQz6o58LninorQAfcKZWARbtRtfnLcJ5MQ2AtHcQJCCRUcMRvmDUjyEmNUWwx8UbK',
      ),
      'POLICY_PRIVATE_KEY',
      3,
    ],
    ['with a slip in the key', keyRecords[0]?.replace('tpubD', 'tpubE'), 'POLICY_KEY_INVALID', 3],
  ])('refuses a key record %s', async (_what, text, wanted, exit) => {
    writeFileSync(records[0] as string, text ?? '');
    const line = await refusal(
      ['policy', 'create', '--name', 'Reserve', '--required', '2', ...records],
      wanted,
      exit,
    );
    expect(line).not.toContain('tprv8');
  });

  it('refuses a second policy of the same name', async () => {
    await create();
    await refusal(
      ['policy', 'create', '--name', 'Reserve', '--required', '3', ...records],
      'COORDINATOR_POLICY_EXISTS',
      3,
    );
    expect(await json('journal', 'verify')).toMatchObject({ entries: 1 });
  });

  it('refuses a second policy of the same keys, and names the first', async () => {
    await create();
    const second = ['policy', 'create', '--name', 'Reserve 2', '--required', '2'];
    const line = await refusal(
      [...second, ...[...records].reverse()],
      'COORDINATOR_POLICY_SAME_KEYS',
      3,
    );
    expect(line).toContain('The policy Reserve (');
    expect(await json('journal', 'verify')).toMatchObject({ entries: 1 });
  });

  it('finds the policy of a proposal whatever the name of another is', async () => {
    const { coordinator, proposal } = await proposed();
    const id = policyId(samplePolicy());
    // As an earlier version took it.
    coordinator.policies.replace(
      walletPolicy({ ...samplePolicy(), name: id, quorum: { required: 3, total: 3 } }),
    );
    expect(await json('status', proposal)).toMatchObject({ proposal: { policyId: id } });
    expect(await json('withdraw', proposal, '--reason', 'test')).toMatchObject({
      proposal: { state: 'withdrawn' },
    });
  });

  it.each([
    [['propose', '--fee-rate', '1'], 'USAGE_INVALID', 2],
    [['propose', '--pay', 'x=1', '--fee-rate', '0'], 'POLICY_ADDRESS_INVALID', 3],
    [['propose', '--pay', `${PAY}=1,5`, '--fee-rate', '1'], 'COORDINATOR_PAYMENT_INVALID', 2],
    [['propose', '--pay', `${PAY}=1`, '--fee-rate', '5,5'], 'COORDINATOR_OPTION_INVALID', 2],
    [['propose', '--pay', `${PAY}=1`, '--fee-rate', '0'], 'COORDINATOR_OPTION_INVALID', 2],
    [
      ['propose', '--pay', `${PAY}=1`, '--fee-rate', '1', '--coin', '12:0'],
      'COORDINATOR_OPTION_INVALID',
      2,
    ],
    [['coins', '--min-confirmations', '-1'], 'COORDINATOR_OPTION_INVALID', 2],
    [['status', '--colour'], 'USAGE_INVALID', 2],
    [['status', '--depth', 'x'], 'COORDINATOR_OPTION_INVALID', 2],
    [['status', '--depth', '0'], 'COORDINATOR_OPTION_INVALID', 2],
    [['status', 'x', '--depth', 'x'], 'COORDINATOR_OPTION_INVALID', 2],
    [['address', 'list', '--count', '1000000'], 'COORDINATOR_OPTION_INVALID', 2],
    [['address', 'list', '--count', '0'], 'COORDINATOR_OPTION_INVALID', 2],
    [['address', 'list', '--branch', 'both'], 'USAGE_INVALID', 2],
    [['combine'], 'USAGE_INVALID', 2],
    [['combine', '/nonexistent'], 'FILE_NOT_FOUND', 1],
    [['inspect', '/dev/null'], 'FILE_NOT_REGULAR', 1],
    [[], 'USAGE_INVALID', 2],
  ])('refuses %j with %s', async (argv, wanted, exit) => {
    await create();
    await refusal(argv, wanted, exit);
  });

  it('says what was typed for an option, and what it takes', async () => {
    await create();
    expect(
      await refusal(
        ['propose', '--pay', `${PAY}=1`, '--fee-rate', '5,5'],
        'COORDINATOR_OPTION_INVALID',
        2,
      ),
    ).toContain('--fee-rate is "5,5", and not a rate in sat/vB like 12 or 12.5');
  });

  it.each([
    [
      'foo\u001b[31m\u202e',
      '"foo?[31m?", and not the name of a rule; docs/review-rules.md lists them all.',
    ],
    ['x'.repeat(1000), 'lists them all.'],
    [
      'history-coin',
      'lists them all, and near it are history-amount-differs, history-coin-signed,',
    ],
    ['Lock-Time', 'lists them all, and near it are lock-time.'],
    ['', 'lists them all.'],
  ])('refuses to accept what is no rule: %s', async (rule, said) => {
    await create();
    const line = await refusal(
      ['propose', '--pay', `${PAY}=1`, '--fee-rate', '1', '--accept-warning', rule],
      'COORDINATOR_OPTION_INVALID',
      2,
    );
    expect(line).toContain(said);
    expect(line.length).toBeLessThan(400);
  });

  it('refuses a label that no list could show', async () => {
    await create();
    await refusal(
      ['propose', '--pay', `${PAY}=1`, '--fee-rate', '1', '--label', 'x'.repeat(201)],
      'COORDINATOR_OPTION_INVALID',
      2,
    );
  });

  it('says where the node should be when it is not there', async () => {
    await create();
    const cookie = join(folder.path, 'no.cookie');
    const line = await refusal(['--cookie', cookie, 'coins'], 'CHAIN_COOKIE_UNREADABLE', 2);
    expect(line).toContain(cookie);
  });

  it('shows its help and its version', async () => {
    expect((await run('--help')).stdout).toContain('Usage: qoima');
    const { stdout: version } = await run('--version');
    expect(version).toMatch(/^\d+\.\d+\.\d+\n$/);
    for (const argv of [
      ['--json', '--version'],
      ['--version', '--json'],
    ]) {
      expect(JSON.parse((await run(...argv)).stdout)).toEqual({
        version: version.trim(),
        curve: curveInUse,
      });
    }
  });
});
