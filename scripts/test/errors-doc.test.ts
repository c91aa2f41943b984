import { describe, expect, it } from 'vitest';
import { formatBreach } from '../breach.ts';
import { checkErrorTables } from '../error-tables.ts';
import { checkErrorsDoc, formatErrorsDoc } from '../errors-doc.ts';
import { workspaceRoot } from '../workspace.ts';
import { withWorkspace } from './planted-workspace.ts';

const row = { kind: 'refused', meaning: 'It is not.', action: 'Do it again.' } as const;

const breachesOf = (table: Readonly<Record<string, typeof row>>): readonly string[] =>
  withWorkspace({ 'packages/chain/src/index.ts': "throw chainError('CHAIN_DOWN', 'x')" }, (root) =>
    checkErrorTables([
      { name: 'chain', folder: `${root}/packages/chain`, table },
      { name: 'curve', folder: `${root}/packages/curve`, table: {} },
    ]).map(formatBreach),
  );

describe('error tables', () => {
  it('agree with docs/errors.md in this workspace, and each code is thrown somewhere', async () => {
    expect((await checkErrorsDoc(workspaceRoot)).map(formatBreach)).toEqual([]);
  });

  it('are fine when each code is thrown', () => {
    expect(breachesOf({ CHAIN_DOWN: row })).toEqual([]);
  });

  it.each([
    ['a code that nothing throws', { CHAIN_UP: row }, 'CHAIN_UP is thrown nowhere in src'],
    ['a code in another form', { chainDown: row }, 'chainDown is not in the form PREFIX_SNAKE'],
    [
      'a meaning that is no sentence',
      { CHAIN_DOWN: { ...row, meaning: 'down' } },
      'CHAIN_DOWN has a meaning that is no sentence',
    ],
    [
      'an action that is no sentence',
      { CHAIN_DOWN: { ...row, action: '' } },
      'CHAIN_DOWN has an action that is no sentence',
    ],
  ])('may not hold %s', (_, table, breach) => {
    expect(breachesOf(table as never)).toContain(`packages/chain/src/errors.ts: errors: ${breach}`);
  });

  it('may not share a code', () => {
    const table = { CHAIN_DOWN: row };
    const found = withWorkspace({ 'packages/curve/src/index.ts': "'CHAIN_DOWN'" }, (root) =>
      checkErrorTables([
        { name: 'curve', folder: `${root}/packages/curve`, table },
        { name: 'chain', folder: `${root}/packages/curve`, table },
      ]).map(formatBreach),
    );
    expect(found).toEqual([
      'packages/chain/src/errors.ts: errors: CHAIN_DOWN is also a code of curve',
    ]);
  });

  it('make the document', () => {
    const text = formatErrorsDoc([
      { name: 'chain', folder: '', table: { CHAIN_DOWN: { ...row, meaning: 'a|b.' } } },
    ]);
    expect(text).toContain('## @qoima/chain\n');
    expect(text).toContain('| `CHAIN_DOWN` | refused (3) | a\\|b. | Do it again. |');
  });
});
