import { formatHex, isQoimaError, parseHex } from '@qoima/primitives';
import bs58check from 'bs58check';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readVectors } from '../../../scripts/read-vectors.ts';
import { HARDENED, parseDerivationPath } from '../src/derivation-path.ts';
import {
  deriveChildKey,
  formatExtendedKey,
  keyFingerprint,
  parseExtendedKey,
} from '../src/index.ts';
import { account, bip32, bitcoinjsNetwork, codeOf } from './sample-policy.ts';

interface Bip32Entry {
  id: string;
  kind: string;
  seed: string;
  chain: { path: string; xpub: string; xprv: string }[];
  key: string;
}

const bip32Vectors = readVectors<Bip32Entry>('keys/bip32.json').entries;

describe('BIP-32 derivation', () => {
  for (const { id, seed, chain } of bip32Vectors.filter(({ kind }) => kind === 'derivation')) {
    it(id, () => {
      for (const { path, xpub, xprv } of chain) {
        const key = parseExtendedKey(xpub);
        expect(formatExtendedKey(key)).toBe(xpub);
        expect(codeOf(() => parseExtendedKey(xprv))).toBe('POLICY_PRIVATE_KEY');
        // Hardened steps need the private key: bip32 takes them, and we read what comes out.
        const master = bip32.fromSeed(parseHex(seed));
        const node = (path === 'm' ? master : master.derivePath(path)).neutered();
        expect(node.toBase58()).toBe(xpub);
        expect(key.depth).toBe(node.depth);
        expect(key.childNumber).toBe(node.index);
        expect(formatHex(keyFingerprint(key))).toBe(formatHex(node.fingerprint));
      }
    });

    it(`${id}: unhardened steps through our own derivation`, () => {
      let steps = 0;
      for (const [i, child] of chain.entries()) {
        const step = parseDerivationPath(child.path).at(-1);
        const parent = chain[i - 1];
        if (parent === undefined || step === undefined || step >= HARDENED) continue;
        const derived = deriveChildKey(parseExtendedKey(parent.xpub), step);
        expect(formatExtendedKey(derived)).toBe(child.xpub);
        steps += 1;
      }
      const unhardened = chain.filter(({ path }) => /\/[0-9]+$/.test(path));
      expect(steps).toBe(unhardened.length);
    });
  }
});

describe('BIP-32 invalid extended keys', () => {
  for (const { id, key } of bip32Vectors.filter(({ kind }) => kind === 'invalid-extended-key')) {
    it(id, () => {
      // One that says it is private is refused for that, whatever else is wrong with it.
      const code = key.startsWith('xprv') ? 'POLICY_PRIVATE_KEY' : 'POLICY_KEY_INVALID';
      expect(codeOf(() => parseExtendedKey(key))).toBe(code);
    });
  }
});

describe('SLIP-132 versions', () => {
  interface NodeEntry {
    id: string;
    kind: string;
    path: string;
    pub: string;
    chaincode?: string;
    xpub?: string;
    tpub?: string;
    [spelling: string]: unknown;
  }
  const nodes = readVectors<NodeEntry>('keys/bip48-paths.json').entries.filter(
    ({ kind }) => kind === 'derived-node',
  );
  const spellings = [
    ['xpub', ['xpub', 'ypub', 'Ypub', 'zpub', 'Zpub']],
    ['tpub', ['tpub', 'upub', 'Upub', 'vpub', 'Vpub']],
  ] as const;

  it('every spelling of a node is read, and written as xpub or tpub', () => {
    let read = 0;
    for (const node of nodes) {
      for (const [written, others] of spellings) {
        for (const spelling of others) {
          const text = node[spelling];
          const expected = node[written];
          if (typeof text !== 'string' || typeof expected !== 'string') continue;
          const key = parseExtendedKey(text);
          // The Upub of caravan-node-12 is of another node than the entry.
          if (key.depth !== parseDerivationPath(node.path).length) continue;
          expect(formatExtendedKey(key)).toBe(expected);
          expect(formatHex(key.publicKey)).toBe(node.pub);
          if (node.chaincode !== undefined) expect(formatHex(key.chainCode)).toBe(node.chaincode);
          expect(key.childNumber).toBe(parseDerivationPath(node.path).at(-1));
          read += 1;
        }
      }
    }
    expect(read).toBe(18);
  });

  it('private versions are refused as private', () => {
    for (const letter of 'xtyzuvYZUV') {
      const text = `${letter}prv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKm`;
      expect(codeOf(() => parseExtendedKey(text))).toBe('POLICY_PRIVATE_KEY');
    }
  });
});

