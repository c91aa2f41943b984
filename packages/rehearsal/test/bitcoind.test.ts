import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findBitcoind, startBitcoind } from '../src/bitcoind.ts';

const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'qoima-bitcoind-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

/** A program named bitcoind: JavaScript after the line that names its interpreter. */
const standIn = (code: string): string => {
  const path = join(temporaryFolder(), 'bitcoind');
  writeFileSync(path, `#!${process.execPath}\n${code}\n`);
  chmodSync(path, 0o755);
  return path;
};

/** Answers what is asked of a node that starts, and writes its arguments down. */
const ANSWERING = `
const { createServer } = require('node:http');
const { mkdirSync, writeFileSync } = require('node:fs');
const option = (name) => process.argv.find((each) => each.startsWith(name + '='))?.slice(name.length + 1);
const dir = option('-datadir');
mkdirSync(dir + '/regtest', { recursive: true });
writeFileSync(dir + '/arguments', process.argv.slice(2).join('\\n'));
const results = {
  getblockchaininfo: { chain: 'regtest', blocks: 0, bestblockhash: '0'.repeat(64), time: 0, initialblockdownload: true },
  getnetworkinfo: { subversion: '/Satoshi:99.1.0/' },
};
const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => { body += chunk; });
  request.on('end', () => {
    const { id, method } = JSON.parse(body);
    response.end(JSON.stringify({ result: results[method], error: null, id }));
  });
});
server.listen(Number(option('-rpcport')), '127.0.0.1', () => writeFileSync(dir + '/regtest/.cookie', 'a:b'));
process.on('SIGTERM', () => { writeFileSync(dir + '/ended', ''); process.exit(0); });
`;

describe('findBitcoind', () => {
  it('takes what BITCOIND names', () => {
    const path = standIn('');
    expect(findBitcoind({ BITCOIND: path, PATH: '/nowhere' })).toBe(path);
  });

  it('takes the first on the PATH', () => {
    const path = standIn('');
    const other = standIn('');
    const folders = ['/nowhere', join(path, '..'), join(other, '..')];
    expect(findBitcoind({ PATH: folders.join(delimiter) })).toBe(path);
    expect(findBitcoind({ BITCOIND: '', PATH: folders.join(delimiter) })).toBe(path);
  });

  it.each([
    ['nothing is there', {}],
    ['the PATH has none', { PATH: `/nowhere${delimiter}${delimiter}/nowhere/else` }],
    ['BITCOIND names nothing', { BITCOIND: '/nowhere/bitcoind', PATH: process.env['PATH'] }],
    ['BITCOIND names a folder', { BITCOIND: tmpdir() }],
  ])('says what to do when %s', (_, env) => {
    expect(() => findBitcoind(env)).toThrow(
      expect.objectContaining({ code: 'REHEARSAL_NO_BITCOIND', kind: 'usage' }),
    );
  });

  it('passes by what may not be run', () => {
    const path = standIn('');
    chmodSync(path, 0o644);
    expect(() => findBitcoind({ PATH: join(path, '..') })).toThrow(
      expect.objectContaining({ code: 'REHEARSAL_NO_BITCOIND' }),
    );
  });
});

describe('startBitcoind', () => {
  it('waits for the first answer, tells the version, and ends it in peace', async () => {
    const dir = temporaryFolder();
    const node = await startBitcoind({ binary: standIn(ANSWERING), dir });
    expect(node).toMatchObject({
      name: 'Bitcoin Core 99.1.0',
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:[0-9]+$/) as unknown,
      cookiePath: join(dir, 'regtest', '.cookie'),
    });
    await node.stop();
    expect(existsSync(join(dir, 'ended'))).toBe(true);
  });

  it.each([
    [
      'ends at once',
      `process.stderr.write('Error: no such option'); process.exit(1)`,
      'no such option',
    ],
    ['ends without a word', 'process.exit(1)', 'it gave no reason'],
  ])('says why when it %s', async (_, code, reason) => {
    await expect(
      startBitcoind({ binary: standIn(code), dir: temporaryFolder() }),
    ).rejects.toMatchObject({
      code: 'REHEARSAL_BITCOIND_FAILED',
      message: expect.stringContaining(reason) as unknown,
    });
  });

  it('says so when it cannot be started at all', async () => {
    await expect(
      startBitcoind({ binary: '/nowhere/bitcoind', dir: temporaryFolder() }),
    ).rejects.toMatchObject({ code: 'REHEARSAL_BITCOIND_FAILED' });
  });
});
