import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Journal,
  type JournalFacts,
  journalEntries,
  NO_ENTRY,
  openJournal,
  readJournal,
} from '../src/index.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qoima-journal-'));
  path = join(folder, 'journal.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A clock that goes on by a second each time it is asked. */
const ticking = (): (() => Date) => {
  let seconds = 0;
  return () => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds++));
};

const open = (): Journal => openJournal(path, { clock: ticking() });

const write = (...facts: readonly JournalFacts[]): void => {
  const journal = open();
  for (const value of facts) journal.append('test.event', value);
  journal.close();
};

const refused = (code: string): unknown => expect.objectContaining({ code });

describe('appending', () => {
  it('makes the file for the owner alone', () => {
    write();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readJournal(path)).toEqual({ ok: true, entries: [], head: NO_ENTRY, notes: [] });
  });

  it('chains on from what is there', () => {
    write({ n: 1 }, { n: 2 });
    const journal = open();
    expect(journal.length).toBe(2);
    expect(journal.append('test.event', { n: 3 })).toMatchObject({
      seq: 3,
      event: 'test.event',
      facts: { n: 3 },
    });
    expect(journal.length).toBe(3);
    const { entries, head } = readJournal(path);
    expect(head).toBe(journal.head);
    expect(entries).toHaveLength(3);
    journal.close();
  });

  it('writes the same bytes for the same clock and facts', () => {
    write({ b: 1, a: 2 });
    const first = readFileSync(path);
    rmSync(path);
    write({ a: 2, b: 1 });
    expect(readFileSync(path)).toEqual(first);
  });

  it('is refused, and changes nothing, for an entry that cannot be', () => {
    const journal = open();
    expect(() => journal.append('test.event', { x: 'a'.repeat(1 << 20) })).toThrow(
      refused('JOURNAL_ENTRY_TOO_LARGE'),
    );
    expect(journal).toMatchObject({ length: 0, head: NO_ENTRY });
    journal.append('test.event', {});
    journal.close();
    expect(readJournal(path).entries).toHaveLength(1);
  });

  it('notices that another wrote past the lock', () => {
    const journal = open();
    appendFileSync(path, 'x');
    expect(() => journal.append('test.event', {})).toThrow(refused('JOURNAL_CHANGED'));
    journal.close();
  });

  it('ends with close', () => {
    const journal = open();
    journal.close();
    journal.close();
    expect(() => journal.append('test.event', {})).toThrow('closed');
  });
});

describe('a torn last line', () => {
  it('is put aside and recorded, wherever it was cut', () => {
    write({ n: 1 }, { n: 2 });
    const whole = readFileSync(path);
    const second = whole.indexOf(10) + 1;
    for (let length = second + 1; length < whole.length; length += 7) {
      rmSync(folder, { recursive: true });
      folder = mkdtempSync(join(tmpdir(), 'qoima-journal-'));
      path = join(folder, 'journal.jsonl');
      writeFileSync(path, whole.subarray(0, length));
      expect(() => readJournal(path)).toThrow(
        expect.objectContaining({
          code: 'JOURNAL_BROKEN',
          details: expect.objectContaining({ fault: 'torn', line: 2 }),
        }),
      );
      open().close();
      const { entries } = readJournal(path);
      expect(entries).toMatchObject([
        { facts: { n: 1 } },
        { event: 'journal.repaired', facts: { bytes: length - second } },
      ]);
      const aside = join(folder, entries[1]?.facts['file'] as string);
      expect(readFileSync(aside)).toEqual(whole.subarray(second, length));
    }
  });

  it('of an otherwise empty journal is put aside too', () => {
    writeFileSync(path, '{"event"');
    open().close();
    expect(readJournal(path).entries).toMatchObject([{ seq: 1, event: 'journal.repaired' }]);
  });
});

