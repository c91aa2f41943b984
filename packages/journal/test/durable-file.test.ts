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
import { createFileAtomically, readFileBounded, writeFileAtomically } from '../src/durable-file.ts';
import { fileError } from '../src/file-error.ts';
import { ensureFolder, isThere, listFolder } from '../src/folder.ts';

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
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    for (const pid of [process.pid, dead]) {
      writeFileSync(join(folder, `.a.json.${pid}.tmp`), 'half');
    }
    // Of another file, and of a process that may still be writing.
    const others = [`.b.json.${dead}.tmp`, `.a.json.${process.ppid}.tmp`];
    for (const name of others) writeFileSync(join(folder, name), 'half');
    writeFileAtomically(join(folder, 'a.json'), bytes);
    expect(readdirSync(folder).toSorted()).toEqual([...others, 'a.json'].toSorted());
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

describe('createFileAtomically', () => {
  it('makes a file once, and leaves nothing else behind', () => {
    const path = join(folder, 'a.lock');
    expect(createFileAtomically(path, bytes)).toBe(true);
    expect(createFileAtomically(path, new Uint8Array())).toBe(false);
    expect(new Uint8Array(readFileSync(path))).toEqual(bytes);
    expect(modeOf(path)).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['a.lock']);
  });

  it('leaves alone whatever stands there', () => {
    mkdirSync(join(folder, 'folder'));
    symlinkSync('nowhere', join(folder, 'link'));
    expect(createFileAtomically(join(folder, 'folder'), bytes)).toBe(false);
    expect(createFileAtomically(join(folder, 'link'), bytes)).toBe(false);
    expect(readdirSync(folder).toSorted()).toEqual(['folder', 'link']);
  });

  it('names the folder that is not there', () => {
    expect(() => createFileAtomically(join(folder, 'no', 'a'), bytes)).toThrow(
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

describe('what is not there', () => {
  it('is an empty folder, and nothing at a path', () => {
    expect(listFolder(join(folder, 'no'))).toEqual([]);
    expect(isThere(join(folder, 'no'))).toBe(false);
    writeFileSync(join(folder, 'b'), '');
    writeFileSync(join(folder, 'a'), '');
    expect(listFolder(folder)).toEqual(['a', 'b']);
    expect(isThere(join(folder, 'a'))).toBe(true);
  });

  it('is not what cannot be looked at', () => {
    writeFileSync(join(folder, 'a'), '');
    symlinkSync('loop', join(folder, 'loop'));
    expect(() => listFolder(join(folder, 'a'))).toThrow(refused('FILE_NOT_REGULAR'));
    expect(() => isThere(join(folder, 'loop'))).toThrow(refused('FILE_FAILED'));
    expect(() => listFolder(join(folder, 'loop'))).toThrow(refused('FILE_FAILED'));
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
    ['EMFILE', 'FILE_TOO_MANY_OPEN'],
    ['ENFILE', 'FILE_TOO_MANY_OPEN'],
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
