import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseUtf8 } from '@qoima/primitives';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFileAtomically, createWholeFile } from '../src/durable-file.ts';

const broken = vi.hoisted(() => ({ link: 'EPERM', rename: false }));

const fault = (code: string): Error => Object.assign(new Error(code), { code, errno: -1 });

// As on a USB stick with FAT.
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return {
    ...fs,
    linkSync: () => {
      throw fault(broken.link);
    },
    renameSync: (from: string, to: string) => {
      if (broken.rename) throw fault('EIO');
      fs.renameSync(from, to);
    },
  };
});

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qoima-without-links-'));
  broken.link = 'EPERM';
  broken.rename = false;
});
afterEach(() => rmSync(folder, { recursive: true }));

const bytes = parseUtf8('signed');

describe.each([
  ['createWholeFile', createWholeFile],
  ['createFileAtomically', createFileAtomically],
])('%s, on a medium without hard links', (_, create) => {
  it.each(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])('makes the file: %s', (code) => {
    broken.link = code;
    const path = join(folder, 'signed.psbt');
    expect(create(path, bytes)).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe('signed');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['signed.psbt']);
  });

  it('leaves what is there', () => {
    const path = join(folder, 'signed.psbt');
    writeFileSync(path, 'of another');
    expect(create(path, bytes)).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe('of another');
    expect(readdirSync(folder)).toEqual(['signed.psbt']);
  });

  it('fails for any other fault, and leaves nothing', () => {
    broken.link = 'EIO';
    expect(() => create(join(folder, 'signed.psbt'), bytes)).toThrow(/EIO/);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('createWholeFile, on a medium without hard links', () => {
  it('leaves no empty file when its content cannot follow', () => {
    broken.rename = true;
    expect(() => createWholeFile(join(folder, 'signed.psbt'), bytes)).toThrow(/EIO/);
    expect(readdirSync(folder)).toEqual([]);
  });
});
