import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readVectors } from '../../../scripts/read-vectors.ts';
import {
  descriptorChecksum,
  encodeAddress,
  formatDescriptor,
  parseDescriptor,
  parseDescriptorPair,
  policyId,
  policyScripts,
} from '../src/index.ts';
import { account, codeOf, cosigner, samplePolicy } from './sample-policy.ts';

interface DescriptorEntry {
  id: string;
  kind: string;
  expect: 'accept' | 'reject';
  descriptor?: string;
  key_expression?: string;
  descriptor_public?: string;
  descriptor_private?: string;
}

/**
 * Valid descriptors that Qoima refuses on purpose, by the code it refuses them with. Every vector
 * that a standard calls valid is either read or stands here.
 */
const deviations: Readonly<Record<string, string>> = {
  POLICY_SCRIPT_UNSUPPORTED:
    'Qoima holds multisig in wsh, sh(wsh) and sh: no single keys, bare scripts, taproot, musig, miniscript, raw or addr.',
  POLICY_PRIVATE_KEY: 'A descriptor with a private key in it is an accident.',
  POLICY_KEY_INVALID:
    'A single public key gives one address for ever: only extended keys are held.',
  POLICY_QUORUM_INVALID: 'More than 15 keys: BIP-383 allows 20 in wsh, a Ledger 15.',
  POLICY_BRANCH_INVALID:
    'A policy needs receive and change branches, /<0;1>/* after every key (BIP-388).',
  POLICY_HARDENED_STEP: 'A watcher cannot derive hardened steps from a public key.',
};

/** Negative tests of the wallets that they come from. */
const realWorldInvalid: Readonly<Record<string, string>> = {
  'real-015': 'POLICY_CHECKSUM_WRONG',
  'real-025': 'POLICY_CHECKSUM_WRONG',
  'real-023': 'POLICY_QUORUM_INVALID',
  'real-051': 'POLICY_SCRIPT_UNSUPPORTED',
  'real-052': 'POLICY_SCRIPT_UNSUPPORTED',
};

const textsOf = (entry: DescriptorEntry): readonly string[] =>
  [
    entry.descriptor,
    entry.descriptor_public,
    entry.descriptor_private,
    entry.key_expression === undefined ? undefined : `wsh(sortedmulti(1,${entry.key_expression}))`,
  ].filter((text) => text !== undefined);

describe.each(['bip380', 'bip381-390', 'core-descriptor_tests'])('descriptor/%s', (name) => {
  for (const entry of readVectors<DescriptorEntry>(`descriptor/${name}.json`).entries) {
    it(`${entry.id} (${entry.kind})`, () => {
      const texts = textsOf(entry);
      expect(texts.length).toBeGreaterThan(0);
      for (const text of texts) {
        const code = codeOf(() => parseDescriptor(text));
        if (entry.expect === 'reject') expect(code).toMatch(/^POLICY_/);
        else expect(Object.keys(deviations)).toContain(code);
      }
    });
  }
});

