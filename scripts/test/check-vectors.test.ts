import { describe, expect, it } from 'vitest';
import { formatBreach } from '../breach.ts';
import { checkVectors } from '../check-vectors.ts';
import { workspaceRoot } from '../workspace.ts';
import { type Files, withWorkspace } from './planted-workspace.ts';

const readme = (row: string): string => `
| file | cases | source | licence | read by |
|---|---|---|---|---|
${row}

| repository | version |
|---|---|
| a/b | \`0123abcd\` |

| vectors | cases |
|---|---|
| \`psbt/a.json\` | \`a-1\` and whatever has \`code\` |
| the same | \`a-1\` |
`;

const row = '| `psbt/a.json` | 1 | `a/b`, a.md | MIT | `packages/psbt/test/a.test.ts` |';

const file = (licence = 'MIT', more = {}): string =>
  JSON.stringify({
    source: [{ repo: 'a/b', licence, commit: '0123abcd' }],
    entries: [{ id: 'a-1' }],
    ...more,
  });

const sound: Files = {
  'test-vectors/README.md': readme(row),
  'test-vectors/psbt/a.json': file(),
  'packages/psbt/test/a.test.ts': "readVectors('psbt/a.json')",
};

const breachesWith = (changes: Files): readonly string[] =>
  withWorkspace({ ...sound, ...changes }, (root) => checkVectors(root).map(formatBreach));

describe('checkVectors', () => {
  it('finds nothing wrong with a file that has its row and its test', () => {
    expect(breachesWith({})).toEqual([]);
    expect(
      breachesWith({
        'packages/psbt/test/a.test.ts':
          "for (const name of ['a']) readVectors(`psbt/${name}.json`)",
      }),
    ).toEqual([]);
  });

  it('counts the files of an index of recordings to the index, and no others', () => {
    const recorded: Files = {
      'test-vectors/README.md': readme(row).replaceAll('psbt/a.json', 'psbt/index.json'),
      'test-vectors/psbt/a.json': undefined,
      'test-vectors/psbt/index.json': JSON.stringify({
        vectors: [{ name: 'a-1', file: 'a.apdu' }],
      }),
      'test-vectors/psbt/a.apdu': '=> 00',
      'packages/psbt/test/a.test.ts': "read('psbt/index.json')",
    };
    expect(breachesWith(recorded)).toEqual([]);
    expect(breachesWith({ ...recorded, 'test-vectors/psbt/b.apdu': '' })).toEqual([
      'test-vectors/psbt/b.apdu: vectors: it has no row in test-vectors/README.md',
    ]);
  });

  it('finds nothing in this workspace', () => {
    expect(checkVectors(workspaceRoot).map(formatBreach)).toEqual([]);
  });

  it.each<[string, Files, string]>([
    [
      'a file without a row',
      { 'test-vectors/b.json': file() },
      'b.json: vectors: it has no row in test-vectors/README.md',
    ],
    [
      'a row without a file',
      { 'test-vectors/README.md': readme(`${row}\n${row.replace('a.json', 'b.json')}`) },
      'README.md: vectors: its row psbt/b.json has no file',
    ],
    [
      'another number of cases',
      { 'test-vectors/psbt/a.json': file('MIT', { entries: [{ id: 'a-1' }, { id: 'a-2' }] }) },
      'psbt/a.json: vectors: it has 2 cases and its row says 1',
    ],
    [
      'another licence',
      { 'test-vectors/psbt/a.json': file('ISC') },
      'psbt/a.json: vectors: its row lacks licence ISC',
    ],
    [
      'a licence that cannot be passed on',
      { 'test-vectors/psbt/a.json': file('MIT', { note: 'from x, MIT + Commons Clause' }) },
      'psbt/a.json: vectors: it holds something under Commons Clause or CC-BY-SA, which Qoima leaves out',
    ],
    [
      'another version',
      { 'test-vectors/README.md': readme(row).replace('0123', '3210') },
      'psbt/a.json: vectors: a/b is not listed with the version 0123abcd',
    ],
    [
      'a source that the row does not name',
      { 'test-vectors/README.md': readme(row.replace('`a/b`', '`c/d`')) },
      'psbt/a.json: vectors: its row lacks a/b',
    ],
    [
      'a row without a test',
      { 'test-vectors/README.md': readme(row.replace(/`packages.*`/, '')) },
      'psbt/a.json: vectors: no test is named that reads it',
    ],
    [
      'a test that is not there',
      { 'packages/psbt/test/a.test.ts': undefined },
      'psbt/a.json: vectors: its reader packages/psbt/test/a.test.ts is not there',
    ],
    [
      'a test that does not read it',
      { 'packages/psbt/test/a.test.ts': '' },
      'psbt/a.json: vectors: packages/psbt/test/a.test.ts does not read it',
    ],
    [
      'a deviation of a case that is not there',
      { 'test-vectors/README.md': readme(row).replace('the same | `a-1`', 'the same | `a-2`') },
      'README.md: vectors: a deviation names a-2, not a case of its file',
    ],
    [
      'a deviation in a file that is not there',
      {
        'test-vectors/README.md': readme(row)
          .replace('the same', '`b.json`')
          .replace('`a-1` |\n`', '|\n`')
          .replace(/\| `a-1` \|\n$/, '| all |\n'),
      },
      'README.md: vectors: a deviation names b.json, which is not there',
    ],
  ])('finds %s', (_, changes, breach) => {
    expect(breachesWith(changes)).toEqual([`test-vectors/${breach}`]);
  });
});