describe('parseExtendedKey', () => {
  const xpub = formatExtendedKey(parseExtendedKey(account(1).node.toBase58()));
  const payload = bs58check.decode(xpub);

  it.each([
    ['nothing', ''],
    ['a space in front', ` ${xpub}`],
    ['a wrong last character', `${xpub.slice(0, -1)}1`],
    ['a character outside of base 58', xpub.replace(/.$/, '0')],
    ['a leading zero byte', `1${xpub}`],
    ['a look-alike from outside of Latin', xpub.replace(/.$/, '\u0430')],
    ['a character whose low byte is in base 58', xpub.replace(/.$/, '\u0131')],
    ['a space behind', `${xpub} `],
    ['a few characters', '3QJ'],
    ['the checksum of nothing', '3QJmnh'],
    ['too long to be tried', 'x'.repeat(1_000_000)],
    ['one byte less', bs58check.encode(payload.slice(0, -1))],
    ['one byte more', bs58check.encode(Uint8Array.of(...payload, 0))],
    ['unknown version bytes', bs58check.encode(Uint8Array.of(1, 2, 3, 4, ...payload.slice(4)))],
    ['an uncompressed prefix', bs58check.encode(payload.map((b, i) => (i === 45 ? 4 : b)))],
  ])('refuses %s', (_, text) => {
    expect(codeOf(() => parseExtendedKey(text))).toBe('POLICY_KEY_INVALID');
  });

  it('reads what formatExtendedKey writes, and bip32 writes the same', () => {
    const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
      fc.uint8Array({ minLength: length, maxLength: length });
    const keys = fc.record({
      network: fc.constantFrom('mainnet' as const, 'testnet' as const),
      depth: fc.integer({ min: 1, max: 255 }),
      parentFingerprint: bytes(4),
      childNumber: fc.integer({ min: 0, max: 0xffffffff }),
      chainCode: bytes(32),
      publicKey: fc.integer({ min: 0, max: 1000 }).map((i) => account(7).node.derive(i).publicKey),
    });
    fc.assert(
      fc.property(keys, (key) => {
        const text = formatExtendedKey(key);
        expect(parseExtendedKey(text)).toEqual(key);
        const network = bitcoinjsNetwork(key.network);
        expect(bip32.fromBase58(text, network).toBase58()).toBe(text);
      }),
      { numRuns: 25 },
    );
  });

  it('refuses a text with any one character changed', () => {
    const changes = fc.tuple(
      fc.nat(xpub.length - 1),
      fc.constantFrom('1', '9', 'A', 'J', 'P', 'a', 'k', 'z'),
    );
    fc.assert(
      fc.property(changes, ([at, character]) => {
        const changed = xpub.slice(0, at) + character + xpub.slice(at + 1);
        fc.pre(changed !== xpub);
        expect(codeOf(() => parseExtendedKey(changed))).toBe('POLICY_KEY_INVALID');
      }),
      { numRuns: 50 },
    );
  });

  it('refuses a single private key (WIF) and never quotes it', () => {
    for (const wif of [
      'L4rK1yDtCWekvXuE6oXD9jCYfFNV2cWRpVuPLBcCU2z8TrisoyY1',
      '5KYZdUEo39z3FPrtuX2QbbwGnNP5zTd7yyr2SC1j299sBCnWjss',
    ]) {
      try {
        parseExtendedKey(wif);
        expect.unreachable();
      } catch (error) {
        expect(isQoimaError(error, 'POLICY_PRIVATE_KEY')).toBe(true);
        expect(String(error) + JSON.stringify(error)).not.toContain(wif.slice(0, 8));
      }
    }
  });
});

describe('deriveChildKey', () => {
  it.each([-1, 0.5, Number.NaN, HARDENED])('refuses the index %s', (index) => {
    const key = parseExtendedKey(account(1).node.toBase58());
    expect(codeOf(() => deriveChildKey(key, index))).toBe('POLICY_INDEX_INVALID');
  });

  it('refuses to go below depth 255', () => {
    const key = { ...parseExtendedKey(account(1).node.toBase58()), depth: 255 };
    expect(codeOf(() => deriveChildKey(key, 0))).toBe('POLICY_KEY_INVALID');
  });

  it('agrees with bip32 on any index', () => {
    const { node } = account(7);
    const key = parseExtendedKey(node.toBase58());
    fc.assert(
      fc.property(fc.integer({ min: 0, max: HARDENED - 1 }), (index) => {
        expect(formatExtendedKey(deriveChildKey(key, index))).toBe(node.derive(index).toBase58());
      }),
      { numRuns: 25 },
    );
  });
});
