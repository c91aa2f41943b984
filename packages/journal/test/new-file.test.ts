import {
  existsSync,
  lstatSync,
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
import { checkNewFile, writeNewFile } from '../src/index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qoima-new-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const bytes = new TextEncoder().encode('content');

describe('writeNewFile', () => {
  it('writes for the owner alone', () => {
    const path = join(folder, 'a.psbt');
    writeNewFile(path, bytes);
    expect(readFileSync(path, 'utf8')).toBe('content');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('takes the same content for done', () => {
    const path = join(folder, 'a.psbt');
    writeNewFile(path, bytes);
    expect(() => {
      writeNewFile(path, bytes);
    }).not.toThrow();
  });

  it('never writes over anything else', () => {
    const path = join(folder, 'a.psbt');
    writeFileSync(path, 'another content');
    expect(() => {
      writeNewFile(path, bytes);
    }).toThrow(expect.objectContaining({ code: 'FILE_EXISTS', kind: 'refused' }));
    expect(readFileSync(path, 'utf8')).toBe('another content');
  });

  it('never writes over what came between its look and its last step', () => {
    const path = join(folder, 'a.psbt');
    // Looking follows the link and sees nothing: as if another program made its file just after.
    symlinkSync(join(folder, 'nowhere'), path);
    expect(() => {
      writeNewFile(path, bytes);
    }).toThrow(expect.objectContaining({ code: 'FILE_EXISTS' }));
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(readdirSync(folder)).toEqual(['a.psbt']);
  });

  it('leaves nothing beside the file', () => {
    const left = join(folder, `.a.psbt.${process.pid}.tmp`);
    writeFileSync(left, 'of a crash');
    writeNewFile(join(folder, 'a.psbt'), bytes);
    expect(readdirSync(folder)).toEqual(['a.psbt']);
    writeFileSync(left, 'of a crash between the two names');
    writeNewFile(join(folder, 'a.psbt'), bytes);
    expect(readdirSync(folder)).toEqual(['a.psbt']);
  });

  it('refuses a folder', () => {
    expect(() => {
      writeNewFile(folder, bytes);
    }).toThrow(expect.objectContaining({ code: 'FILE_NOT_REGULAR' }));
  });
});

describe('checkNewFile', () => {
  it('passes over a free name, and makes nothing', () => {
    const path = join(folder, 'a.psbt');
    checkNewFile(path);
    expect(existsSync(path)).toBe(false);
  });

  it('takes the same content for done, if it is told the content', () => {
    const path = join(folder, 'a.psbt');
    writeNewFile(path, bytes);
    checkNewFile(path, bytes);
    expect(() => {
      checkNewFile(path, bytes.subarray(1));
    }).toThrow(expect.objectContaining({ code: 'FILE_EXISTS' }));
  });

  it.each([
    ['a file that is there', 'a.psbt', 'FILE_EXISTS'],
    ['a folder that is not there', 'none/b.psbt', 'FILE_NOT_FOUND'],
    ['a file where a folder should be', 'a.psbt/b.psbt', 'FILE_NOT_REGULAR'],
  ])('refuses %s', (_what, name, code) => {
    writeFileSync(join(folder, 'a.psbt'), 'content');
    expect(() => {
      checkNewFile(join(folder, name));
    }).toThrow(expect.objectContaining({ code }));
  });

  it('refuses a link that leads nowhere', () => {
    symlinkSync(join(folder, 'nowhere'), join(folder, 'a.psbt'));
    for (const content of [undefined, bytes]) {
      expect(() => {
        checkNewFile(join(folder, 'a.psbt'), content);
      }).toThrow(expect.objectContaining({ code: 'FILE_EXISTS' }));
    }
  });
});

describe('a path that is no name for a file', () => {
  it.each([
    ['no name', () => ''],
    ['a folder that is not there', () => join(folder, 'signed/')],
    ['the folder itself', () => join(folder, '/')],
    ['the folder by its dot', () => `${folder}/.`],
    ['the folder above', () => `${folder}/..`],
    ['a name too long', () => join(folder, 'a'.repeat(256))],
    ['a name too long for the temporary one', () => join(folder, 'a'.repeat(250))],
    ['as much in bytes', () => join(folder, 'Қ'.repeat(125))],
    ['a character that no name has', () => join(folder, 'a\0b')],
  ])('%s is refused by the check and by the writer', (_what, path) => {
    for (const use of [checkNewFile, writeNewFile]) {
      expect(() => {
        use(path(), bytes);
      }).toThrow(expect.objectContaining({ code: 'FILE_NAME_INVALID', kind: 'usage' }));
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is none of the names that fit', () => {
    const path = join(folder, 'a'.repeat(239));
    checkNewFile(path);
    writeNewFile(path, bytes);
    expect(readdirSync(folder)).toEqual(['a'.repeat(239)]);
  });
});
