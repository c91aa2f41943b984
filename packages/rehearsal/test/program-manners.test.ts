import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openJournal } from '@qoima/journal';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { End } from './programs-at-hand.ts';
import { done, json, openReserve, propose, type Reserve, sign } from './reserve.ts';

let reserve: Reserve;
let spend: { readonly id: string; readonly digest: string };

beforeAll(async () => {
  reserve = await openReserve({ coins: 3 });
  spend = await propose(reserve, 'spend.psbt');
});
afterAll(() => reserve.close());

const pay = (...more: readonly string[]): readonly string[] => [
  ...['propose', '--pay', `${reserve.faucet.address}=0.1`, '--fee-rate', '2'],
  ...more,
];

/** Expects one line with this code and this exit code, and no change. */
const refusal = async (run: () => Promise<End>, code: string, exit: number): Promise<string> => {
  const before = reserve.digest();
  const end = await run();
  expect(end.stderr).toMatch(new RegExp(`^error ${code}: [^\\n]+\\.\\n$`));
  expect(end.code).toBe(exit);
  expect(reserve.digest()).toBe(before);
  return end.stderr;
};

describe('a file that is there already', () => {
  it('is not written over, and nothing is done that could not be undone', async () => {
    const there = reserve.put('there.txt', 'something of mine');
    const records = ['Aigerim', 'Bolat', 'Dana'].map((who) => reserve.medium(`${who}.key.json`));
    const create = ['policy', 'create', '--name', 'Second', ...records, '--out', there];
    await refusal(() => reserve.qoima(...create), 'FILE_EXISTS', 3);
    await refusal(() => reserve.qoima(...pay('--out', there)), 'FILE_EXISTS', 3);
    await refusal(() => reserve.qoima('export', spend.id, '--out', there), 'FILE_EXISTS', 3);
    await refusal(() => reserve.qoima('policy', 'show', '--out', there), 'FILE_EXISTS', 3);
    const psbt = reserve.medium('spend.psbt');
    await refusal(
      () => reserve.station('Erlan', 'sign', psbt, '--accept', spend.digest, '--out', there),
      'FILE_EXISTS',
      3,
    );
    await refusal(
      () => reserve.station('Erlan', 'key', 'export', '--out', there),
      'FILE_EXISTS',
      3,
    );
    expect(readFileSync(there, 'utf8')).toBe('something of mine');
  });

  it('is no obstacle if it holds the same', async () => {
    const out = reserve.medium('exported.psbt');
    await done(reserve.qoima('export', spend.id, '--out', out));
    await done(reserve.qoima('export', spend.id, '--out', out));
    await done(
      reserve.station('Fatima', 'key', 'export', '--out', reserve.medium('Fatima.key.json')),
    );
    const first = await sign(reserve, 'Fatima', out, spend.digest);
    expect(await sign(reserve, 'Fatima', out, spend.digest)).toBe(first);
  });
});

describe('a folder that is not there', () => {
  it('costs nothing either', async () => {
    const nowhere = reserve.medium('no such folder/out.psbt');
    await refusal(() => reserve.qoima(...pay('--out', nowhere)), 'FILE_NOT_FOUND', 1);
    await refusal(
      () =>
        reserve.station(
          ...(['Erlan', 'sign', reserve.medium('spend.psbt'), '--accept', spend.digest] as const),
          ...['--out', nowhere],
        ),
      'FILE_NOT_FOUND',
      1,
    );
  });

  it('or one that is a file', async () => {
    const file = reserve.put('file', '');
    await refusal(() => reserve.qoima(...pay('--out', join(file, 'x'))), 'FILE_NOT_REGULAR', 1);
  });
});

