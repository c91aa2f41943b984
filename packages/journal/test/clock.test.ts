import { describe, expect, it } from 'vitest';
import { clockFrom } from '../src/index.ts';

describe('the clock', () => {
  it('is the system’s unless told otherwise', () => {
    const before = Date.now();
    const time = clockFrom({})().getTime();
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(Date.now());
  });

  it('stands where QOIMA_CLOCK puts it', () => {
    const clock = clockFrom({ QOIMA_CLOCK: '2026-01-31T12:00:00Z' });
    expect([clock(), clock()].map((time) => time.toISOString())).toEqual([
      '2026-01-31T12:00:00.000Z',
      '2026-01-31T12:00:00.000Z',
    ]);
  });

  it.each(['', 'now', '0', '2026-01-31', '2026-02-30T12:00:00Z', '2026-01-31T12:00:00+01:00'])(
    'does not stand at %j',
    (text) => {
      expect(() => clockFrom({ QOIMA_CLOCK: text })).toThrow(
        expect.objectContaining({ code: 'CLOCK_INVALID', kind: 'usage' }),
      );
    },
  );
});
