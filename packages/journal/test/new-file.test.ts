import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
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
});
