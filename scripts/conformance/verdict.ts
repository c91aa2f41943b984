/**
 * What came of one side of a recording: it passed, it is listed with the reason why it cannot be held
 * against us, or it failed.
 */
export type Verdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'listed'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };

export const passed: Verdict = { kind: 'passed' };
export const listed = (reason: string): Verdict => ({ kind: 'listed', reason });
export const failed = (reason: string): Verdict => ({ kind: 'failed', reason });

/** Where `actual` says something else than `expected`, which may say more; undefined if nowhere. */
export const difference = (
  expected: unknown,
  actual: unknown,
  where = 'it',
): string | undefined => {
  if (Array.isArray(actual) && Array.isArray(expected) && actual.length !== expected.length) {
    return `${where} has ${actual.length} elements in place of ${expected.length}`;
  }
  if (typeof actual === 'object' && actual !== null) {
    const own = typeof expected === 'object' && expected !== null ? expected : {};
    return Object.entries(actual)
      .map(([name, value]) =>
        difference((own as Record<string, unknown>)[name], value, `${where}.${name}`),
      )
      .find((found) => found !== undefined);
  }
  return actual === expected
    ? undefined
    : `${where} is ${excerpt(actual)} in place of ${excerpt(expected)}`;
};

const excerpt = (value: unknown): string => {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
};
