import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeEntry, hashEntry, type JournalFacts, NO_ENTRY } from '../src/entry.ts';
import { verifyJournal } from '../src/verify.ts';

const TIMES = Date.UTC(2026, 0, 1);

/** A good journal, one entry per element of `facts`, a second apart unless told otherwise. */
const chain = (facts: readonly JournalFacts[], step = 1000): string[] => {
  const lines: string[] = [];
  let previous = NO_ENTRY;
  for (const [at, value] of facts.entries()) {
    const time = new Date(TIMES + at * step).toISOString();
    const line = encodeEntry({ seq: at + 1, time, previous, event: 'test.event', facts: value });
    previous = hashEntry(line);
    lines.push(new TextDecoder().decode(line));
  }
  return lines;
};

const bytesOf = (lines: readonly string[]): Uint8Array =>
  new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''));

const verdictOf = (lines: readonly string[]): ReturnType<typeof verifyJournal> =>
  verifyJournal(bytesOf(lines));

const six = chain([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }, { n: 5 }, { n: 6 }]);

/** Line `number` with a part of its text replaced. */
const edited = (number: number, from: string | RegExp, to: string): string[] =>
  six.map((line, at) => (at === number - 1 ? line.replace(from, to) : line));

/** The six lines in another order, or not all of them, by their numbers. */
const arranged = (...numbers: readonly number[]): string[] =>
  numbers.map((number) => six[number - 1] as string);

