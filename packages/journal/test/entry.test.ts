import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  encodeEntry,
  hashEntry,
  type JournalEntry,
  MAX_LINE_BYTES,
  NO_ENTRY,
} from '../src/entry.ts';

const entry: JournalEntry = {
  seq: 1,
  time: '2026-01-02T03:04:05.006Z',
  previous: NO_ENTRY,
  event: 'policy.created',
  facts: { total: 5, required: 3, name: 'Reserve “A”' },
};

const text = (line: Uint8Array): string => new TextDecoder().decode(line);

describe('an entry', () => {
  it('is one line of canonical JSON', () => {
    expect(text(encodeEntry(entry))).toBe(
      `{"event":"policy.created","facts":{"name":"Reserve “A”","required":3,"total":5},"format":"qoima-journal/1","previous":"${'0'.repeat(64)}","seq":1,"time":"2026-01-02T03:04:05.006Z"}`,
    );
  });

  it('keeps a line feed in a fact off the line', () => {
    expect(text(encodeEntry({ ...entry, facts: { text: 'a\nb' } }))).not.toContain('\n');
  });

  it('is hashed as its bytes stand', () => {
    const line = encodeEntry(entry);
    expect(hashEntry(line)).toBe(createHash('sha256').update(line).digest('hex'));
  });

  it.each(['policy.created', 'session.signatures-taken', 'tx2.final.v2'])(
    'may be called %s',
    (event) => {
      expect(() => encodeEntry({ ...entry, event })).not.toThrow();
    },
  );

  it.each([
    '',
    'policy',
    'Policy.created',
    'policy.',
    '.created',
    'policy..created',
    'policy created.x',
    'policy.-x',
    'policy.x-',
    'policy.2x',
    'policy.x_y',
  ])('may not be called %j, which is a defect of the caller', (event) => {
    expect(() => encodeEntry({ ...entry, event })).toThrow('not dotted kebab case');
  });

  it('refuses an extended private key anywhere in its facts', () => {
    const key =
      'tprv8ZgxMBicQKsPeegxp9w2dJJ5qdshiZWzN1bxjptp5GiwGQeuKhKKHBdkHMSUrRhxJmkJV5nEu8wxw1bw6aP8nUeWP9pZSNg74mYNEmcopQQ';
    expect(() => encodeEntry({ ...entry, facts: { a: [{ b: `[x]${key}/0` }] } })).toThrow(
      expect.objectContaining({
        code: 'JOURNAL_ENTRY_SECRET',
        message: expect.not.stringContaining('tprv8'),
      }),
    );
  });

  it('is bounded', () => {
    const fitting = MAX_LINE_BYTES - encodeEntry({ ...entry, facts: { x: '' } }).length;
    expect(encodeEntry({ ...entry, facts: { x: 'a'.repeat(fitting) } })).toHaveLength(
      MAX_LINE_BYTES,
    );
    expect(() => encodeEntry({ ...entry, facts: { x: 'a'.repeat(fitting + 1) } })).toThrow(
      expect.objectContaining({ code: 'JOURNAL_ENTRY_TOO_LARGE' }),
    );
  });
});
