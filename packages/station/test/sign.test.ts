import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { openJournal, readJournal } from '@qoima/journal';
import { defaultLimits, encodePolicyFile } from '@qoima/policy';
import { formatHex } from '@qoima/primitives';
import {
  convertPsbt,
  decodePsbt,
  encodePsbt,
  fieldsOf,
  formatPsbtBase64,
  INPUT,
  matchPolicy,
  type PsbtMap,
  verifySignatures,
} from '@qoima/psbt';
import { reviewPsbt } from '@qoima/review';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Bench,
  dearSpend,
  id,
  openBench,
  openReadyBench,
  PAYEE,
  sampleSpend,
  scripts,
  wordsOf,
} from './sample.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await openReadyBench();
});
afterEach(() => {
  bench.remove();
});

const refused = (code: string, exit = 3) => ({
  code: exit,
  stderr: expect.stringMatching(new RegExp(`error ${code}: [^\\n]+\\n$`)),
});

const spend = sampleSpend();
const { digest } = reviewPsbt(spend, scripts);
const path = (name: string): string => join(bench.folder, name);
const entries = () => readJournal(join(bench.home, 'regtest', 'journal.jsonl')).entries;

describe('signing', () => {
  it('follows a sheet that was shown and a digest that was accepted', async () => {
    const end = await bench.run(
      'sign',
      path('spend.psbt'),
      '--accept',
      digest,
      '--out',
      path('out'),
    );
    expect(end).toMatchObject({ code: 0, stderr: '' });
    expect(end.stdout).toContain('0.50 000 000 BTC');
    expect(end.stdout.replaceAll(' ', '')).toContain(digest);
    expect(end.stdout).toContain('Signatures by Bolat: 1.');
    const signed = decodePsbt(readFileSync(path('out')));
    expect(fieldsOf(signed.inputs[0] as PsbtMap, INPUT.partialSignature)).toHaveLength(1);
    verifySignatures(signed, matchPolicy(signed, scripts));
    expect(statSync(path('out')).mode & 0o777).toBe(0o600);
  });

  it('names the file that it cannot read or that is not the accepted one', async () => {
    const no = bench.put('no.psbt', 'hello');
    for (const command of ['inspect', 'sign']) {
      const end = await bench.run(command, no);
      expect(end).toMatchObject(refused('PSBT_NOT_A_PSBT'));
      expect(end.stderr).toContain(`${no}: `);
    }
    const other = await bench.run('sign', path('spend.psbt'), '--accept', 'f'.repeat(64));
    expect(other).toMatchObject(refused('STATION_ID_MISMATCH'));
    expect(other.stderr).toContain(`is not that of ${path('spend.psbt')}. Compare`);
  });

  it('is recorded before the signatures leave', async () => {
    await bench.run('sign', path('spend.psbt'), '--accept', digest, '--out', path('out'));
    expect(entries().map(({ event }) => event)).toEqual([
      'key.stored',
      'policy.pinned',
      'psbt.signed',
    ]);
    expect(entries().at(-1)?.facts).toMatchObject({
      digest,
      feeSats: '1000',
      payments: [{ amountSats: '50000000' }],
      acceptedWarnings: [],
      signatures: 1,
    });
    expect(await bench.json('status')).toMatchObject({
      signed: [{ txid: entries().at(-1)?.facts['txid'] }],
    });
  });

  it('writes beside the PSBT unless told where', async () => {
    const { file } = await bench.json('sign', path('spend.psbt'), '--accept', digest);
    expect(file).toMatch(/spend-signed-[0-9a-f]{8}\.psbt$/);
    expect(existsSync(String(file))).toBe(true);
  });

  it('takes the digest as it stands on the sheet', async () => {
    const grouped =
      digest
        .toUpperCase()
        .match(/.{1,4}/g)
        ?.join(' ') ?? '';
    const end = await bench.run('sign', path('spend.psbt'), '--accept', grouped);
    expect(end.code).toBe(0);
  });

  it('asks a person for the beginning of the digest', async () => {
    const no = await bench.typing('yes', 'sign', path('spend.psbt'), '--out', path('out'));
    expect(no).toMatchObject(refused('CONFIRM_DECLINED'));
    expect(existsSync(path('out'))).toBe(false);
    const yes = await bench.typing(
      digest.slice(0, 8),
      'sign',
      path('spend.psbt'),
      '--out',
      path('out'),
    );
    expect(yes.code).toBe(0);
    // The sheet came before the question.
    expect(yes.stdout).toContain('Pays');
    expect(entries()).toHaveLength(3);
  });

  it('asks nobody who was shown nothing', async () => {
    const argv = ['sign', path('spend.psbt'), '--out', path('out')];
    const end = await bench.typing(digest.slice(0, 8), '--json', ...argv);
    expect(end).toMatchObject({ code: 2, stdout: '' });
    expect(JSON.parse(end.stderr)).toMatchObject({ error: { code: 'CONFIRM_NO_TERMINAL' } });
    expect(end.stderr).not.toContain(digest.slice(0, 8));
    expect(entries()).toHaveLength(2);
    expect(await bench.typing('', '--json', ...argv, '--accept', digest)).toMatchObject({
      code: 0,
    });
  });

  it.each([
    ['in base64', `${formatPsbtBase64(spend)}\n`],
    ['in hex', formatHex(encodePsbt(spend))],
    ['of version 2', encodePsbt(convertPsbt(spend, 2))],
  ])('takes a PSBT %s for the same spend', async (_what, content) => {
    const file = bench.put('other', content);
    expect(await bench.run('sign', file, '--accept', digest, '--out', path('out'))).toMatchObject({
      code: 0,
    });
  });

  it('gives the same signature again, to the same file', async () => {
    const argv = ['sign', path('spend.psbt'), '--accept', digest, '--out', path('out')];
    await bench.run(...argv);
    const first = readFileSync(path('out'));
    expect(await bench.run(...argv)).toMatchObject({ code: 0 });
    expect(readFileSync(path('out'))).toEqual(first);
  });

  it('has nothing to add to its own work', async () => {
    await bench.run('sign', path('spend.psbt'), '--accept', digest, '--out', path('out'));
    expect(await bench.run('sign', path('out'), '--accept', digest)).toMatchObject(
      refused('STATION_ALREADY_SIGNED'),
    );
    expect(entries()).toHaveLength(3);
  });

  it('leaves a file alone that is there with other content, and records nothing', async () => {
    bench.put('out', 'mine');
    const end = await bench.run(
      'sign',
      path('spend.psbt'),
      '--accept',
      digest,
      '--out',
      path('out'),
    );
    expect(end).toMatchObject(refused('FILE_EXISTS'));
    expect(bench.read('out')).toBe('mine');
    expect(entries()).toHaveLength(2);
  });

  it('records nothing either if what is there is of the same spend, signed, and not the same', async () => {
    const argv = ['sign', path('spend.psbt'), '--accept', digest, '--out', path('out')];
    await bench.run(...argv);
    const { global, ...psbt } = decodePsbt(readFileSync(path('out')));
    const note = { type: 0xf0, keyData: new Uint8Array(), value: new Uint8Array() };
    const noted = encodePsbt({ ...psbt, global: [...global, note] });
    writeFileSync(path('out'), noted);
    expect(await bench.run(...argv)).toMatchObject(refused('FILE_EXISTS'));
    expect(new Uint8Array(readFileSync(path('out')))).toEqual(noted);
    expect(entries()).toHaveLength(3);
  });

  it.each([
    ['a folder that is not there', 'signed/', 'FILE_NAME_INVALID', 2],
    ['a file in one', 'signed/out', 'FILE_NOT_FOUND', 1],
    ['a name as long as names can be', 'o'.repeat(255), 'FILE_NAME_INVALID', 2],
    ['the PSBT itself', 'spend.psbt', 'FILE_EXISTS', 3],
  ])('notices before it asks that the place is %s', async (_what, name, code, exit) => {
    const sign = ['sign', path('spend.psbt'), '--out', `${bench.folder}/${name}`];
    const end = await bench.typing(digest.slice(0, 8), ...sign);
    expect(end).toMatchObject({ code: exit, stderr: expect.stringContaining(`error ${code}: `) });
    expect(end.stderr).not.toContain('to go on');
    expect(entries()).toHaveLength(2);
  });

  it('notices that it was given no place, or that its own would have too long a name', async () => {
    const sign = ['sign', '--accept', digest];
    expect(await bench.run(...sign, path('spend.psbt'), '--out', '')).toMatchObject(
      refused('FILE_NAME_INVALID', 2),
    );
    const long = bench.put(`${'s'.repeat(233)}.psbt`, encodePsbt(spend));
    expect(await bench.run(...sign, long)).toMatchObject(refused('FILE_NAME_INVALID', 2));
    expect(entries()).toHaveLength(2);
  });

  it('lets no name of a file begin a line', async () => {
    const name = `spend\nDigest  ${'a'.repeat(8)}\u001b[32m.psbt`;
    const end = await bench.typing(digest.slice(0, 8), 'sign', bench.put(name, encodePsbt(spend)));
    expect(end.code).toBe(0);
    expect(end.stdout).not.toContain('\nDigest  aaaa');
    expect(end.stdout).toContain('spend\\u{a}Digest  aaaaaaaa\\u{1b}[32m-signed-');
  });

  it('is not under limits that are no longer pinned', async () => {
    const typed = bench.waiting('sign', path('spend.psbt'), '--out', path('out'));
    const { warn, block } = defaultLimits;
    const limits = {
      ...defaultLimits,
      warn: { ...warn, feeSats: 900n },
      block: { ...block, feeSats: 999n },
    };
    const tight = bench.put('tight.json', encodePolicyFile({ ...scripts.policy, limits }));
    const pinning = ['policy', 'import', tight, '--accept', id];
    const pinned = await bench.run(...pinning, '--accept-warning', 'policy-limits-differ');
    expect(pinned).toMatchObject({ code: 0 });
    expect(await typed(digest.slice(0, 8))).toMatchObject(refused('STATION_POLICY_CHANGED'));
    expect(existsSync(path('out'))).toBe(false);
    expect(entries()).toHaveLength(3);
  });

  it('wants each warning accepted by its rule', async () => {
    const file = bench.put('dear.psbt', encodePsbt(dearSpend()));
    const accept = ['--accept', reviewPsbt(dearSpend(), scripts).digest];
    const inspected = await bench.run('inspect', file);
    expect(inspected.code).toBe(0);
    expect(inspected.stdout).toContain('WARN fee-rate');
    expect(inspected.stdout).toContain('WARN output-op-return');
    const one = ['--accept-warning', 'output-op-return'];
    expect(await bench.run('sign', file, ...accept)).toMatchObject(refused('STATION_WARNING_OPEN'));
    const half = await bench.run('sign', file, ...accept, ...one);
    expect(half).toMatchObject(refused('STATION_WARNING_OPEN'));
    expect(half.stderr).toContain('fee-rate');
    const both = await bench.run('sign', file, ...accept, ...one, '--accept-warning', 'fee-rate');
    expect(both.code).toBe(0);
    expect(entries().at(-1)?.facts).toMatchObject({
      acceptedWarnings: ['output-op-return', 'fee-rate'],
    });
  });

  it('is not judged by a copy of a policy file', async () => {
    const policies = join(bench.home, 'regtest', 'policies');
    copyFileSync(join(policies, `${id}.json`), join(policies, 'copy.json'));
    const end = await bench.run('sign', path('spend.psbt'), '--accept', digest);
    expect(end).toMatchObject(refused('STATION_FILE_INVALID', 1));
    expect(end.stderr).toContain('copy.json is not the file of its policy');
  });

  it('lets nobody wave a block through', async () => {
    const lie = {
      ...spend,
      inputs: spend.inputs.map((map) =>
        map.filter(({ type }) => type !== INPUT.nonWitnessUtxo.type),
      ),
    };
    const file = bench.put('lie.psbt', encodePsbt(lie));
    const accept = ['--accept', reviewPsbt(lie, scripts).digest];
    const waved = ['--accept-warning', 'previous-transaction-missing'];
    const end = await bench.run('sign', file, ...accept, ...waved);
    expect(end).toMatchObject(refused('STATION_REVIEW_BLOCKED'));
    expect(end.stderr).toContain('previous-transaction-missing, input 0');
    const { stderr } = await bench.run('--json', 'sign', file, ...accept);
    expect(JSON.parse(stderr)).toMatchObject({
      error: {
        code: 'STATION_REVIEW_BLOCKED',
        details: { findings: [{ rule: 'previous-transaction-missing', severity: 'block' }] },
      },
    });
  });

  it('writes the sheet as a page to print', async () => {
    await bench.run('inspect', path('spend.psbt'), '--html', path('sheet.html'));
    const page = bench.read('sheet.html');
    expect(page).toContain('0.50 000 000 BTC');
    expect(page).toContain(digest.match(/.{1,4}/g)?.join(' '));
    expect(page).not.toContain('<script');
  });

  it('needs a key, and a policy', async () => {
    const bare = openBench();
    try {
      const file = bare.put('spend.psbt', encodePsbt(spend));
      expect(await bare.run('sign', file)).toMatchObject(refused('STATION_NO_POLICY', 2));
      await bare.given(wordsOf('Dana'), 'key', 'import', '--name', 'Dana');
      expect(await bare.run('inspect', file)).toMatchObject(refused('STATION_NO_POLICY', 2));
    } finally {
      bare.remove();
    }
  });

  describe('what was signed before', () => {
    /** The same coin, spent once more with another fee. */
    const sibling = sampleSpend(scripts, [
      { kind: 'payment', scriptPubKey: PAYEE, amount: 50_000_000n },
      { kind: 'change', index: 0, amount: 49_998_000n },
    ]);
    const siblingDigest = reviewPsbt(sibling, scripts).digest;
    const sign = (file: string, accept: string, ...more: string[]) =>
      bench.run('sign', file, '--accept', accept, ...more);

    it('is in the journal, coin by coin', async () => {
      await sign(path('spend.psbt'), digest);
      const [coin] = reviewPsbt(spend, scripts).coins;
      expect(entries().at(-1)?.facts['coins']).toEqual([
        { outpoint: `${coin?.outpoint.txid}:0`, amountSats: '100000000' },
      ]);
    });

    it('is a warning in another transaction, and the one before is blocked then', async () => {
      const file = bench.put('sibling.psbt', encodePsbt(sibling));
      expect(await bench.run('inspect', file)).toMatchObject({
        code: 0,
        stdout: expect.not.stringContaining('history-'),
      });
      await sign(path('spend.psbt'), digest);
      const warned = await sign(file, siblingDigest);
      expect(warned).toMatchObject(refused('STATION_WARNING_OPEN'));
      expect(warned.stderr).toContain('history-coin-signed');
      expect(entries()).toHaveLength(3);
      const accepted = await sign(file, siblingDigest, '--accept-warning', 'history-coin-signed');
      expect(accepted.code).toBe(0);
      expect(entries().at(-1)?.facts['acceptedWarnings']).toEqual(['history-coin-signed']);
      // Once more, for a file that was lost: it is known by now.
      expect(await sign(file, siblingDigest)).toMatchObject({ code: 0 });
      const back = await sign(path('spend.psbt'), digest, '--out', path('again'));
      expect(back).toMatchObject(refused('STATION_REVIEW_BLOCKED'));
      expect(back.stderr).toContain('history-superseded');
    });

    it('counts also if it was signed while the custodian read', async () => {
      const file = bench.put('sibling.psbt', encodePsbt(sibling));
      // The question is open; meanwhile the same station signs the sibling.
      const typed = bench.waiting('sign', path('spend.psbt'), '--out', path('out'));
      await sign(file, siblingDigest);
      expect(await typed(digest.slice(0, 8))).toMatchObject(refused('STATION_WARNING_OPEN'));
      expect(existsSync(path('out'))).toBe(false);
      expect(entries()).toHaveLength(3);
    });

    it('is read from a journal that a crash has cut', async () => {
      await sign(path('spend.psbt'), digest);
      const journal = join(bench.home, 'regtest', 'journal.jsonl');
      appendFileSync(journal, '{"event":"psbt.si');
      const file = bench.put('sibling.psbt', encodePsbt(sibling));
      const warned = await bench.run('inspect', file);
      expect(warned).toMatchObject({ code: 0 });
      expect(warned.stdout).toContain('WARN history-coin-signed');
    });

    const edit = (from: string, to: string): void => {
      const journal = join(bench.home, 'regtest', 'journal.jsonl');
      const text = readFileSync(journal, 'utf8');
      expect(text).toContain(from);
      writeFileSync(journal, text.replace(from, to));
    };

    it.each(['lost', 'begun anew'])(
      'is not taken for empty when the journal is %s',
      async (how) => {
        await bench.run('sign', path('spend.psbt'), '--accept', digest);
        const journal = join(bench.home, 'regtest', 'journal.jsonl');
        rmSync(journal);
        if (how === 'begun anew') openJournal(journal, { clock: () => new Date(0) }).close();
        const commands = [
          ['inspect', path('spend.psbt')],
          ['sign', path('spend.psbt'), '--accept', digest, '--out', path('again')],
          ['status'],
        ];
        for (const argv of commands) {
          expect(await bench.run(...argv), argv[0]).toMatchObject(refused('STATION_JOURNAL_OTHER'));
        }
        expect((await bench.run('journal', 'verify')).code).not.toBe(0);
        expect(existsSync(path('again'))).toBe(false);
      },
    );

    it('tells of a clock that was set back', async () => {
      const journal = openJournal(join(bench.home, 'regtest', 'journal.jsonl'), {
        clock: () => new Date('2026-01-30T12:00:00Z'),
      });
      journal.append('test.done', {});
      journal.close();
      const [text, json] = [
        await bench.run('journal', 'verify'),
        await bench.json('journal', 'verify'),
      ];
      expect(text).toMatchObject({ code: 0 });
      expect(text.stdout).toContain('NOTE journal-time-backwards, line 3: The clock was set back');
      expect(json).toMatchObject({ notes: [{ rule: 'journal-time-backwards', where: 'line 3' }] });
    });

    it('is not that of another station', async () => {
      const other = await openReadyBench('Dana');
      const of = (home: string): string => join(home, 'regtest', 'journal.jsonl');
      copyFileSync(of(other.home), of(bench.home));
      other.remove();
      const end = await bench.run('inspect', path('spend.psbt'));
      expect(end).toMatchObject(refused('STATION_JOURNAL_OTHER'));
      expect(await bench.run('journal', 'verify')).toMatchObject(refused('STATION_JOURNAL_OTHER'));
    });

    it('cannot be asked of a journal that was edited', async () => {
      await sign(path('spend.psbt'), digest);
      edit('Bolat', 'Botal');
      const file = path('spend.psbt');
      expect(await sign(file, digest)).toMatchObject(refused('JOURNAL_BROKEN'));
      expect(await bench.run('inspect', file)).toMatchObject(refused('JOURNAL_BROKEN'));
    });

    it('blocks a coin that was worth another amount', async () => {
      await sign(path('spend.psbt'), digest);
      // The end of a journal is all that can be changed unseen: as if it had been worth less then.
      edit('"amountSats":"100000000"', '"amountSats":"100000001"');
      const end = await sign(path('spend.psbt'), digest);
      expect(end).toMatchObject(refused('STATION_REVIEW_BLOCKED'));
      expect(end.stderr).toContain('history-amount-differs, input 0');
      edit('"coins":[', '"coins":[7,');
      const strange = await bench.run('inspect', path('spend.psbt'));
      expect(strange).toMatchObject(refused('STATION_FILE_INVALID', 1));
    });
  });

  it('shows a spend to a person without signing it', async () => {
    const end = await bench.run('inspect', path('spend.psbt'));
    expect(end).toMatchObject({ code: 0, stderr: '' });
    expect(await bench.json('inspect', path('spend.psbt'))).toMatchObject({
      digest,
      feeSats: '1000',
    });
    expect(entries()).toHaveLength(2);
  });
});
