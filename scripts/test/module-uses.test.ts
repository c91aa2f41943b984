import { describe, expect, it } from 'vitest';
import { readModuleUses } from '../module-uses.ts';

const usesOf = (text: string, path = 'file.ts') =>
  readModuleUses(path, text, new Set(['fetch', 'WebSocket']));

describe('readModuleUses', () => {
  it.each([
    ["import 'a';", 'a', []],
    ["import b from 'a';", 'a', ['default']],
    ["import b, { c as d } from 'a';", 'a', ['default', 'c']],
    ["import * as b from 'a';", 'a', ['*']],
    ["import type { b } from 'a';", 'a', ['b']],
    ["import { type b } from 'a';", 'a', ['b']],
    ["import { 'b c' as d } from 'a';", 'a', ['b c']],
    ["export { b as c } from 'a';", 'a', ['b']],
    ["export * from 'a';", 'a', ['*']],
    ["export * as b from 'a';", 'a', ['*']],
    ["const b = await import('a');", 'a', ['*']],
    ['const b = await import(`a`);', 'a', ['*']],
    ["type B = import('a').C.D<string>;", 'a', ['C']],
    ["import b = require('a');", 'a', ['*']],
    ["if (b) { const c = require('a'); }", 'a', ['*']],
    ["const b = import.meta.resolve('a');", 'a', ['*']],
    ["import 'fs';", 'node:fs', []],
    ["import 'fs/promises';", 'node:fs/promises', []],
    ["import 'node:sqlite';", 'node:sqlite', []],
  ])('reads %s', (text, specifier, names) => {
    expect(usesOf(text)).toEqual({
      imports: [{ specifier, names, line: 1 }],
      globals: [],
      unreadable: [],
    });
  });

  it.each([
    'import(name);',
    'import(`a${name}`);',
    'require(name);',
    'import.meta.resolve(name);',
    "process.getBuiltinModule('net');",
  ])('cannot read %s', (text) => {
    expect(usesOf(text).unreadable).toHaveLength(1);
    expect(usesOf(text).imports).toEqual([]);
  });

  it.each([
    "fetch('x');",
    'const get = fetch;',
    'send({ fetch });',
    'send({ get: fetch });',
    "globalThis.fetch('x');",
    "globalThis['fetch']('x');",
    'globalThis[`fetch`]("x");',
    'window.fetch("x");',
    'export { fetch };',
    'type Fetch = typeof fetch;',
  ])('sees the global in %s', (text) => {
    expect(usesOf(text).globals.map(({ name }) => name)).toContain('globalThis.fetch');
  });

  it.each([
    'options.fetch;',
    'const a = { fetch: 1 };',
    'interface A { readonly fetch: () => void }',
    "const a = 'fetch';",
    '// fetch',
    "export { fetch } from './fetch.ts';",
  ])('sees no global in %s', (text) => {
    expect(usesOf(text).globals).toEqual([]);
  });

  it('reads CommonJS as Node does', () => {
    const text =
      "#!/usr/bin/env node\n'use strict';\nconst { a } = require('a');\nmodule.exports = a;";
    expect(usesOf(text, 'file.js').imports).toEqual([{ specifier: 'a', names: ['*'], line: 3 }]);
  });

  it('counts lines', () => {
    expect(usesOf("\n\nimport 'a';\n\nimport 'b';\n").imports.map(({ line }) => line)).toEqual([
      3, 5,
    ]);
  });

  it('reads CommonJS that returns before its end, as it lies in old packages', () => {
    const text = "if (done) { return; }\nrequire('a'); fetch('b');";
    expect(usesOf(text, 'file.js')).toEqual({
      imports: [{ specifier: 'a', names: ['*'], line: 2 }],
      globals: [{ name: 'globalThis.fetch', line: 2 }],
      unreadable: [],
    });
  });

  it('throws for what is no program', () => {
    expect(() => usesOf('import {')).toThrow('file.ts does not parse');
  });
});
