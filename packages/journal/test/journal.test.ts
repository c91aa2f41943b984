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
import { type Holder, thisProcess } from '../src/holder.ts';
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
          code: 'JOURNAL_TORN',
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

  it('is recorded by the next to open, when a crash came between', () => {
    write({ n: 1 });
    const whole = readFileSync(path);
    appendFileSync(path, '{"event"');
    open().close();
    // As a crash before the entry leaves it, and a second one that cut off the entry itself.
    writeFileSync(path, Buffer.concat([whole, new TextEncoder().encode('{"ev')]));
    open().close();
    const asides = readdirSync(folder).filter((name) => name.includes('torn'));
    const named = readJournal(path).entries.slice(1);
    expect(named.map(({ event }) => event)).toEqual(['journal.repaired', 'journal.repaired']);
    expect(new Set(named.map(({ facts }) => facts['file']))).toEqual(new Set(asides));
    expect(new Set(named.map(({ facts }) => facts['bytes']))).toEqual(new Set([4, 8]));
    // And never again.
    open().close();
    expect(readJournal(path).entries).toHaveLength(3);
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
  const heldBy = (pid: number, host: string, more: Partial<Holder> = {}): void =>
    writeFileSync(lock(), JSON.stringify({ pid, host, ...more }));
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

  it('says whose it is from its first moment on', () => {
    const journal = open();
    expect(JSON.parse(readFileSync(lock(), 'utf8'))).toEqual(thisProcess());
    journal.close();
  });

  it('is not removed by its holder once it is another’s', () => {
    const journal = open();
    heldBy(process.ppid, hostname());
    journal.close();
    expect(readdirSync(folder)).toContain('journal.jsonl.lock');
  });

  it('is not taken over while another judges it', () => {
    heldBy(deadPid(), hostname());
    writeFileSync(`${lock()}.takeover`, JSON.stringify({ pid: process.ppid, host: hostname() }));
    expect(open).toThrow(refused('JOURNAL_LOCKED'));
  });

  it('is taken over from a judge that died, and from the judge of that one', () => {
    const dead = JSON.stringify({ pid: deadPid(), host: hostname() });
    for (const name of [lock(), `${lock()}.takeover`, `${lock()}.takeover.takeover`]) {
      writeFileSync(name, dead);
    }
    open().close();
    expect(readdirSync(folder)).toEqual(['journal.jsonl']);
  });

  it('is cleared of a judge that died when its work was done', () => {
    const dead = JSON.stringify({ pid: deadPid(), host: hostname() });
    writeFileSync(`${lock()}.takeover`, dead);
    open().close();
    expect(readdirSync(folder)).toEqual(['journal.jsonl']);
  });

  it('is not taken over for ever', () => {
    const dead = JSON.stringify({ pid: deadPid(), host: hostname() });
    for (let name = lock(); name.length < folder.length + 255; name += '.takeover') {
      writeFileSync(name, dead);
    }
    expect(open).toThrow(refused('JOURNAL_LOCKED'));
  });

  // Linux tells when a process began, on which start of the machine, and whose numbers it counts by.
  // Elsewhere all three are null, and a lock stands for as long as its number is in use.
  const { boot, numbers, started } = thisProcess();
  const isTakenOver = (): boolean => {
    try {
      open().close();
    } catch (error) {
      expect(error).toMatchObject({ code: 'JOURNAL_LOCKED' });
      return false;
    }
    expect(readdirSync(folder)).toEqual(['journal.jsonl']);
    return true;
  };

  it('of an earlier process with a living one’s number is taken over', () => {
    heldBy(process.ppid, hostname(), { boot, numbers, started: '1' });
    expect(isTakenOver()).toBe(started !== null);
  });

  it('of this very process stands, whoever in it took it', () => {
    heldBy(process.pid, hostname(), { boot, numbers, started });
    expect(isTakenOver()).toBe(started === null);
  });

  it('of before the last start of the machine is taken over', () => {
    heldBy(process.ppid, hostname(), { boot: 'another', numbers });
    expect(isTakenOver()).toBe(boot !== null);
  });

  it('of another container stands, for its numbers are its own', () => {
    heldBy(deadPid(), hostname(), { boot, numbers: 'pid:[1]' });
    expect(isTakenOver()).toBe(numbers === null);
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
    expect(() => readJournal(path)).toThrow(refused('JOURNAL_TORN'));
    writeFileSync(path, text.replace('"n":1', '"n":3'));
    expect(() => journalEntries(path)).toThrow(refused('JOURNAL_BROKEN'));
  });
});