describe('a broken journal', () => {
  it('is refused by name, left as it is, and not kept locked', () => {
    write({ n: 1 }, { n: 2 }, { n: 3 });
    const damaged = readFileSync(path, 'utf8').replace('"n":2', '"n":7');
    writeFileSync(path, damaged);
    const broken = expect.objectContaining({
      code: 'JOURNAL_BROKEN',
      details: expect.objectContaining({ line: 2, fault: 'edited', goodEntries: 1 }),
    });
    expect(open).toThrow(broken);
    expect(() => readJournal(path)).toThrow(broken);
    expect(readFileSync(path, 'utf8')).toBe(damaged);
    expect(readdirSync(folder)).toEqual(['journal.jsonl']);
  });

  it('is not repaired at its torn end while something before is wrong', () => {
    write({ n: 1 }, { n: 2 }, { n: 3 });
    writeFileSync(path, readFileSync(path, 'utf8').replace('"n":1', '"n":7'));
    truncateSync(path, statSync(path).size - 5);
    expect(open).toThrow(refused('JOURNAL_BROKEN'));
    expect(readdirSync(folder)).toEqual(['journal.jsonl']);
  });
});

describe('the lock', () => {
  const lock = (): string => `${path}.lock`;
  const heldBy = (pid: number, host: string): void =>
    writeFileSync(lock(), JSON.stringify({ pid, host }));
  const deadPid = (): number => spawnSync(process.execPath, ['-e', '']).pid;

  it('keeps a second writer out until the first closes', () => {
    const journal = open();
    expect(open).toThrow(refused('JOURNAL_LOCKED'));
    const sameFile = join(`${folder}-link`);
    symlinkSync(folder, sameFile);
    expect(() => openJournal(join(sameFile, 'journal.jsonl'), { clock: ticking() })).toThrow(
      refused('JOURNAL_LOCKED'),
    );
    rmSync(sameFile);
    journal.close();
    open().close();
    expect(readdirSync(folder)).toEqual(['journal.jsonl']);
  });

  it('does not keep readers out', () => {
    const journal = open();
    journal.append('test.event', {});
    expect(readJournal(path).entries).toHaveLength(1);
    journal.close();
  });

  it('of a living process stands, and names it', () => {
    heldBy(process.ppid, hostname());
    expect(open).toThrow(
      expect.objectContaining({
        code: 'JOURNAL_LOCKED',
        details: { path: expect.stringMatching(/\.lock$/), pid: process.ppid, host: hostname() },
      }),
    );
  });

  it('of a dead process is taken over', () => {
    heldBy(deadPid(), hostname());
    open().close();
    expect(readdirSync(folder)).toEqual(['journal.jsonl']);
  });

  it('of an earlier process with our own number is taken over', () => {
    heldBy(process.pid, hostname());
    open().close();
    expect(readdirSync(folder)).toEqual(['journal.jsonl']);
  });

  it('of another machine stands, dead or not', () => {
    heldBy(deadPid(), 'another-machine');
    expect(open).toThrow(refused('JOURNAL_LOCKED'));
  });

  it('that does not say whose it is stands', () => {
    writeFileSync(lock(), '');
    expect(open).toThrow(refused('JOURNAL_LOCKED'));
  });

  it('is not taken over by two at once', () => {
    heldBy(deadPid(), hostname());
    writeFileSync(`${lock()}.takeover`, '');
    expect(open).toThrow(refused('JOURNAL_LOCKED'));
  });

  it('outlives a killed writer, whose entries stand', () => {
    const child = spawnSync(
      process.execPath,
      [
        '--conditions=qoima-source',
        '--import',
        'tsx',
        new URL('killed-writer.ts', import.meta.url).pathname,
        path,
      ],
      { encoding: 'utf8' },
    );
    expect(child).toMatchObject({ signal: 'SIGKILL', stderr: '' });
    expect(readdirSync(folder)).toContain('journal.jsonl.lock');
    write({ n: 2 });
    expect(readJournal(path).entries.map((entry) => entry.facts['n'])).toEqual([1, 2]);
  });
});

describe('its entries', () => {
  it('are none of a journal that is not there', () => {
    expect(journalEntries(path)).toEqual([]);
  });

  it('are read as they will be once it is open: without a torn end, and not if it is broken', () => {
    write({ n: 1 }, { n: 2 });
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, `${text}{"event":"a.b","fa`);
    expect(journalEntries(path).map(({ facts }) => facts['n'])).toEqual([1, 2]);
    expect(() => readJournal(path)).toThrow(refused('JOURNAL_BROKEN'));
    writeFileSync(path, text.replace('"n":1', '"n":3'));
    expect(() => journalEntries(path)).toThrow(refused('JOURNAL_BROKEN'));
  });
});
