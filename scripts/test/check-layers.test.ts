import { describe, expect, it } from 'vitest';
import { formatBreach } from '../breach.ts';
import { checkLayers } from '../check-layers.ts';
import { workspaceRoot } from '../workspace.ts';
import {
  architecture,
  conditions,
  type Files,
  manifest,
  tsConfig,
  withWorkspace,
} from './planted-workspace.ts';

const breachesWith = (changes: Files): readonly string[] =>
  withWorkspace(changes, (root) => checkLayers(root).map(formatBreach));

describe('checkLayers', () => {
  it('finds nothing in a sound workspace', () => {
    expect(breachesWith({})).toEqual([]);
  });

  it('finds nothing in this workspace', () => {
    expect(checkLayers(workspaceRoot).map(formatBreach)).toEqual([]);
  });

  const planted: readonly (readonly [name: string, changes: Files, breach: string])[] = [
    [
      'a package without a row',
      {
        'docs/architecture.md': architecture()
          .replace(/\| 2 \| `chain`.*\n/, '')
          .replaceAll(/`(@qoima\/)?chain`/g, ''),
        'packages/coordinator/package.json': manifest('coordinator', ['@qoima/curve', 'parser']),
        'packages/coordinator/tsconfig.json': tsConfig('curve'),
        'packages/coordinator/src/index.ts': "import '@qoima/curve'; import 'parser';",
      },
      'docs/architecture.md: table: packages/chain has no row',
    ],
    [
      'a file at the top that belongs elsewhere',
      { 'todo.txt': '' },
      'todo.txt: top: it does not belong at the top',
    ],
    [
      'a row without a package',
      { 'docs/architecture.md': architecture('| 4 | `audit` | – | – |') },
      'docs/architecture.md: table: the row audit has no package',
    ],
    [
      'a planned package that is there',
      {
        'docs/architecture.md': architecture().replace('| 1 | `curve`', '| 1 (planned) | `curve`'),
      },
      'docs/architecture.md: table: curve is here: its row is no longer planned',
    ],
    [
      'a dependency on a floor above',
      {
        'packages/curve/package.json': manifest('curve', ['@qoima/chain']),
        'packages/curve/tsconfig.json': tsConfig('chain'),
        'packages/curve/src/index.ts': "import '@qoima/chain';",
      },
      'packages/curve/package.json: manifest: the table does not let curve depend on @qoima/chain',
    ],
    [
      'a third-party dependency that the row does not name',
      {
        'packages/chain/package.json': manifest('chain', ['@qoima/primitives', 'left-pad']),
        'packages/chain/src/index.ts': "import '@qoima/primitives'; import 'left-pad';",
      },
      'packages/chain/package.json: manifest: the table does not let chain depend on left-pad',
    ],
    [
      'an optional dependency that the row does not name',
      {
        'packages/primitives/package.json': manifest('primitives', [], {
          optionalDependencies: { usb: '*' },
        }),
        'packages/primitives/src/index.ts': "import 'usb';",
      },
      'packages/primitives/package.json: manifest: the table does not let primitives depend on usb',
    ],
    [
      'a dependency that nothing imports',
      { 'packages/chain/src/index.ts': 'export const one = 1;' },
      'packages/chain/package.json: manifest: src does not import the dependency @qoima/primitives',
    ],
    [
      'a missing tsconfig reference',
      { 'packages/chain/tsconfig.json': tsConfig() },
      'packages/chain/tsconfig.json: reference: no reference to ../primitives',
    ],
    [
      'a superfluous tsconfig reference',
      { 'packages/chain/tsconfig.json': tsConfig('primitives', 'curve') },
      'packages/chain/tsconfig.json: reference: a reference to ../curve, no dependency',
    ],
    [
      'a package that the build does not reach',
      {
        'tsconfig.json': JSON.stringify({
          references: [{ path: 'scripts' }],
        }),
      },
      'tsconfig.json: reference: no reference to packages/chain',
    ],
    [
      'a package that loosens the compiler for itself',
      { 'packages/curve/tsconfig.json': '{ "compilerOptions": { "strict": false } }' },
      'packages/curve/tsconfig.json: reference: the compiler option strict is set for all packages at the top, not in one',
    ],
    [
      'an import without a dependency',
      { 'packages/primitives/src/index.ts': "\nimport { read } from '@qoima/curve';" },
      'packages/primitives/src/index.ts:2: import: @qoima/curve is not among its dependencies',
    ],
    [
      'a type import without a dependency',
      {
        'packages/primitives/src/index.ts': "export const a = (b: import('@qoima/curve').B) => b;",
      },
      'packages/primitives/src/index.ts:1: import: @qoima/curve is not among its dependencies',
    ],
    [
      'a re-export without a dependency',
      { 'packages/primitives/src/more.ts': "export * from 'left-pad';" },
      'packages/primitives/src/more.ts:1: import: left-pad is not among its dependencies',
    ],
    [
      'a dynamic import without a dependency',
      { 'packages/primitives/src/index.ts': "export const late = () => import('left-pad/deep');" },
      'packages/primitives/src/index.ts:1: import: left-pad/deep is not among its dependencies',
    ],
    [
      'a require without a dependency',
      { 'packages/primitives/src/old.cts': "const pad = require('left-pad');" },
      'packages/primitives/src/old.cts:1: import: left-pad is not among its dependencies',
    ],
    [
      'an import worked out at run time',
      { 'packages/primitives/src/index.ts': 'export const late = (name: string) => import(name);' },
      'packages/primitives/src/index.ts:1: import: import(name): what it imports cannot be read off the source',
    ],
    [
      'a way around by file',
      { 'packages/primitives/src/index.ts': "export * from '../../curve/src/secret.ts';" },
      'packages/primitives/src/index.ts:1: import: ../../curve/src/secret.ts leads out of its src',
    ],
    [
      'a test that reaches into another package',
      { 'packages/chain/test/a.test.ts': "import '../../curve/src/secret.ts';" },
      'packages/chain/test/a.test.ts:1: import: ../../curve/src/secret.ts is a file of another package: import the package',
    ],
    [
      'a socket outside chain',
      { 'packages/station/src/send.ts': "import { connect } from 'net';" },
      'packages/station/src/send.ts:1: wall: node:net is behind the wall "sockets": only chain',
    ],
    [
      'a module below a walled one',
      { 'packages/station/src/send.ts': "const dns = await import('node:dns/promises');" },
      'packages/station/src/send.ts:1: wall: node:dns/promises is behind the wall "sockets": only chain',
    ],
    [
      'a global socket outside chain',
      {
        'packages/coordinator/src/send.ts':
          "\n\nexport const send = () => globalThis['fetch']('x');",
      },
      'packages/coordinator/src/send.ts:3: wall: globalThis.fetch is behind the wall "sockets": only chain',
    ],
    [
      'secret keys in an online program',
      {
        'packages/coordinator/src/index.ts':
          "import 'parser'; import '@qoima/chain'; import { sign } from '@qoima/curve/secret';",
      },
      'packages/coordinator/src/index.ts:1: wall: @qoima/curve/secret is behind the wall "secrets": only signer-software',
    ],
    [
      'the builder in the hands of another package',
      { 'packages/signer-software/src/build.ts': "import { build as make } from '@qoima/curve';" },
      'packages/signer-software/src/build.ts:1: wall: @qoima/curve#build is behind the wall "judge": only coordinator',
    ],
    [
      'the builder taken with everything else',
      { 'packages/signer-software/src/build.ts': "import * as curve from '@qoima/curve';" },
      'packages/signer-software/src/build.ts:1: wall: @qoima/curve#* is behind the wall "judge": only coordinator',
    ],
    [
      'exports in another order',
      {
        'packages/primitives/package.json': manifest('primitives', [], {
          exports: { '.': { default: './dist/index.js', ...conditions('index') } },
        }),
      },
      `packages/primitives/package.json: exports: "exports" → "." must be ${JSON.stringify(conditions('index'))}`,
    ],
    [
      'an export without a file',
      { 'packages/curve/src/secret.ts': undefined },
      'packages/curve/package.json: exports: "exports" → "./secret" has no file ./src/secret.ts',
    ],
    [
      'another version than the others',
      { 'packages/primitives/package.json': manifest('primitives', [], { version: '1.0.1' }) },
      'packages/primitives/package.json: exports: "version" differs from the one at the top',
    ],
    [
      'a bin that no shell can start',
      { 'packages/coordinator/src/main.ts': "import './index.ts';" },
      'packages/coordinator/package.json: exports: "bin" → "qoima" has no source with a #! line',
    ],
  ];

  it.each(planted)('finds %s', (_, changes, breach) => {
    expect(breachesWith(changes)).toContain(breach);
  });

  it.each(planted)('finds nothing else with %s', (_, changes, breach) => {
    const rule = breach.split(': ')[1];
    expect(breachesWith(changes).filter((found) => !found.includes(`: ${rule}: `))).toEqual([]);
  });
});