describe('a second process', () => {
  const journalOf = async (end: Promise<End>): Promise<string> =>
    ((await json(end)) as { path: string }).path;

  it('that holds the lock keeps all others from changing anything', async () => {
    const coordinator = await journalOf(reserve.qoima('--json', 'journal', 'verify'));
    const station = await journalOf(reserve.station('Erlan', '--json', 'journal', 'verify'));
    const clock = () => new Date(0);
    const held = [openJournal(coordinator, { clock }), openJournal(station, { clock })];
    try {
      const psbt = reserve.medium('spend.psbt');
      await refusal(() => reserve.qoima('address', 'next'), 'JOURNAL_LOCKED', 1);
      await refusal(() => reserve.qoima(...pay()), 'JOURNAL_LOCKED', 1);
      await refusal(() => reserve.qoima('combine', psbt), 'JOURNAL_LOCKED', 1);
      await refusal(() => reserve.qoima('finalize', spend.id), 'JOURNAL_LOCKED', 1);
      await refusal(
        () => reserve.station('Erlan', 'sign', psbt, '--accept', spend.digest),
        'JOURNAL_LOCKED',
        1,
      );
      // Looking is free.
      await done(reserve.qoima('status'));
      await done(reserve.qoima('inspect', psbt));
      await done(reserve.station('Erlan', 'status'));
    } finally {
      for (const journal of held) journal.close();
    }
  });
});

describe('what comes too early, or is not there', () => {
  it('says so', async () => {
    await refusal(() => reserve.qoima('finalize', spend.id), 'PSBT_INCOMPLETE', 4);
    await refusal(() => reserve.qoima('broadcast', spend.id), 'COORDINATOR_NOT_FINAL', 4);
    await refusal(() => reserve.qoima('status', 'ffff'), 'COORDINATOR_NO_PROPOSAL', 2);
    for (const odd of [
      '',
      '.',
      '..',
      '../policies',
      `../${spend.id}`,
      '/etc/passwd',
      '\u001b[2J',
    ]) {
      await refusal(() => reserve.qoima('finalize', odd), 'COORDINATOR_NO_PROPOSAL', 2);
    }
    await refusal(() => reserve.qoima('--policy', 'Nobody', 'coins'), 'COORDINATOR_NO_POLICY', 2);
    await refusal(() => reserve.qoima('--network', 'signet', 'coins'), 'COORDINATOR_NO_POLICY', 2);
    await refusal(() => reserve.qoima('--network', 'moon', 'coins'), 'NETWORK_UNKNOWN', 2);
  });

  it('says how much is missing', async () => {
    const { faucet } = reserve;
    const run = reserve.qoima(
      '--json',
      'propose',
      '--pay',
      `${faucet.address}=40`,
      '--fee-rate',
      '1',
    );
    const { code, stderr } = await run;
    expect(code).toBe(3);
    expect(JSON.parse(stderr)).toMatchObject({
      error: {
        code: 'COORDINATOR_FUNDS_SHORT',
        details: { actual: '100000000', missingSats: expect.stringMatching(/^3900000\d{3}$/) },
      },
    });
  });

  it('waits for a person where nobody is', async () => {
    const psbt = reserve.medium('spend.psbt');
    await refusal(() => reserve.station('Erlan', 'sign', psbt), 'CONFIRM_NO_TERMINAL', 2);
    const other = 'f'.repeat(64);
    await refusal(
      () => reserve.station('Erlan', 'sign', psbt, '--accept', other),
      'STATION_ID_MISMATCH',
      3,
    );
    await refusal(
      () => reserve.station('Erlan', 'sign', psbt, '--accept', spend.digest.slice(0, 8)),
      'STATION_ID_MISMATCH',
      3,
    );
  });

  it('wants every warning accepted by its rule', async () => {
    const dust = ['propose', '--pay', `${reserve.faucet.address}=0.000001`, '--fee-rate', '2'];
    const out = reserve.medium('dust.psbt');
    await refusal(() => reserve.qoima(...dust, '--out', out), 'COORDINATOR_WARNING_OPEN', 3);
    const accepted = [...dust, '--accept-warning', 'output-dust', '--out', out];
    const { report } = (await json(reserve.qoima('--json', ...accepted))) as {
      report: { digest: string };
    };
    const accept = ['sign', out, '--accept', report.digest];
    const line = await refusal(
      () => reserve.station('Erlan', ...accept),
      'STATION_WARNING_OPEN',
      3,
    );
    expect(line).toContain('output-dust, output 0');
    await refusal(
      () => reserve.station('Erlan', ...accept, '--accept-warning', 'output-dist'),
      'STATION_WARNING_OPEN',
      3,
    );
    await done(reserve.station('Erlan', ...accept, '--accept-warning', 'output-dust'));
  });
});

