import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Cosigner,
  defaultLimits,
  encodePolicyFile,
  limitsJson,
  parseDerivationPath,
  policyId,
  type WalletPolicy,
} from '@qoima/policy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Bench,
  cosignerNamed,
  id,
  NAMES,
  openBench,
  openReadyBench,
  samplePolicy,
  scripts,
  wordsOf,
} from './sample.ts';

let bench: Bench;
beforeEach(async () => {
  bench = openBench();
  await bench.given(wordsOf('Bolat'), 'key', 'import', '--name', 'Bolat');
});
afterEach(() => {
  bench.remove();
});

const refused = (code: string, exit = 3) => ({
  code: exit,
  stderr: expect.stringMatching(new RegExp(`error ${code}: [^\\n]+\\n$`)),
});

const file = (policy = scripts.policy): string =>
  bench.put(`${policy.name}.json`, encodePolicyFile(policy));

const pinned = (): readonly string[] => {
  const folder = join(bench.home, 'regtest', 'policies');
  return existsSync(folder) ? readdirSync(folder) : [];
};

describe('a policy', () => {
  it('is pinned by its whole id, copied as it comes', async () => {
    const grouped =
      id
        .toUpperCase()
        .match(/.{1,4}/g)
        ?.join(' ') ?? '';
    const end = await bench.run('policy', 'import', file(), '--accept', grouped);
    expect(end).toMatchObject({ code: 0, stderr: '' });
    expect(end.stdout).toContain(id);
    expect(end.stdout).toContain('This station is Bolat.');
    expect(pinned()).toEqual([`${id}.json`]);
    expect(await bench.json('policy', 'show')).toMatchObject({ id, name: 'Reserve' });
    expect(await bench.json('policy', 'verify', file())).toMatchObject({ id, findings: [] });
  });

  it('is pinned by a person who types the beginning of its id', async () => {
    const yes = await bench.typing(id.slice(0, 8), 'policy', 'import', file());
    expect(yes.code).toBe(0);
    expect(yes.stderr).toContain(`Type ${id.slice(0, 8)} to go on`);
    expect(pinned()).toHaveLength(1);
  });

  it('is not pinned by a person who was shown nothing of it', async () => {
    const end = await bench.typing(id.slice(0, 8), '--json', 'policy', 'import', file());
    expect(end).toMatchObject({ code: 2, stdout: '' });
    expect(JSON.parse(end.stderr)).toMatchObject({ error: { code: 'CONFIRM_NO_TERMINAL' } });
    expect(pinned()).toEqual([]);
  });

  it.each(['', 'y', 'yes', id.slice(0, 7)])('is not pinned by the answer %j', async (answer) => {
    const no = await bench.typing(answer, 'policy', 'import', file());
    expect(no).toMatchObject(refused('CONFIRM_DECLINED'));
    expect(pinned()).toEqual([]);
  });

  it.each([
    ['another id', 'f'.repeat(64)],
    ['only the beginning of its id', id.slice(0, 8)],
    ['nothing', ''],
  ])('is not pinned by %s', async (_what, accept) => {
    expect(await bench.run('policy', 'import', file(), '--accept', accept)).toMatchObject(
      refused('STATION_ID_MISMATCH'),
    );
    expect(await bench.run('policy', 'import', file())).toMatchObject(
      refused('CONFIRM_NO_TERMINAL', 2),
    );
    expect(pinned()).toEqual([]);
    expect(await bench.json('journal', 'verify')).toMatchObject({ entries: 1 });
  });

  it('says that an id was accepted only in part', async () => {
    const end = await bench.run('policy', 'import', file(), '--accept', id.slice(0, 8));
    expect(end.stderr).toContain('What was accepted has 8 digits. Compare all 64 digits again');
  });

  const bolat = cosignerNamed('Bolat');
  const withBolat = (change: Partial<Cosigner>) =>
    samplePolicy('Reserve', [
      cosignerNamed('Aigerim'),
      { ...bolat, ...change },
      cosignerNamed('Dana'),
    ]);

  it.each([
    [
      "has another's key under this custodian's name",
      withBolat({ ...cosignerNamed('Kairat'), name: 'Bolat' }),
    ],
    [
      'has the key with another chain code',
      withBolat({ key: { ...bolat.key, chainCode: new Uint8Array(32).fill(1) } }),
    ],
    [
      'has the key with another fingerprint',
      withBolat({ origin: { ...bolat.origin, fingerprint: Uint8Array.of(1, 2, 3, 4) } }),
    ],
    [
      'has the key with another path, on which no signer would find it',
      withBolat({ origin: { ...bolat.origin, path: parseDerivationPath("m/48'/1'/7'/2'") } }),
    ],
  ])('is refused if it %s', async (_what, policy) => {
    expect(await bench.run('policy', 'import', file(policy))).toMatchObject(
      refused('STATION_KEY_NOT_IN_POLICY'),
    );
    expect(pinned()).toEqual([]);
  });

  it('is refused for another network, and with a byte changed', async () => {
    const main = samplePolicy(
      'Main',
      NAMES.map((name) => cosignerNamed(name, 'mainnet')),
      'mainnet',
    );
    expect(await bench.run('policy', 'import', file(main))).toMatchObject(
      refused('STATION_NETWORK_MIXED'),
    );
    const changed = encodePolicyFile(scripts.policy).replace('sortedmulti(2', 'sortedmulti(1');
    expect(await bench.run('policy', 'import', bench.put('changed.json', changed))).toMatchObject(
      refused('POLICY_ID_MISMATCH'),
    );
  });

  it('is not verified before it is pinned', async () => {
    expect(await bench.run('policy', 'verify', file())).toMatchObject(
      refused('STATION_POLICY_NOT_PINNED'),
    );
    expect(await bench.run('policy', 'show')).toMatchObject(refused('STATION_NO_POLICY', 2));
  });

  it('is refused under the name of another one, whoever asks', async () => {
    await bench.run('policy', 'import', file(), '--accept', id);
    const namesake = { ...scripts.policy, quorum: { required: 3, total: 3 } };
    const path = bench.put('namesake.json', encodePolicyFile(namesake));
    for (const end of [
      await bench.run('policy', 'import', path, '--accept', policyId(namesake)),
      await bench.typing(policyId(namesake).slice(0, 8), 'policy', 'import', path),
    ]) {
      expect(end).toMatchObject(refused('STATION_POLICY_EXISTS'));
      expect(end.stderr).toContain(id);
    }
    expect(pinned()).toEqual([`${id}.json`]);
    expect(await bench.json('journal', 'verify')).toMatchObject({ entries: 2 });
    expect(await bench.run('policy', 'import', file(), '--accept', id)).toMatchObject({ code: 0 });
  });

  it('is named when there are two', async () => {
    const second = samplePolicy('Second');
    await bench.run('policy', 'import', file(), '--accept', id);
    await bench.typing('', 'policy', 'import', file(second));
    const { id: other } = JSON.parse(encodePolicyFile(second)) as { id: string };
    await bench.run('policy', 'import', file(second), '--accept', other);
    const unnamed = await bench.run('policy', 'show');
    expect(unnamed).toMatchObject(refused('STATION_POLICY_AMBIGUOUS', 2));
    expect(unnamed.stderr).toContain(`Second (${other.slice(0, 8)})`);
    expect(await bench.json('--policy', 'Second', 'policy', 'show')).toMatchObject({ id: other });
    expect(await bench.json('policy', 'show', id.slice(0, 8))).toMatchObject({ id });
    expect(await bench.json('status')).toMatchObject({
      policies: expect.arrayContaining([
        { id, name: 'Reserve' },
        { id: other, name: 'Second' },
      ]),
    });
  });
});

