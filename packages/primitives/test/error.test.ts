import { describe, expect, it } from 'vitest';
import {
  type ErrorTable,
  errorMaker,
  isQoimaError,
  primitivesErrors,
  QoimaError,
  withPlace,
} from '../src/index.ts';

const table = {
  TEST_WRONG: { kind: 'refused', meaning: 'It is wrong.', action: 'Make it right.' },
} as const satisfies ErrorTable;
const testError = errorMaker(table);

describe('a typed error', () => {
  it('says what is wrong and then what to do', () => {
    const cause = new Error('below');
    const error = testError('TEST_WRONG', 'It is 2.', { expected: 1, actual: 2 }, cause);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'QoimaError',
      code: 'TEST_WRONG',
      kind: 'refused',
      message: 'It is 2. Make it right.',
      details: { expected: 1, actual: 2 },
      cause,
    });
  });

  it('has no details and no cause unless they are given', () => {
    const error = testError('TEST_WRONG', 'It is 2.');
    expect(error.details).toEqual({});
    expect('cause' in error).toBe(false);
  });

  it('cannot have a code that stands in no table', () => {
    expect(() => testError('TEST_OTHER' as 'TEST_WRONG', 'x')).toThrow('no error row TEST_OTHER');
  });

  it('is told from others, by its code too', () => {
    const error = testError('TEST_WRONG', 'x');
    expect(isQoimaError(error)).toBe(true);
    expect(isQoimaError(error, 'TEST_WRONG')).toBe(true);
    expect(isQoimaError(error, 'TEST_OTHER')).toBe(false);
    expect(isQoimaError(new Error('x'))).toBe(false);
    expect(isQoimaError({ code: 'TEST_WRONG' })).toBe(false);
    expect(isQoimaError(undefined)).toBe(false);
  });

  it('says in front where it was, and keeps its code, its kind and its own details', () => {
    const error = testError('TEST_WRONG', 'x', { file: 'its own' });
    const thrown = catching(() =>
      withPlace(
        'a.psbt',
        () => {
          throw error;
        },
        { file: 'another', line: 1 },
      ),
    );
    expect(thrown).toMatchObject({
      code: error.code,
      kind: error.kind,
      message: `a.psbt: ${error.message}`,
      details: { file: 'its own', line: 1 },
      cause: error,
    });
  });

  it('of others nothing is said in front', () => {
    const error = new Error('x');
    const thrown = catching(() =>
      withPlace('a.psbt', () => {
        throw error;
      }),
    );
    expect(thrown).toBe(error);
    expect(withPlace('a.psbt', () => 1)).toBe(1);
  });
});

const catching = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

describe('the table of this package', () => {
  it.each(Object.entries(primitivesErrors))('%s is a sentence and a next step', (code, row) => {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)+$/);
    expect(row.meaning).toMatch(/^[A-Z].*\.$/);
    expect(row.action).toMatch(/^[A-Z].*\.$/);
    expect(new QoimaError({ code, kind: row.kind }, 'x').kind).toBe(row.kind);
  });
});