describe('--json', () => {
  const errorOf = async (run: Promise<End>): Promise<unknown> => {
    const { stdout, stderr } = await run;
    expect(stdout).toBe('');
    return JSON.parse(stderr);
  };

  it('puts an error on stderr as one value, and nothing on stdout', async () => {
    const file = reserve.put('none.psbt', '');
    const none = { error: { code: 'PSBT_NOT_A_PSBT', message: expect.any(String) } };
    expect(await errorOf(reserve.qoima('--json', 'combine', file))).toMatchObject(none);
    expect(await errorOf(reserve.station('Dana', '--json', 'inspect', file))).toMatchObject(none);
    expect(await errorOf(reserve.qoima('--json', 'conjure'))).toMatchObject({
      error: { code: 'USAGE_INVALID' },
    });
  });

  it('puts a result on stdout as one value, and nothing on stderr', async () => {
    for (const argv of [['status'], ['coins'], ['address', 'list'], ['policy', 'show']]) {
      const { stdout, stderr, code } = await reserve.qoima('--json', ...argv);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      JSON.parse(stdout);
    }
  });

  it('has every amount as a decimal string under a key that ends in Sats', async () => {
    const values = [
      await json(reserve.qoima('--json', 'coins')),
      await json(reserve.qoima('--json', 'status', spend.id)),
      await json(reserve.qoima('--json', 'inspect', reserve.medium('spend.psbt'))),
      await json(reserve.station('Dana', '--json', 'inspect', reserve.medium('spend.psbt'))),
    ];
    const amounts: [string, unknown][] = [];
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [key, member] of Object.entries(value)) {
        if (/sats/i.test(key)) amounts.push([key, member]);
        // No amount of half a bitcoin hides as a number anywhere.
        else if (typeof member === 'number') expect(member).toBeLessThan(1_000_000);
        visit(member);
      }
    };
    for (const value of values) visit(value);
    expect(amounts.length).toBeGreaterThan(10);
    for (const [key, amount] of amounts.filter(([name]) => name.endsWith('Sats'))) {
      expect([key, amount]).toEqual([key, expect.stringMatching(/^[0-9]+$/)]);
    }
  });
});

describe('what was tampered with', () => {
  it('stops the coordinator: a journal with a line changed', async () => {
    const { path } = (await json(reserve.qoima('--json', 'journal', 'verify'))) as { path: string };
    const whole = readFileSync(path);
    writeFileSync(path, whole.toString().replace('Reserve', 'reserve'));
    await refusal(() => reserve.qoima('journal', 'verify'), 'JOURNAL_BROKEN', 3);
    await refusal(() => reserve.qoima('address', 'next'), 'JOURNAL_BROKEN', 3);
    writeFileSync(path, whole);
    await done(reserve.qoima('journal', 'verify'));
  });

  it('stops the coordinator: a proposal that calls itself another', async () => {
    const { path } = (await json(reserve.qoima('--json', 'journal', 'verify'))) as { path: string };
    const other = join(dirname(path), 'proposals', 'e'.repeat(64));
    const own = join(dirname(path), 'proposals', spend.id, 'proposal.json');
    mkdirSync(other);
    writeFileSync(join(other, 'proposal.json'), readFileSync(own));
    await refusal(() => reserve.qoima('status', 'eeee'), 'COORDINATOR_FILE_INVALID', 1);
    appendFileSync(join(other, 'proposal.json'), '!');
    await refusal(() => reserve.qoima('status', 'eeee'), 'COORDINATOR_FILE_INVALID', 1);
  });
});