describe('descriptor/real-world-multisig', () => {
  for (const { id, descriptor = '' } of readVectors<DescriptorEntry>(
    'descriptor/real-world-multisig.json',
  ).entries) {
    it(id, () => {
      const code = codeOf(() => parseDescriptor(descriptor));
      if (id in realWorldInvalid) expect(code).toBe(realWorldInvalid[id]);
      else if (id === 'real-019') expect(code).toBe('nothing thrown');
      else expect(Object.keys(deviations)).toContain(code);
    });
  }

  it('reads those that are a receive descriptor, when their change descriptor is put beside', () => {
    const read: Record<string, string> = {};
    for (const { id, descriptor = '' } of readVectors<DescriptorEntry>(
      'descriptor/real-world-multisig.json',
    ).entries) {
      if (!/^[^#]*\/0\/\*\)+$/.test(descriptor)) continue;
      const change = descriptor.replaceAll('/0/*', '/1/*');
      read[id] = codeOf(() => parseDescriptorPair(descriptor, change));
    }
    expect(read).toEqual({
      'real-000': 'nothing thrown',
      // Test keys of depth 0 behind a path of four steps.
      'real-001': 'POLICY_ORIGIN_MISMATCH',
      'real-048': 'POLICY_ORIGIN_MISMATCH',
      // Branches of the wallet's own, <1;2> and <3;4>.
      'real-016': 'POLICY_BRANCH_INVALID',
    });
  });
});

describe('multisig/core-generated-3of5', () => {
  interface GeneratedEntry {
    id: string;
    kind: string;
    type: string;
    m: number;
    descriptor_multipath: string;
    descriptor_receive: string;
    descriptor_change: string;
    receive_addresses: string[];
    change_addresses: string[];
  }
  for (const entry of readVectors<GeneratedEntry>('multisig/core-generated-3of5.json').entries) {
    if (entry.type === 'p2tr-sortedmulti_a') {
      it(`${entry.id}: taproot is refused`, () => {
        const code = codeOf(() => parseDescriptor(entry.descriptor_multipath));
        expect(code).toBe('POLICY_SCRIPT_UNSUPPORTED');
      });
      continue;
    }

    it(`${entry.id}: descriptors, read and written`, () => {
      const options = { network: 'regtest' } as const;
      const { policy, findings } = parseDescriptor(entry.descriptor_multipath, options);
      expect(policy.quorum).toEqual({ required: entry.m, total: 5 });
      expect(policy.sorted).toBe(entry.type.endsWith('sortedmulti'));
      expect(findings.map(({ rule }) => rule)).toEqual(
        policy.sorted ? [] : ['policy-unsorted-keys'],
      );
      expect(formatDescriptor(policy, 'both')).toBe(entry.descriptor_multipath);
      expect(formatDescriptor(policy, 'receive')).toBe(entry.descriptor_receive);
      expect(formatDescriptor(policy, 'change')).toBe(entry.descriptor_change);
      const pair = parseDescriptorPair(entry.descriptor_receive, entry.descriptor_change, options);
      expect(pair).toEqual({ policy, findings });
    });

    it(`${entry.id}: addresses as Bitcoin Core derives them`, () => {
      const { policy } = parseDescriptor(entry.descriptor_multipath, { network: 'regtest' });
      const scripts = policyScripts(policy);
      for (const branch of ['receive', 'change'] as const) {
        const addresses = entry[`${branch}_addresses`];
        expect(addresses.length).toBe(5);
        for (const [index, address] of addresses.entries()) {
          expect(encodeAddress(scripts.at(branch, index).scriptPubKey, 'regtest')).toBe(address);
        }
      }
    });
  }
});

describe('parseDescriptor', () => {
  const policy = samplePolicy({ name: '3 of 5' });
  const text = formatDescriptor(policy, 'both');
  const [body = ''] = text.split('#');
  const checksummed = (descriptor: string): string =>
    `${descriptor}#${descriptorChecksum(descriptor)}`;
  const key = account(1).text;
  const inWsh = (...keys: string[]): string => `wsh(sortedmulti(1,${keys.join(',')}))`;

  it('fills in what a descriptor does not say', () => {
    const parsed = parseDescriptor(text);
    expect(policyId(parsed.policy)).toBe(policyId(policy));
    expect(parsed.policy.cosigners.map(({ name }) => name)).toEqual(
      [1, 2, 3, 4, 5].map((i) => `cosigner ${i}`),
    );
    const testDescriptor = formatDescriptor(samplePolicy({ network: 'signet' }), 'both');
    expect(parseDescriptor(testDescriptor).policy.network).toBe('testnet');
    expect(parseDescriptor(testDescriptor, { network: 'signet' }).policy.network).toBe('signet');
  });

  it('reads a descriptor without a checksum, with a finding', () => {
    expect(parseDescriptor(text).findings).toEqual([]);
    expect(parseDescriptor(body).findings).toMatchObject([
      { rule: 'policy-checksum-missing', severity: 'warn' },
    ]);
  });

  it('reads SLIP-132 keys and writes xpub', () => {
    const zpub =
      'Zpub72kuEHd3wpdeP1PwLZ2fh5uwbFmdBFtnF4EZGfaPxi2VXoYDewKeTrQnQsj4VBKezAn81rgybormjfSqENM9zJ4JHz7t4vcNR5qrqv8qja7';
    const { policy: read } = parseDescriptor(
      `wsh(sortedmulti(1,[f57ec65d/45h/0h/0h]${zpub}/<0;1>/*))`,
    );
    expect(formatDescriptor(read, 'both')).toMatch(
      /^wsh\(sortedmulti\(1,\[f57ec65d\/45h\/0h\/0h\]xpub/,
    );
  });

  it.each([
    ['POLICY_CHECKSUM_WRONG', `${text.slice(0, -1)}0`],
    ['POLICY_CHECKSUM_WRONG', `${text}q`],
    ['POLICY_CHECKSUM_WRONG', text.slice(0, -1)],
    ['POLICY_CHECKSUM_WRONG', `${body}#`],
    ['POLICY_CHECKSUM_WRONG', `${text}\n`],
    ['POLICY_CHECKSUM_WRONG', text.toUpperCase()],
    ['POLICY_CHECKSUM_WRONG', text.replace('(3,', '(2,')],
    ['POLICY_DESCRIPTOR_INVALID', ''],
    ['POLICY_DESCRIPTOR_INVALID', `${body}\n`],
    ['POLICY_DESCRIPTOR_INVALID', ` ${body}`],
    ['POLICY_DESCRIPTOR_INVALID', body.slice(0, -1).slice(0, -1)],
    ['POLICY_DESCRIPTOR_INVALID', '('.repeat(70_000)],
    ['POLICY_DESCRIPTOR_INVALID', 'Қойма'],
    ['POLICY_SCRIPT_UNSUPPORTED', body.slice(0, -1)],
    ['POLICY_SCRIPT_UNSUPPORTED', `${body})`],
    ['POLICY_SCRIPT_UNSUPPORTED', `sh(sh(sortedmulti(1,${key}/<0;1>/*)))`],
    ['POLICY_SCRIPT_UNSUPPORTED', `sortedmulti(1,${key}/<0;1>/*)`],
    ['POLICY_QUORUM_INVALID', inWsh(`${key}/<0;1>/*`).replace('(1,', '(2,')],
    ['POLICY_QUORUM_INVALID', inWsh(`${key}/<0;1>/*`).replace('(1,', '(0,')],
    ['POLICY_QUORUM_INVALID', inWsh(`${key}/<0;1>/*`).replace('(1,', '(01,')],
    ['POLICY_QUORUM_INVALID', inWsh(`${key}/<0;1>/*`).replace('(1,', '(1.0,')],
    ['POLICY_QUORUM_INVALID', 'wsh(sortedmulti(1))'],
    ['POLICY_QUORUM_INVALID', inWsh(...Array<string>(16).fill(`${key}/<0;1>/*`))],
    ['POLICY_KEY_INVALID', inWsh(`${key}/<0;1>/*`, '')],
    ['POLICY_ORIGIN_INVALID', inWsh(`${key}/<0;1>/*`, ` ${key}/<0;1>/*`)],
    ['POLICY_KEY_INVALID', inWsh(`${key}/<0;1>/*`, `${key.replace(']', '] ')}/<0;1>/*`)],
    ['POLICY_BRANCH_INVALID', inWsh(key)],
    ['POLICY_BRANCH_INVALID', inWsh(`${key}/0/*`)],
    ['POLICY_BRANCH_INVALID', inWsh(`${key}/**`)],
    ['POLICY_BRANCH_INVALID', inWsh(`${key}/<1;0>/*`)],
    ['POLICY_BRANCH_INVALID', inWsh(`${key}/<0;1;2>/*`)],
    ['POLICY_BRANCH_INVALID', inWsh(`${key}/5/<0;1>/*`)],
    ['POLICY_HARDENED_STEP', inWsh(`${key}/0'/*`)],
    ['POLICY_HARDENED_STEP', inWsh(`${key}/<0;1>/*h`)],
    ['POLICY_HARDENED_STEP', inWsh(`${key}/<0h;1h>/*`)],
    ['POLICY_KEY_REPEATED', inWsh(`${key}/<0;1>/*`, `${key}/<0;1>/*`)],
    ['POLICY_NETWORK_MIXED', inWsh(`${key}/<0;1>/*`, `${account(2, 'testnet').text}/<0;1>/*`)],
  ])('%s: %s', (code, descriptor) => {
    expect(codeOf(() => parseDescriptor(descriptor))).toBe(code);
  });

  it('refuses a hardened step between key and branch with a right checksum too', () => {
    const descriptor = checksummed(inWsh(`${key}/0h/<0;1>/*`));
    expect(codeOf(() => parseDescriptor(descriptor))).toBe('POLICY_HARDENED_STEP');
  });

  it('refuses the keys of another network than asked for', () => {
    expect(codeOf(() => parseDescriptor(text, { network: 'regtest' }))).toBe(
      'POLICY_NETWORK_MIXED',
    );
  });

  it('refuses more or fewer names than keys', () => {
    expect(codeOf(() => parseDescriptor(text, { cosignerNames: ['A'] }))).toBe('POLICY_KEY_COUNT');
  });

  it('reads what formatDescriptor writes', () => {
    const parts = fc.record({
      scriptKind: fc.constantFrom('wsh' as const, 'sh-wsh' as const, 'sh' as const),
      sorted: fc.boolean(),
      network: fc.constantFrom('mainnet' as const, 'testnet' as const, 'signet' as const),
      seeds: fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }),
      required: fc.nat(),
    });
    fc.assert(
      fc.property(parts, ({ scriptKind, sorted, network, seeds, required }) => {
        const total = seeds.length;
        const made = samplePolicy({
          scriptKind,
          sorted,
          network,
          quorum: { required: 1 + (required % total), total },
          cosigners: seeds.map((seed) => cosigner(seed, network)),
        });
        const options = {
          name: made.name,
          network,
          cosignerNames: made.cosigners.map(({ name }) => name),
        };
        expect(parseDescriptor(formatDescriptor(made, 'both'), options).policy).toEqual(made);
      }),
      { numRuns: 20 },
    );
  });
});

describe('parseDescriptorPair', () => {
  const receive = formatDescriptor(samplePolicy(), 'receive');
  const change = formatDescriptor(samplePolicy(), 'change');
  const other = (changes: Parameters<typeof samplePolicy>[0]): string =>
    formatDescriptor(samplePolicy(changes), 'change');

  it('reads a receive and a change descriptor', () => {
    const { policy, findings } = parseDescriptorPair(receive, change, { name: 'Reserve' });
    expect(policyId(policy)).toBe(policyId(samplePolicy()));
    expect(findings).toEqual([]);
  });

  it('reports a checksum that is missing from either', () => {
    const bare = change.slice(0, -9);
    expect(parseDescriptorPair(receive, bare).findings).toMatchObject([
      { rule: 'policy-checksum-missing' },
    ]);
  });

  it.each([
    ['POLICY_BRANCH_INVALID', 'in the wrong order', change, receive],
    ['POLICY_BRANCH_INVALID', 'both for receiving', receive, receive],
    ['POLICY_DESCRIPTOR_PAIR', 'of another script', receive, other({ scriptKind: 'sh' })],
    ['POLICY_DESCRIPTOR_PAIR', 'of unsorted keys', receive, other({ sorted: false })],
    [
      'POLICY_DESCRIPTOR_PAIR',
      'of another quorum',
      receive,
      other({ quorum: { required: 2, total: 5 } }),
    ],
    [
      'POLICY_DESCRIPTOR_PAIR',
      'of another key',
      receive,
      other({ cosigners: [1, 2, 3, 4, 6].map((seed) => cosigner(seed)) }),
    ],
  ])('%s: %s', (code, _, one, two) => {
    expect(codeOf(() => parseDescriptorPair(one, two))).toBe(code);
  });
});
