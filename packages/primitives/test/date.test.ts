import { describe, expect, it } from 'vitest';
import { formatDate } from '../src/index.ts';

describe('formatDate', () => {
  it.each([
    [0, '1970-01-01 00:00 UTC'],
    [1_769_860_799, '2026-01-31 11:59 UTC'],
    [0xffffffff, '2106-02-07 06:28 UTC'],
  ])('writes %d as %s', (seconds, text) => {
    expect(formatDate(seconds)).toBe(text);
  });
});
