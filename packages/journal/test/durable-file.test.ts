import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ensureFolder,
  fileError,
  readFileBounded,
  writeFileAtomically,
} from '../src/durable-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qoima-file-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const bytes = new TextEncoder().encode('content');
const refused = (code: string): unknown =>
  expect.objectContaining({ code, message: expect.stringContaining(folder) });
const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe('writeFileAtomically', () => {
  it('writes for the owner alone and leaves nothing else behind', () => {
    const path = join(folder, 'a.json');
    writeFileAtomically(path, bytes);
    expect(new Uint8Array(readFileSync(path))).toEqual(bytes);
    expect(modeOf(path)).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['a.json']);
  });

  it('replaces what is there, and narrows its mode', () => {
    const path = join(folder, 'a.json');
    writeFileSync(path, 'old', { mode: 0o644 });
    writeFileAtomically(path, bytes);
    expect(readFileSync(path, 'utf8')).toBe('content');
    expect(modeOf(path)).toBe(0o600);
  });

  it('replaces a link and not what it leads to', () => {
    const elsewhere = join(folder, 'elsewhere');
    writeFileSync(elsewhere, 'untouched');
    symlinkSync(elsewhere, join(folder, 'a.json'));
    writeFileAtomically(join(folder, 'a.json'), bytes);
    expect(readFileSync(elsewhere, 'utf8')).toBe('untouched');
  });

  it('writes over the rest of a crash', () => {
    writeFileSync(join(folder, `.a.json.${process.pid}.tmp`), 'half');
    writeFileAtomically(join(folder, 'a.json'), bytes);
    expect(readdirSync(folder)).toEqual(['a.json']);
  });

  it.each(['pipe', 'link'])('does not put a file in the place of a %s to no file', (name) => {
    expect(spawnSync('mkfifo', [join(folder, 'pipe')]).status).toBe(0);
    symlinkSync('pipe', join(folder, 'link'));
    expect(() => {
      writeFileAtomically(join(folder, name), bytes);
    }).toThrow(refused('FILE_NOT_REGULAR'));
    expect(readdirSync(folder).toSorted()).toEqual(['link', 'pipe']);
  });

  it('takes its temporary file away when it cannot finish', () => {
    mkdirSync(join(folder, 'a.json'));
    expect(() => writeFileAtomically(join(folder, 'a.json'), bytes)).toThrow(
      refused('FILE_NOT_REGULAR'),
    );
    expect(readdirSync(folder)).toEqual(['a.json']);
  });

  it('names the folder that is not there', () => {
    expect(() => writeFileAtomically(join(folder, 'no', 'a.json'), bytes)).toThrow(
      refused('FILE_NOT_FOUND'),
    );
  });
});

describe('readFileBounded', () => {
  it('reads up to its bound and not a byte more', () => {
    const path = join(folder, 'a');
    writeFileSync(path, bytes);
    expect(readFileBounded(path, bytes.length)).toEqual(bytes);
    expect(() => readFileBounded(path, bytes.length - 1)).toThrow(refused('FILE_TOO_LARGE'));
  });

  it('reads an empty file', () => {
    writeFileSync(join(folder, 'a'), '');
    expect(readFileBounded(join(folder, 'a'), 10)).toEqual(new Uint8Array());
  });

  it('refuses what is not an ordinary file', () => {
    expect(() => readFileBounded(folder, 10)).toThrow(refused('FILE_NOT_REGULAR'));
  });

  it('refuses a named pipe, and does not wait for its writer', () => {
    const pipe = join(folder, 'pipe');
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    expect(() => readFileBounded(pipe, 10)).toThrow(refused('FILE_NOT_REGULAR'));
  });

  it('names the file that is not there', () => {
    expect(() => readFileBounded(join(folder, 'no'), 10)).toThrow(refused('FILE_NOT_FOUND'));
  });
});

describe('ensureFolder', () => {
  it('makes all that is missing, for the owner alone', () => {
    ensureFolder(join(folder, 'a', 'b'));
    expect(modeOf(join(folder, 'a'))).toBe(0o700);
    expect(modeOf(join(folder, 'a', 'b'))).toBe(0o700);
    expect(() => ensureFolder(join(folder, 'a', 'b'))).not.toThrow();
  });

  it('refuses a file in its place', () => {
    writeFileSync(join(folder, 'a'), '');
    expect(() => ensureFolder(join(folder, 'a'))).toThrow(refused('FILE_NOT_REGULAR'));
    expect(() => ensureFolder(join(folder, 'a', 'b'))).toThrow(refused('FILE_NOT_REGULAR'));
  });
});

describe('what the system says', () => {
  it.each([
    ['ENOENT', 'FILE_NOT_FOUND'],
    ['ENOTDIR', 'FILE_NOT_REGULAR'],
    ['EISDIR', 'FILE_NOT_REGULAR'],
    ['EACCES', 'FILE_PERMISSION'],
    ['EPERM', 'FILE_PERMISSION'],
    ['EROFS', 'FILE_READ_ONLY'],
    ['ENOSPC', 'FILE_NO_SPACE'],
    ['EDQUOT', 'FILE_NO_SPACE'],
    ['EIO', 'FILE_FAILED'],
  ])('%s is %s', (errno, code) => {
    const cause = Object.assign(new Error('x'), { code: errno, errno: -1 });
    expect(fileError(cause, '/a/b', 'write')).toMatchObject({
      code,
      details: { path: '/a/b', errno },
    });
  });

  it('leaves an error that is not the system’s as it is', () => {
    const defect = new Error('x');
    expect(fileError(defect, '/a', 'write')).toBe(defect);
  });
});
