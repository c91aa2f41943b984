import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeKeyRecord, formatCosignerKey } from '@qoima/policy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, cosignerNamed, openBench, wordsOf } from './sample.ts';

let bench: Bench;
beforeEach(() => {
  bench = openBench();
});
afterEach(() => {
  bench.remove();
});

const refused = (code: string, exit: number) => ({
  code: exit,
  stderr: expect.stringMatching(new RegExp(`^error ${code}: [^\\n]+\\n$`)),
});

const keyFile = (): string => join(bench.home, 'regtest', 'key.json');

describe('the key of a station', () => {
  it('is made of the randomness it is given, and its record can be read', async () => {
    expect(await bench.run('key', 'create', '--name', 'Bolat')).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(statSync(keyFile()).mode & 0o777).toBe(0o600);
    const out = join(bench.folder, 'record.json');
    const shown = await bench.json('key', 'export', '--out', out);
    const { cosigner, network } = decodeKeyRecord(readFileSync(out, 'utf8'));
    expect({ network, name: cosigner.name }).toEqual({ network: 'regtest', name: 'Bolat' });
    expect(shown).toMatchObject({ key: formatCosignerKey(cosigner) });
  });

  it('is the one of the words, whatever white space and capitals they come in', async () => {
    const words = `  ${wordsOf('Bolat').toUpperCase().replaceAll(' ', '\n')}\n`;
    expect(await bench.given(words, 'key', 'import', '--name', 'Bolat')).toMatchObject({ code: 0 });
    expect(await bench.json('key', 'export', '--out', join(bench.folder, 'r'))).toMatchObject({
      key: formatCosignerKey(cosignerNamed('Bolat')),
    });
  });

  it('is asked for, of a person at a terminal', async () => {
    const end = await bench.typing('', 'key', 'import', '--name', 'Bolat');
    expect(end.stderr).toMatch(/^Type the 12 to 24 words, .* then Enter and Ctrl-D\..*\n/);
    expect((await bench.given(wordsOf('Bolat'), 'key', 'import', '--name', 'Bolat')).stderr).toBe(
      '',
    );
  });

  it('is another one for each script type', async () => {
    await bench.run('key', 'create', '--name', 'Bolat');
    const paths = [];
    for (const kind of ['wsh', 'sh-wsh', 'sh']) {
      const out = join(bench.folder, kind);
      const { key } = await bench.json('key', 'export', '--script', kind, '--out', out);
      paths.push(/\/(.*)\]/.exec(String(key))?.[1]);
    }
    expect(paths).toEqual(["48'/1'/0'/2'", "48'/1'/0'/1'", "87'/1'/0'"]);
  });

  it('is never written over', async () => {
    await bench.run('key', 'create', '--name', 'Bolat');
    const before = readFileSync(keyFile());
    const again = await bench.given(wordsOf('Dana'), 'key', 'import', '--name', 'Dana');
    expect(again).toMatchObject(refused('STATION_KEY_EXISTS', 3));
    expect(await bench.run('key', 'create', '--name', 'Dana')).toMatchObject(
      refused('STATION_KEY_EXISTS', 3),
    );
    expect(readFileSync(keyFile())).toEqual(before);
    expect(await bench.json('journal', 'verify')).toMatchObject({ entries: 1 });
  });

  it.each([
    ['too few words', 'abandon abandon', 'SIGNER_MNEMONIC_INVALID'],
    ['a word that is none', wordsOf('Bolat').replace(/^\w+/, 'qoima'), 'SIGNER_MNEMONIC_INVALID'],
    ['a wrong checksum', `${'abandon '.repeat(11)}abandon`, 'SIGNER_MNEMONIC_INVALID'],
    ['nothing', '', 'SIGNER_MNEMONIC_INVALID'],
    ['far too much', 'abandon '.repeat(1000), 'SIGNER_MNEMONIC_INVALID'],
  ])('is not taken from %s', async (_what, words, code) => {
    const end = await bench.given(words, 'key', 'import', '--name', 'Bolat');
    expect(end).toMatchObject(refused(code, 3));
    expect(end.stderr).not.toMatch(/abandon|qoima\b.*qoima/);
    expect(existsSync(bench.home)).toBe(false);
  });

  it.each(['', ' Bolat', 'a\nb', '\u001b[31mBolat', 'Болат', 'x'.repeat(65)])(
    'has no name like %j, which no policy takes',
    async (name) => {
      const end = await bench.run('key', 'create', '--name', name);
      expect(end).toMatchObject(refused('POLICY_NAME_INVALID', 3));
      expect(existsSync(bench.home)).toBe(false);
    },
  );

  it('is missed by what needs one', async () => {
    const out = join(bench.folder, 'record.json');
    expect(await bench.run('key', 'export', '--out', out)).toMatchObject(
      refused('STATION_KEY_MISSING', 2),
    );
    expect(await bench.json('status')).toMatchObject({ name: null, fingerprint: null });
  });

  it.each([
    ['no JSON', 'legal winner thank year'],
    ['another format', '{"format":"qoima-station-key/2","name":"B","mnemonic":"legal winner"}'],
    ['no mnemonic', '{"format":"qoima-station-key/1","name":"B","mnemonic":"legal winner"}'],
  ])('is not quoted when its file holds %s', async (_what, text) => {
    await bench.run('key', 'create', '--name', 'Bolat');
    writeFileSync(keyFile(), text);
    for (const argv of [['status'], ['--json', 'status']]) {
      const end = await bench.run(...argv);
      expect(end.code).not.toBe(0);
      expect(end.stdout + end.stderr).not.toMatch(/legal|winner/);
    }
  });

  it('is not read from a file that says a member twice', async () => {
    await bench.run('key', 'create', '--name', 'Bolat');
    const text = readFileSync(keyFile(), 'utf8').replace('"name"', '"name": "Dana", "name"');
    writeFileSync(keyFile(), text);
    expect(await bench.run('status')).toMatchObject(refused('STATION_FILE_INVALID', 1));
  });

  it('stands in no file but its own, and on no screen', async () => {
    const words = wordsOf('Bolat');
    const ends = [
      await bench.given(words, 'key', 'import', '--name', 'Bolat'),
      await bench.run('key', 'export', '--out', join(bench.folder, 'record.json')),
      await bench.run('status'),
      await bench.run('--json', 'status'),
      await bench.run('--json', 'journal', 'verify'),
    ];
    const files = readdirSync(bench.folder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(bench.folder, name))
      .filter((path) => statSync(path).isFile() && path !== keyFile())
      .map((path) => readFileSync(path, 'utf8'));
    expect(files).toHaveLength(2);
    const [first = '', second = ''] = words.split(' ');
    for (const text of [...files, ...ends.map(({ stdout, stderr }) => stdout + stderr)]) {
      expect(text).not.toContain(`${first} ${second}`);
      expect(text).not.toMatch(/[xt]prv/);
    }
    expect(readFileSync(keyFile(), 'utf8')).toContain(words);
  });
});
