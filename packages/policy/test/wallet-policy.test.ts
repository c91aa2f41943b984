import { isQoimaError } from '@qoima/primitives';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Cosigner,
  MAX_COSIGNERS,
  type PolicyParts,
  policyFindings,
  policyId,
  policyScripts,
  quorum,
  walletPolicy,
} from '../src/index.ts';
import { codeOf, cosigner, policyParts, samplePolicy } from './sample-policy.ts';

const five = [1, 2, 3, 4, 5].map((seed) => cosigner(seed));
const replace = (index: number, changed: Partial<Cosigner>): readonly Cosigner[] =>
  five.map((one, i) => (i === index ? { ...one, ...changed } : one));
const withKey = (index: number, changed: Partial<Cosigner['key']>): readonly Cosigner[] =>
  replace(index, { key: { ...(five[index] as Cosigner).key, ...changed } });
const [first, second] = five as [Cosigner, Cosigner];

describe('quorum', () => {
  it('is k of n with 1 ≤ k ≤ n ≤ 15', () => {
    const near = fc.integer({ min: -1, max: MAX_COSIGNERS + 2 });
    fc.assert(
      fc.property(near, near, (required, total) => {
        const possible = required >= 1 && required <= total && total <= 15;
        const code = codeOf(() => quorum(required, total));
        expect(code).toBe(possible ? 'nothing thrown' : 'POLICY_QUORUM_INVALID');
      }),
    );
  });

  it.each([
    [1.5, 2],
    [1, 2.5],
    [Number.NaN, 2],
    [1, Number.POSITIVE_INFINITY],
  ])('refuses %s of %s', (required, total) => {
    expect(codeOf(() => quorum(required, total))).toBe('POLICY_QUORUM_INVALID');
  });
});

describe('walletPolicy refuses', () => {
  const cases: readonly [string, string, Partial<PolicyParts>][] = [
    ['no name', 'POLICY_NAME_INVALID', { name: '' }],
    ['a name of 65 characters', 'POLICY_NAME_INVALID', { name: 'x'.repeat(65) }],
    ['a name with a leading space', 'POLICY_NAME_INVALID', { name: ' Reserve' }],
    ['a name with a trailing space', 'POLICY_NAME_INVALID', { name: 'Reserve ' }],
    ['a name that is one space', 'POLICY_NAME_INVALID', { name: ' ' }],
    ['a name beyond ASCII', 'POLICY_NAME_INVALID', { name: 'Қойма' }],
    ['a name with a line feed', 'POLICY_NAME_INVALID', { name: 'Reserve\n' }],
    ['a birthday in fractions', 'POLICY_BIRTHDAY_INVALID', { birthday: 1.5 }],
    ['a birthday before 1970', 'POLICY_BIRTHDAY_INVALID', { birthday: -1 }],
    ['a birthday in milliseconds', 'POLICY_BIRTHDAY_INVALID', { birthday: 1_700_000_000_000 }],
    ['a quorum of none', 'POLICY_QUORUM_INVALID', { quorum: { required: 0, total: 5 } }],
    ['a quorum above its total', 'POLICY_QUORUM_INVALID', { quorum: { required: 6, total: 5 } }],
    ['too few keys', 'POLICY_KEY_COUNT', { cosigners: five.slice(1) }],
    ['too many keys', 'POLICY_KEY_COUNT', { cosigners: [...five, cosigner(6)] }],
    [
      'test keys on mainnet',
      'POLICY_NETWORK_MIXED',
      { cosigners: replace(2, cosigner(3, 'testnet')) },
    ],
    ['mainnet keys on signet', 'POLICY_NETWORK_MIXED', { network: 'signet', cosigners: five }],
    ['a key twice', 'POLICY_KEY_REPEATED', { cosigners: replace(4, first) }],
    [
      'a key twice under other names, origins and parent fingerprints',
      'POLICY_KEY_REPEATED',
      {
        cosigners: replace(4, {
          name: 'Somebody else',
          origin: { ...first.origin, fingerprint: Uint8Array.of(1, 2, 3, 4) },
          key: { ...first.key, parentFingerprint: Uint8Array.of(9, 9, 9, 9) },
        }),
      },
    ],
    [
      'a public key twice with another chain code',
      'POLICY_KEY_REPEATED',
      { cosigners: withKey(4, { publicKey: first.key.publicKey }) },
    ],
    [
      'a chain code twice with another public key',
      'POLICY_KEY_REPEATED',
      { cosigners: withKey(4, { chainCode: first.key.chainCode }) },
    ],
    [
      'one origin for two keys',
      'POLICY_ORIGIN_REPEATED',
      { cosigners: replace(1, { origin: first.origin }) },
    ],
    [
      'an origin of another depth',
      'POLICY_ORIGIN_MISMATCH',
      {
        cosigners: replace(1, { origin: { ...second.origin, path: second.origin.path.slice(1) } }),
      },
    ],
    ['a name twice', 'POLICY_NAME_REPEATED', { cosigners: replace(1, { name: first.name }) }],
    ['a cosigner without a name', 'POLICY_NAME_INVALID', { cosigners: replace(1, { name: '' }) }],
    [
      'a key too deep for branch and index',
      'POLICY_KEY_INVALID',
      {
        cosigners: replace(1, {
          origin: { ...second.origin, path: Array<number>(254).fill(0) },
          key: { ...second.key, depth: 254, childNumber: 0 },
        }),
      },
    ],
  ];

  it.each(cases)('%s: %s', (_, code, changes) => {
    expect(codeOf(() => walletPolicy(policyParts(changes)))).toBe(code);
  });

  it('and names the two who share a key', () => {
    try {
      walletPolicy(policyParts({ cosigners: withKey(4, { chainCode: first.key.chainCode }) }));
      expect.unreachable();
    } catch (error) {
      if (!isQoimaError(error)) throw error;
      expect(error.kind).toBe('refused');
      expect(error.message).toContain(
        'Keys 1 and 5 of 5, of Custodian 1 and Custodian 5, have the same chain code.',
      );
      expect(error.details).toMatchObject({ cosigners: ['Custodian 1', 'Custodian 5'] });
    }
  });

  it('and says where the same record stands twice, or the same name', () => {
    expect(() => walletPolicy(policyParts({ cosigners: replace(4, second) }))).toThrow(
      'Keys 2 and 5 of 5, both of Custodian 2, have the same public key.',
    );
    const namesake = { ...cosigner(5), name: second.name };
    expect(() => walletPolicy(policyParts({ cosigners: replace(4, namesake) }))).toThrow(
      'Keys 2 and 5 of 5 are both of Custodian 2.',
    );
  });
});

