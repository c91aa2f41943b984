import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Files of a workspace by path from its top; undefined leaves one of the sound workspace out. */
export type Files = Readonly<Record<string, string | undefined>>;

/**
 * Writes a small sound workspace (two programs over three packages, and one third-party library) to a
 * temporary folder, with `changes` planted in it, and hands its top to `use`.
 */
export const withWorkspace = <Result>(changes: Files, use: (root: string) => Result): Result => {
  const root = mkdtempSync(join(tmpdir(), 'qoima-planted-'));
  try {
    for (const [path, text] of Object.entries({ ...sound, ...changes })) {
      if (text === undefined) continue;
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    mkdirSync(join(root, 'node_modules/@qoima'), { recursive: true });
    for (const name of packages) {
      symlinkSync(join(root, 'packages', name), join(root, 'node_modules/@qoima', name));
    }
    return use(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
};

const packages = ['primitives', 'curve', 'chain', 'coordinator', 'station', 'signer-software'];

/** The text of a package.json; `fields` replaces or adds. */
export const manifest = (name: string, dependencies: readonly string[], fields = {}): string =>
  JSON.stringify({
    name: `@qoima/${name}`,
    ...shared,
    exports: { '.': conditions('index') },
    dependencies: Object.fromEntries(dependencies.map((dependency) => [dependency, '*'])),
    ...fields,
  });

export const conditions = (file: string): Readonly<Record<string, string>> => ({
  'qoima-source': `./src/${file}.ts`,
  types: `./dist/${file}.d.ts`,
  default: `./dist/${file}.js`,
});

/** The text of a tsconfig.json that refers to other packages. */
export const tsConfig = (...names: readonly string[]): string =>
  JSON.stringify({ references: names.map((name) => ({ path: `../${name}` })) });

/** Law of the planted workspace. */
export const architecture = (extraRow = ''): string => `
| floor | package | may import | third-party, at most |
|---|---|---|---|
| 1 | \`primitives\` | – | – |
| 1 | \`curve\` | – | – |
| 2 | \`chain\` | \`primitives\` | – |
| 2 | \`signer-software\` | \`curve\` | \`bip39\` |
| 3 | \`coordinator\` | \`primitives\`, \`curve\`, \`chain\` | \`parser\` |
| 3 | \`station\` | \`primitives\`, \`signer-software\` | \`parser\` |
| 3 (planned) | \`desk\` | \`*\` | a web page |
${extraRow}

| wall | what is behind it | who alone may use it |
|---|---|---|
| sockets | \`node:net\`, \`node:dns\`, \`globalThis.fetch\` | \`chain\` |
| secrets | \`@qoima/curve/secret\` | \`signer-software\` |
| judge | \`@qoima/curve#build\` | \`coordinator\` |

| closure of | holds none of |
|---|---|
| \`station\` | \`@qoima/chain\`, \`node:net\`, \`node:dns\`, \`globalThis.fetch\` |
| \`coordinator\` | \`@qoima/signer-software\`, \`@qoima/curve/secret\`, \`bip39\`, \`@ledgerhq/*\` |
`;

const shared = { version: '1.0.0', license: 'MIT', type: 'module', engines: { node: '>=20' } };

const sound: Files = {
  'package.json': JSON.stringify({ name: 'top', ...shared }),
  'tsconfig.json': JSON.stringify({
    references: [...packages.map((name) => `packages/${name}`), 'scripts'].map((path) => ({
      path,
    })),
  }),
  'docs/architecture.md': architecture(),
  'packages/primitives/package.json': manifest('primitives', []),
  'packages/primitives/tsconfig.json': tsConfig(),
  'packages/primitives/src/index.ts': 'export const one = 1;',
  'packages/curve/package.json': manifest('curve', [], {
    exports: { '.': conditions('index'), './secret': conditions('secret') },
  }),
  'packages/curve/tsconfig.json': tsConfig(),
  'packages/curve/src/index.ts': 'export const build = 1; export const read = 2;',
  'packages/curve/src/secret.ts': 'export const sign = 1;',
  'packages/chain/package.json': manifest('chain', ['@qoima/primitives']),
  'packages/chain/tsconfig.json': tsConfig('primitives'),
  'packages/chain/src/index.ts': "import 'node:net'; export { one } from '@qoima/primitives';",
  'packages/signer-software/package.json': manifest('signer-software', ['@qoima/curve', 'bip39']),
  'packages/signer-software/tsconfig.json': tsConfig('curve'),
  'packages/signer-software/src/index.ts': "import 'bip39'; import '@qoima/curve/secret';",
  'packages/coordinator/package.json': manifest(
    'coordinator',
    ['@qoima/chain', '@qoima/curve', 'parser'],
    { bin: { qoima: './dist/main.js' } },
  ),
  'packages/coordinator/tsconfig.json': tsConfig('chain', 'curve'),
  'packages/coordinator/src/index.ts':
    "import type { one } from '@qoima/chain'; import { build } from '@qoima/curve'; import 'parser';",
  'packages/coordinator/src/main.ts': "#!/usr/bin/env node\nimport './index.ts';",
  'packages/station/package.json': manifest('station', ['@qoima/signer-software', 'parser']),
  'packages/station/tsconfig.json': tsConfig('signer-software'),
  'packages/station/src/index.ts': "import '@qoima/signer-software'; import 'parser';",
  'node_modules/parser/package.json': '{ "name": "parser", "dependencies": { "words": "*" } }',
  'node_modules/parser/index.js': "module.exports = require('words');",
  'node_modules/words/package.json': '{ "name": "words" }',
  'node_modules/words/lib/index.js': "const os = require('os'); exports.words = [os.EOL];",
  'node_modules/bip39/package.json': '{ "name": "bip39" }',
  'node_modules/bip39/index.js': 'exports.seed = 1;',
};
