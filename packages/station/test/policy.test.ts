import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cosigner, encodePolicyFile, parseDerivationPath } from '@qoima/policy';
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
      expect(readFileSync(join(ready.home, 'regtest', 'journal.jsonl'), 'utf8')).not.toContain(
        'bcrt',
      );
    } finally {
      ready.remove();
    }
  });
});