describe('a journal that was not touched', () => {
  it('holds, and its head is the hash of its last line', () => {
    expect(verdictOf(six)).toMatchObject({
      ok: true,
      notes: [],
      head: hashEntry(bytesOf([six[5] as string]).slice(0, -1)),
    });
  });

  it('may be empty', () => {
    expect(verifyJournal(new Uint8Array())).toEqual({
      ok: true,
      entries: [],
      head: NO_ENTRY,
      notes: [],
    });
  });

  it('gives back what was written', () => {
    const verdict = verdictOf(six);
    expect(verdict.ok && verdict.entries.map((entry) => entry.facts['n'])).toEqual([
      1, 2, 3, 4, 5, 6,
    ]);
  });

  it('holds for any facts', () => {
    const facts = fc.array(
      fc.dictionary(
        fc.string({ unit: 'binary' }),
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.maxSafeInteger(),
          fc.boolean(),
          fc.constant(null),
        ),
        { noNullPrototype: true },
      ),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(facts, (values) => {
        expect(verdictOf(chain(values)).ok).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('shows a clock that was set back as a note, not as damage', () => {
    const first = encodeEntry({
      seq: 1,
      time: '2026-01-02T00:00:00.000Z',
      previous: NO_ENTRY,
      event: 'a.b',
      facts: {},
    });
    const second = encodeEntry({
      seq: 2,
      time: '2026-01-01T00:00:00.000Z',
      previous: hashEntry(first),
      event: 'a.b',
      facts: {},
    });
    const verdict = verdictOf([first, second].map((line) => new TextDecoder().decode(line)));
    expect(verdict).toMatchObject({
      ok: true,
      notes: [{ rule: 'journal-time-backwards', where: 'line 2' }],
    });
  });

  it('written within one tick of the clock has nothing noted', () => {
    expect(verdictOf(chain([{ n: 1 }, { n: 2 }], 0))).toMatchObject({ ok: true, notes: [] });
  });

  it('cut at its end still holds, with another head: the chain cannot show that', () => {
    const whole = verdictOf(six);
    const cut = verdictOf(six.slice(0, 4));
    expect(cut.ok).toBe(true);
    expect(whole.ok && cut.ok && whole.head !== cut.head).toBe(true);
  });
});

const damages: readonly [name: string, lines: string[], fault: string, line: number][] = [
  ['a fact of line 3 changed', edited(3, '"n":3', '"n":9'), 'edited', 3],
  ['a fact of line 1 changed', edited(1, '"n":1', '"n":9'), 'edited', 1],
  ['a fact of the line before the last changed', edited(5, '"n":5', '"n":9'), 'edited', 5],
  ['the chain hash of line 3 changed', edited(3, /"previous":"./, '"previous":"f'), 'edited', 3],
  ['the chain hash of line 1 changed', edited(1, /"previous":"./, '"previous":"f'), 'edited', 1],
  ['the time of line 2 changed', edited(2, '00:00:01', '00:00:09'), 'edited', 2],
  ['line 3 taken out', arranged(1, 2, 4, 5, 6), 'deleted', 3],
  ['lines 1 and 2 taken out', arranged(3, 4, 5, 6), 'deleted', 1],
  ['lines 3 and 4 exchanged', arranged(1, 2, 4, 3, 5, 6), 'reordered', 3],
  ['the last line moved to the front', arranged(6, 1, 2, 3, 4, 5), 'reordered', 1],
  ['line 2 written twice', arranged(1, 2, 2, 3, 4, 5, 6), 'repeated', 3],
  [
    'line 4 taken out and the rest renumbered',
    [
      ...six.slice(0, 3),
      ...six.slice(4).map((line, at) => line.replace(/"seq":\d/, `"seq":${at + 4}`)),
    ],
    'edited',
    4,
  ],
  ['a space in line 2', edited(2, '{"event"', '{ "event"'), 'not-canonical', 2],
  [
    'members of line 2 in another order',
    edited(2, /^\{"event":"test\.event",(.*)\}$/, '{$1,"event":"test.event"}'),
    'not-canonical',
    2,
  ],
  [
    'a member of line 2 given twice',
    edited(2, '{"event"', '{"event":"x.y","event"'),
    'not-canonical',
    2,
  ],
  ['an unneeded escape in line 2', edited(2, 'test.event', 'te\\u0073t.event'), 'not-canonical', 2],
  ['another format', edited(2, 'journal/1', 'journal/2'), 'malformed', 2],
  ['an extra member', edited(2, '{"event"', '{"aaa":1,"event"'), 'malformed', 2],
  ['facts that are a list', edited(2, '{"n":2}', '[2]'), 'malformed', 2],
  ['a number that is no safe integer', edited(2, '"n":2', '"n":2.5'), 'malformed', 2],
  ['a date that is none', edited(2, '2026-01-01T', '2026-02-30T'), 'malformed', 2],
  ['a line that is no JSON', edited(2, '{', ''), 'malformed', 2],
  ['an empty line', [...six.slice(0, 2), '', ...six.slice(2)], 'malformed', 3],
  ['a carriage return', edited(2, /$/, '\r'), 'not-canonical', 2],
  ['a byte order mark', edited(1, /^/, '\ufeff'), 'malformed', 1],
  [
    'nesting without end',
    edited(2, '"n":2', `"n":${'['.repeat(60_000)}${']'.repeat(60_000)}`),
    'malformed',
    2,
  ],
];

describe('a journal that was touched', () => {
  it.each(damages)('%s', (_, lines, fault, line) => {
    expect(verdictOf(lines)).toMatchObject({ ok: false, fault, line });
  });

  it('tells what holds before the damage', () => {
    const verdict = verdictOf(edited(3, '"n":3', '"n":9'));
    const before = verdictOf(six.slice(0, 2));
    expect(verdict).toMatchObject({
      ok: false,
      before: { entries: { length: 2 }, head: before.ok && before.head },
    });
  });

  it('is torn when its last line feed is missing', () => {
    expect(verifyJournal(bytesOf(six).slice(0, -1))).toMatchObject({
      ok: false,
      fault: 'torn',
      line: 6,
      before: { entries: { length: 5 } },
    });
  });

  it('shows any change of any byte but in the last line, which only its head shows', () => {
    const bytes = bytesOf(six);
    const whole = verifyJournal(bytes);
    fc.assert(
      fc.property(
        fc.nat({ max: bytes.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, flip) => {
          const changed = bytes.slice();
          changed[at] = (changed[at] as number) ^ flip;
          const verdict = verifyJournal(changed);
          expect(verdict.ok && whole.ok && verdict.head === whole.head).toBe(false);
          if (at < bytes.length - 1 - (six[5] as string).length) expect(verdict.ok).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is not canonical where a byte is no UTF-8, on the last line too', () => {
    const bytes = bytesOf(chain([{ text: '\ufffd' }]));
    const at = bytes.indexOf(0xef);
    const replaced = Uint8Array.of(...bytes.slice(0, at), 0xff, ...bytes.slice(at + 3));
    expect(verifyJournal(replaced)).toMatchObject({ ok: false, fault: 'not-canonical', line: 1 });
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(typeof verifyJournal(bytes).ok).toBe('boolean');
      }),
      { numRuns: 200 },
    );
  });
});
