import { describe, expect, it } from 'vitest';
import { appOf } from '../src/app.ts';
import { screensOf } from '../src/screens.ts';
import { valueScreens } from '../src/text-layout.ts';

/**
 * The graphics library under 2.4.6 has three rules: one counts pages, one finds where the next page
 * begins, one draws. Where they disagree a page repeats a line, or is empty. Not among the recordings.
 */
describe('a value over several screens', () => {
  it.each([
    ['a line feed', 'one\ntwo', ['M | one | two']],
    ['a line feed at the end of a full page', 'a\nb\nc\n', ['M | a | b | c']],
    ['a line feed between pages', 'a\nb\nc\nd', ['M (1/2) | a | b | c', 'M (2/2) | d']],
    ['an empty line within a page', 'a\n\nb', ['M | a | b']],
    [
      'an empty line, whose room the first line of the next page takes',
      'a\n\nb\nc\nd',
      ['M (1/2) | a | b | c', 'M (2/2) | c | d'],
    ],
    [
      'a space behind a full page',
      `${'y'.repeat(57)} `,
      [`M (1/2) | ${Array(3).fill('y'.repeat(19)).join(' | ')} `, 'M (2/2)'],
    ],
    ['a text of nothing', '', ['M']],
  ])('%s', (_, text, screens) => {
    expect(valueScreens('M', text)).toEqual(screens);
  });
});

describe('the beginning of a review of many payments', () => {
  const { streamStart } = screensOf(appOf('Bitcoin Test', '2.4.6'));

  it('is the title with the first page of the name; the name goes on alone', () => {
    expect(streamStart(undefined).screens).toEqual(['Review transaction | to send bitcoin']);
    expect(streamStart('W'.repeat(34)).screens).toEqual([
      `Review transaction | to send bitcoin | From (1/2) | ${Array(3).fill('W'.repeat(11)).join(' | ')}`,
      'From (2/2) | W',
    ]);
  });
});