describe('walletPolicy accepts', () => {
  it('1 of 1 and 15 of 15, in each kind of script', () => {
    const cosigners = Array.from({ length: 15 }, (_, i) => cosigner(i + 1));
    for (const scriptKind of ['wsh', 'sh-wsh', 'sh'] as const) {
      const most = samplePolicy({ scriptKind, cosigners, quorum: { required: 15, total: 15 } });
      expect(policyScripts(most).at('receive', 0).multisigScript.length).toBe(513);
      samplePolicy({ scriptKind, cosigners: [first], quorum: { required: 1, total: 1 } });
    }
  });

  it('two accounts of one seed, with a finding', () => {
    const { origin, key } = cosigner(1, 'mainnet', "48'/0'/1'/2'");
    const policy = samplePolicy({ cosigners: replace(4, { origin, key }) });
    expect(policyFindings(policy)).toMatchObject([
      {
        rule: 'policy-fingerprint-shared',
        severity: 'warn',
        facts: { cosigners: ['Custodian 1', 'Custodian 5'] },
      },
    ]);
  });

  it('a sound policy without any finding', () => {
    expect(policyFindings(samplePolicy())).toEqual([]);
  });
});

describe('policyId', () => {
  it('is of name, network, template and the order of keys, and of nothing else', () => {
    const base = policyId(samplePolicy());
    expect(base).toMatch(/^[0-9a-f]{64}$/);
    expect(policyId(samplePolicy({ birthday: 1_700_000_000 }))).toBe(base);
    expect(policyId(samplePolicy({ cosigners: replace(0, { name: 'Renamed' }) }))).toBe(base);
    const ids = [
      samplePolicy({ name: 'Reserve 2' }),
      samplePolicy({ scriptKind: 'sh-wsh' }),
      samplePolicy({ sorted: false }),
      samplePolicy({ quorum: { required: 2, total: 5 } }),
      samplePolicy({ cosigners: five.toReversed() }),
      samplePolicy({ network: 'testnet' }),
      samplePolicy({ network: 'signet' }),
      samplePolicy({ network: 'regtest' }),
    ].map(policyId);
    expect(new Set([base, ...ids]).size).toBe(ids.length + 1);
  });

  it('is pinned: a change here breaks every policy file', () => {
    expect(policyId(samplePolicy())).toMatchInlineSnapshot(
      `"5600476d57ee8d057ce0c0996b4e5c73f04df1133291fb6043f35e791d813b1d"`,
    );
  });

  it('differs between permutations of the keys, whose scripts are the same', () => {
    const script = policyScripts(samplePolicy()).at('receive', 3).scriptPubKey;
    const order = fc.shuffledSubarray(five, { minLength: 5 });
    fc.assert(
      fc.property(order, (cosigners) => {
        const policy = samplePolicy({ cosigners });
        expect(policyScripts(policy).at('receive', 3).scriptPubKey).toEqual(script);
        const sameOrder = cosigners.every((one, i) => one === five[i]);
        expect(policyId(policy) === policyId(samplePolicy())).toBe(sameOrder);
      }),
      { numRuns: 10 },
    );
  });
});
