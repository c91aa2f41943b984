import { isQoimaError } from '@qoima/primitives';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readVectors } from '../../../scripts/read-vectors.ts';
import {
  formatCosignerKey,
  formatKeyOrigin,
  parseCosignerKey,
  parseKeyOrigin,
} from '../src/index.ts';
import { account, codeOf } from './sample-policy.ts';

describe('BIP-380 key origins', () => {
  interface KeyEntry {
    id: string;
    kind: string;
    key_expression: string;
  }
  const entries = readVectors<KeyEntry>('descriptor/bip380.json').entries;
  const originOf = (text: string): string | undefined => /^\[(.*)\]/.exec(text)?.[1];

  for (const { id, kind, key_expression } of entries) {
    const origin = kind.startsWith('key-') ? originOf(key_expression) : undefined;
    if (origin === undefined) continue;
    // What is wrong with bip380-key-36 is only that no key follows.
    if (kind === 'key-valid' || id === 'bip380-key-36') {
      it(`${id}: is read`, () => {
        expect(formatKeyOrigin(parseKeyOrigin(origin), 'h')).toBe(origin.replaceAll("'", 'h'));
      });
    } else {
      it(`${id}: is refused`, () => {
        expect(codeOf(() => parseKeyOrigin(origin))).toMatch(/^POLICY_(ORIGIN|PATH)_INVALID$/);
      });
    }
  }
});

describe('parseCosignerKey', () => {
  const xpub = account(1).node.toBase58();
  const fingerprint = account(1).text.slice(1, 9);
  const master = account(1, 'mainnet', '').node;
  const child = account(1, 'mainnet', "45'").node;
  const path = "48'/0'/0'/2'";

  it('reads either mark, and the fingerprint in either case', () => {
    const expected = parseCosignerKey(account(1).text);
    const spelled = `[${fingerprint.toUpperCase()}/48h/0'/0h/2h]${xpub}`;
    expect(parseCosignerKey(spelled)).toEqual(expected);
    expect(formatCosignerKey(expected)).toBe(`[${fingerprint}/${path}]${xpub}`);
    expect(formatCosignerKey(expected, 'h')).toBe(`[${fingerprint}/48h/0h/0h/2h]${xpub}`);
  });

  it('fills in the origin of a key that tells it by itself', () => {
    expect(formatCosignerKey(parseCosignerKey(master.toBase58()))).toBe(
      `[${fingerprint}]${master.toBase58()}`,
    );
    expect(formatCosignerKey(parseCosignerKey(child.toBase58()))).toBe(
      `[${fingerprint}/45']${child.toBase58()}`,
    );
  });

  it.each([
    ['POLICY_ORIGIN_MISSING', xpub],
    ['POLICY_ORIGIN_INVALID', `[]${xpub}`],
    ['POLICY_ORIGIN_INVALID', `[m/${path}]${xpub}`],
    ['POLICY_ORIGIN_INVALID', `[${fingerprint}/m/${path}]${xpub}`],
    ['POLICY_ORIGIN_INVALID', `[${fingerprint}/]${xpub}`],
    ['POLICY_ORIGIN_INVALID', `[${fingerprint.slice(1)}/${path}]${xpub}`],
    ['POLICY_ORIGIN_INVALID', `[${fingerprint}/${path}][${fingerprint}/${path}]${xpub}`],
    ['POLICY_ORIGIN_INVALID', `${fingerprint}/${path}]${xpub}`],
    ['POLICY_PATH_INVALID', `[${fingerprint}/48H/0H/0H/2H]${xpub}`],
    ['POLICY_PATH_INVALID', `[${fingerprint}/${path}/]${xpub}`],
    ['POLICY_KEY_INVALID', `[${fingerprint}/${path}]`],
    ['POLICY_KEY_INVALID', `[${fingerprint}/${path}] ${xpub}`],
    ['POLICY_BRANCH_INVALID', `[${fingerprint}/${path}]${xpub}/0/*`],
    ['POLICY_BRANCH_INVALID', `[${fingerprint}/${path}]${xpub}/`],
    // The origin contradicts the key: too short, too long, another last step, another master key.
    ['POLICY_ORIGIN_MISMATCH', `[${fingerprint}/48'/0'/0']${xpub}`],
    ['POLICY_ORIGIN_MISMATCH', `[${fingerprint}/${path}/0]${xpub}`],
    ['POLICY_ORIGIN_MISMATCH', `[${fingerprint}/48'/0'/0'/1']${xpub}`],
    ['POLICY_ORIGIN_MISMATCH', `[${fingerprint}/48'/0'/0'/2]${xpub}`],
    ['POLICY_ORIGIN_MISMATCH', `[00000001]${master.toBase58()}`],
    ['POLICY_ORIGIN_MISMATCH', `[00000001/45']${child.toBase58()}`],
  ])('%s: %s', (code, text) => {
    expect(codeOf(() => parseCosignerKey(text))).toBe(code);
  });

  it('says what the key and the origin each claim', () => {
    try {
      parseCosignerKey(`[${fingerprint}/48'/0'/0']${xpub}`, 'Key 2');
      expect.unreachable();
    } catch (error) {
      if (!isQoimaError(error)) throw error;
      expect(error.details).toEqual({ expected: 4, actual: 3 });
      expect(error.message).toMatch(/^Key 2 has depth 4/);
    }
  });

  it('reads what formatCosignerKey writes', () => {
    const step = fc.tuple(fc.integer({ min: 0, max: 0x7fffffff }), fc.constantFrom('', "'"));
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 4 }), fc.nat(255), (steps, seed) => {
        const { text } = account(seed, 'testnet', steps.map((parts) => parts.join('')).join('/'));
        expect(formatCosignerKey(parseCosignerKey(text))).toBe(text);
      }),
      { numRuns: 20 },
    );
  });
});
