import { describe, expect, it } from 'vitest';
import { formatBreach } from '../breach.ts';
import { checkFences } from '../check-fences.ts';
import { workspaceRoot } from '../workspace.ts';
import { type Files, manifest, withWorkspace } from './planted-workspace.ts';

const breachesWith = (changes: Files): readonly string[] =>
  withWorkspace(changes, (root) => checkFences(root).map(formatBreach));

describe('checkFences', () => {
  it('finds nothing in a sound workspace', () => {
    expect(breachesWith({})).toEqual([]);
  });

  it('finds nothing in this workspace', () => {
    expect(checkFences(workspaceRoot).map(formatBreach)).toEqual([]);
  });

  const planted: readonly (readonly [name: string, changes: Files, breaches: readonly string[]])[] =
    [
      [
        'the network package in the station',
        { 'packages/signer-software/package.json': manifest('signer-software', ['@qoima/chain']) },
        [
          '@qoima/station → @qoima/signer-software → @qoima/chain: fence of station: @qoima/chain is in the closure',
        ],
      ],
      [
        'a socket deep in the station’s third-party tree, and where it comes from',
        { 'node_modules/words/lib/deep.cjs': "\nconst { connect } = require('net');" },
        [
          'words/lib/deep.cjs:2: fence of station: node:net, by way of @qoima/station → parser → words',
        ],
      ],
      [
        'a fetch in the station’s third-party tree',
        { 'node_modules/parser/lazy.mjs': "export const load = () => fetch('http://x');" },
        [
          'parser/lazy.mjs:1: fence of station: globalThis.fetch, by way of @qoima/station → parser',
        ],
      ],
      [
        'a peer that may be absent, once a file imports it',
        {
          'node_modules/words/package.json':
            '{ "name": "words", "peerDependencies": { "phone": "*" }, "peerDependenciesMeta": { "phone": { "optional": true } } }',
          'node_modules/words/call.js': "require('phone');",
          'node_modules/phone/package.json': '{ "name": "phone" }',
          'node_modules/phone/index.js': "import('node:dns');",
        },
        [
          'phone/index.js:1: fence of station: node:dns, by way of @qoima/station → parser → words → phone',
        ],
      ],
      [
        'a library that reads mnemonics in the coordinator',
        {
          'node_modules/parser/package.json':
            '{ "name": "parser", "dependencies": { "bip39": "*" } }',
        },
        ['@qoima/coordinator → parser → bip39: fence of coordinator: bip39 is in the closure'],
      ],
      [
        'a signer in the coordinator',
        { 'packages/chain/package.json': manifest('chain', ['@qoima/signer-software']) },
        [
          '@qoima/coordinator → @qoima/chain → @qoima/signer-software: fence of coordinator: @qoima/signer-software is in the closure',
        ],
      ],
      [
        'the secret half of the curve in the coordinator',
        { 'packages/chain/src/sign.ts': "export { sign } from '@qoima/curve/secret';" },
        [
          'chain/src/sign.ts:1: fence of coordinator: @qoima/curve/secret, by way of @qoima/coordinator → @qoima/chain',
        ],
      ],
      [
        'device code in the coordinator, by its scope',
        {
          'node_modules/words/package.json':
            '{ "name": "words", "optionalDependencies": { "@ledgerhq/hid": "*" } }',
          'node_modules/@ledgerhq/hid/package.json': '{ "name": "@ledgerhq/hid" }',
        },
        [
          '@qoima/coordinator → parser → words → @ledgerhq/hid: fence of coordinator: @ledgerhq/hid is in the closure',
        ],
      ],
      [
        'an installation that is not whole',
        { 'packages/primitives/package.json': manifest('primitives', ['nothing']) },
        [
          '@qoima/coordinator → @qoima/chain → @qoima/primitives: fence of coordinator: nothing is not installed',
        ],
      ],
    ];

  it.each(planted)('finds %s', (_, changes, breaches) => {
    expect(breachesWith(changes)).toEqual(breaches);
  });

  it('does not mind a peer that is absent, nor one that nothing imports', () => {
    const peers = { phone: '*', gone: '*' };
    const optional = { phone: { optional: true }, gone: { optional: true } };
    expect(
      breachesWith({
        'node_modules/words/package.json': JSON.stringify({
          name: 'words',
          peerDependencies: peers,
          peerDependenciesMeta: optional,
        }),
        'node_modules/phone/package.json': '{ "name": "phone" }',
        'node_modules/phone/index.js': "import('node:dns');",
      }),
    ).toEqual([]);
  });
});