describe('what the id of a policy does not bind', () => {
  const { policy } = scripts;
  const wider = {
    ...policy,
    limits: { ...defaultLimits, block: { ...defaultLimits.block, feeSats: 200_000_000n } },
  };
  const [first, ...others] = policy.cosigners as readonly [Cosigner, ...Cosigner[]];
  const renamed = { ...policy, cosigners: [{ ...first, name: 'Erlan' }, ...others] };
  const ahead = { ...policy, birthday: 0xffffffff };

  const importing = (of: WalletPolicy, ...rules: readonly string[]) =>
    bench.run(
      ...['policy', 'import', bench.put('other.json', encodePolicyFile(of)), '--accept', id],
      ...rules.flatMap((rule) => ['--accept-warning', rule]),
    );
  const files = (): string =>
    readFileSync(join(bench.home, 'regtest', 'policies', `${id}.json`), 'utf8');
  const lastFacts = (): unknown =>
    readFileSync(join(bench.home, 'regtest', 'journal.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { facts: unknown }).facts)
      .at(-1);

  it.each([
    ['other limits', wider, ['policy-limits-differ']],
    ['other names', renamed, ['policy-names-differ']],
    ['a birthday that is not over', ahead, ['policy-birthday-differs', 'policy-birthday-ahead']],
  ])(
    '%s of a pinned policy are accepted by their rules, or not at all',
    async (_what, changed, rules) => {
      expect(policyId(changed)).toBe(id);
      await importing(policy);
      const [before, told] = [files(), await bench.json('journal', 'verify')];
      for (const some of [[], ['policy-limits-wide'], rules.slice(1)]) {
        const end = await importing(changed, ...some);
        expect(end).toMatchObject(refused('STATION_WARNING_OPEN'));
        expect(end.stderr).toContain(rules[0]);
      }
      expect([files(), await bench.json('journal', 'verify')]).toEqual([before, told]);
      expect(await importing(changed, ...rules)).toMatchObject({ code: 0 });
      expect(files()).toBe(encodePolicyFile(changed));
      expect(lastFacts()).toMatchObject({ policyId: id, acceptedWarnings: rules });
    },
  );

  it.each([
    ['wider limits than usual', wider, 'policy-limits-wide'],
    ['a birthday that is not over', ahead, 'policy-birthday-ahead'],
  ])('%s are accepted by their rule at the first import, too', async (_what, strange, rule) => {
    expect(await importing(strange)).toMatchObject(refused('STATION_WARNING_OPEN'));
    expect(pinned()).toEqual([]);
    expect(await importing(strange, rule)).toMatchObject({ code: 0 });
    expect(lastFacts()).toMatchObject({ acceptedWarnings: [rule] });
  });

  it('is told of a first import that knows this station by the name of another', async () => {
    const [bolat, last] = others as readonly Cosigner[] as readonly [Cosigner, Cosigner];
    const swapped = {
      ...policy,
      cosigners: [first, { ...bolat, name: last.name }, { ...last, name: bolat.name }],
    } as WalletPolicy;
    expect(policyId(swapped)).toBe(id);
    const end = await importing(swapped, 'policy-names-differ');
    expect(end).toMatchObject(refused('STATION_WARNING_OPEN'));
    expect(end.stderr).toContain('policy-own-name-differs');
    expect(end.stdout).toContain('Expected "Bolat", found "Dana"');
    expect(pinned()).toEqual([]);
    expect(await importing(swapped, 'policy-own-name-differs')).toMatchObject({ code: 0 });
    expect(lastFacts()).toMatchObject({
      cosigner: 'Dana',
      acceptedWarnings: ['policy-own-name-differs'],
    });
    // Whoever pins it anew for another reason is told again.
    expect(await importing(swapped)).toMatchObject(refused('STATION_WARNING_OPEN'));
  });

  it('is in the journal as it was pinned', async () => {
    const narrow = { ...defaultLimits, changeWindow: 7 };
    expect(await importing({ ...policy, birthday: 7, limits: narrow })).toMatchObject({ code: 0 });
    expect(lastFacts()).toEqual({
      policyId: id,
      name: 'Reserve',
      cosigner: 'Bolat',
      cosigners: NAMES,
      birthday: 7,
      limits: limitsJson(narrow),
      acceptedWarnings: [],
    });
    // The same once more is no change.
    expect(await importing({ ...policy, birthday: 7, limits: narrow })).toMatchObject({ code: 0 });
  });

  it('is asked about by the name of its rule, before the id', async () => {
    await importing(policy);
    const path = bench.put('other.json', encodePolicyFile(wider));
    const no = await bench.typing(id.slice(0, 8), 'policy', 'import', path);
    expect(no).toMatchObject(refused('CONFIRM_DECLINED'));
    expect(no.stderr).toContain('found block.feeSats 200000000.');
    expect(no.stderr).toContain('Type policy-limits-differ to go on');
    const answers = ['policy-limits-differ', id.slice(0, 8)];
    const yes = await bench.answering(answers, 'policy', 'import', path);
    expect(yes.code).toBe(0);
    expect(lastFacts()).toMatchObject({ acceptedWarnings: ['policy-limits-differ'] });
  });

  it('is told by show and verify', async () => {
    await importing(ahead, 'policy-birthday-ahead');
    const rules = [{ rule: 'policy-birthday-ahead' }];
    expect(await bench.json('policy', 'show')).toMatchObject({ findings: rules });
    expect((await bench.run('policy', 'show')).stdout).toContain('WARN policy-birthday-ahead');
    expect(await bench.json('policy', 'verify', file(ahead as WalletPolicy))).toMatchObject({
      findings: rules,
    });
    expect(
      await bench.json('policy', 'verify', bench.put('x', encodePolicyFile(policy))),
    ).toMatchObject({
      findings: [{ rule: 'policy-birthday-differs' }],
    });
  });
});

describe('the addresses of a policy', () => {
  it('are derived here', async () => {
    const ready = await openReadyBench();
    try {
      const listed = (await ready.json('address', 'list', '--count', '3')) as unknown as unknown[];
      expect(listed).toHaveLength(3);
      expect(listed[0]).toMatchObject({ branch: 'receive', index: 0 });
      expect(
        await ready.json('address', 'list', '--branch', 'change', '--start', '7'),
      ).toMatchObject([{ branch: 'change', index: 7 }]);
      for (const odd of ['-1', '1e3', '100001', 'x']) {
        expect(await ready.run('address', 'list', '--start', odd)).toMatchObject(
          refused('STATION_OPTION_INVALID', 2),
        );
      }
      for (const odd of ['0', '-1', '100001']) {
        expect(await ready.run('address', 'list', '--count', odd)).toMatchObject(
          refused('STATION_OPTION_INVALID', 2),
        );
      }
      expect(readFileSync(join(ready.home, 'regtest', 'journal.jsonl'), 'utf8')).not.toContain(
        'bcrt',
      );
    } finally {
      ready.remove();
    }
  });
});
