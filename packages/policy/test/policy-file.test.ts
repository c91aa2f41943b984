import { formatHex, parseUtf8, sha256 } from '@qoima/primitives';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  birthdayFindings,
  changedFindings,
  decodeKeyRecord,
  decodeLimits,
  decodePolicyFile,
  defaultLimits,
  encodeKeyRecord,
  encodePolicyFile,
  firstFindings,
  policyId,
  policyJson,
  policySheet,
  type SpendLimits,
  type WalletPolicy,
} from '../src/index.ts';
import { account, codeOf, cosigner, samplePolicy } from './sample-policy.ts';

type Json = Record<string, unknown>;

describe('qoima-policy/1', () => {
  const policy = samplePolicy({ birthday: 1_700_000_000 });
  const text = encodePolicyFile(policy);
  const changed = (changes: Json): string => JSON.stringify({ ...JSON.parse(text), ...changes });
  const without = (member: string): string => {
    const { [member]: _, ...rest } = JSON.parse(text) as Json;
    return JSON.stringify(rest);
  };
  const { keys, cosigners } = JSON.parse(text) as { keys: string[]; cosigners: string[] };

  it('says what it is, in one layout', () => {
    expect(Object.keys(JSON.parse(text) as Json)).toEqual([
      'format',
      'id',
      'name',
      'network',
      'template',
      'keys',
      'cosigners',
      'birthday',
    ]);
    expect(text.endsWith('}\n')).toBe(true);
  });

  it('has an id that anyone can recompute from four members', () => {
    const { name, network, template, id } = JSON.parse(text) as Json;
    const canonical = JSON.stringify({ keys, name, network, template });
    expect(formatHex(sha256(parseUtf8(canonical)))).toBe(id);
    expect(policyId(policy)).toBe(id);
  });

  it('comes back as it was', () => {
    const parts = fc.record({
      scriptKind: fc.constantFrom('wsh' as const, 'sh-wsh' as const, 'sh' as const),
      network: fc.constantFrom(
        'mainnet' as const,
        'testnet' as const,
        'signet' as const,
        'regtest' as const,
      ),
      name: fc.stringMatching(/^[!-~]([ -~]{0,62}[!-~])?$/),
      total: fc.integer({ min: 1, max: 5 }),
      birthday: fc.option(fc.nat(), { nil: undefined }),
    });
    fc.assert(
      fc.property(parts, ({ total, birthday, ...rest }) => {
        const made = samplePolicy({
          ...rest,
          quorum: { required: 1, total },
          cosigners: Array.from({ length: total }, (_, i) => cosigner(i + 1, rest.network)),
          ...(birthday === undefined ? {} : { birthday }),
        });
        const file = encodePolicyFile(made);
        expect(decodePolicyFile(file)).toEqual({ policy: made, findings: [] });
        expect(encodePolicyFile(decodePolicyFile(file).policy)).toBe(file);
      }),
      { numRuns: 20 },
    );
  });

  it('warns of unsorted keys', () => {
    const { findings } = decodePolicyFile(encodePolicyFile(samplePolicy({ sorted: false })));
    expect(findings).toMatchObject([{ rule: 'policy-unsorted-keys', severity: 'warn' }]);
  });

  it('lets names of cosigners and the birthday change, which are not under the id', () => {
    const renamed = decodePolicyFile(
      changed({ cosigners: ['A', 'B', 'C', 'D', 'E'], birthday: 0 }),
    );
    expect(policyId(renamed.policy)).toBe(policyId(policy));
    expect(decodePolicyFile(without('birthday')).policy.birthday).toBeUndefined();
  });

  it('finds other names of cosigners in a file of the same id', () => {
    const { policy: renamed } = decodePolicyFile(changed({ cosigners: ['A', 'B', 'C', 'D', 'E'] }));
    expect(changedFindings(policy, policy)).toEqual([]);
    expect(changedFindings(policy, renamed)).toMatchObject([
      {
        rule: 'policy-names-differ',
        severity: 'warn',
        facts: { actual: '"A", "B", "C", "D", "E"' },
      },
    ]);
  });

  it('takes no name with a comma for two', () => {
    const named = (...names: readonly string[]) =>
      decodePolicyFile(changed({ cosigners: [...names, 'D', 'E'] })).policy;
    const [known, read] = [named('Kim', 'Lee, Sam', 'Pat'), named('Kim, Lee', 'Sam', 'Pat')];
    expect(changedFindings(known, read)).toMatchObject([
      {
        rule: 'policy-names-differ',
        facts: {
          expected: '"Kim", "Lee, Sam", "Pat", "D", "E"',
          actual: '"Kim, Lee", "Sam", "Pat", "D", "E"',
        },
      },
    ]);
  });

  it('takes a text of quotes, colons and backslashes for what it is', () => {
    const odd = samplePolicy({ name: 'a": \\" "b":' });
    expect(decodePolicyFile(encodePolicyFile(odd)).policy.name).toBe(odd.name);
    const named = changed({ cosigners: ['A', ':B', ': C', 'D', 'E'] });
    expect(decodePolicyFile(named).policy.cosigners[1]?.name).toBe(':B');
  });

  it.each([
    ['POLICY_FILE_INVALID', 'nothing', ''],
    ['POLICY_FILE_INVALID', 'half of it', text.slice(0, 100)],
    ['POLICY_FILE_INVALID', 'too much', `${text}${' '.repeat(70_000)}`],
    ['POLICY_FILE_INVALID', 'no object', '[]'],
    ['POLICY_FILE_INVALID', 'another format', changed({ format: 'qoima-policy/2' })],
    ['POLICY_FILE_INVALID', 'an unknown member', changed({ note: 'x' })],
    ['POLICY_FILE_INVALID', 'a member twice', text.replace('"name"', '"name": "Other", "name"')],
    [
      'POLICY_FILE_INVALID',
      'a member twice, once in other letters',
      text.replace('"name"', '"n\\u0061me" : "Other", "name"'),
    ],
    ['POLICY_FILE_INVALID', 'lists in lists', '['.repeat(30_000) + ']'.repeat(30_000)],
    ['POLICY_FILE_INVALID', 'an unknown network', changed({ network: 'litecoin' })],
    ['POLICY_FILE_INVALID', 'a birthday that is text', changed({ birthday: '0' })],
    ['POLICY_FILE_INVALID', 'a missing id', without('id')],
    ['POLICY_FILE_INVALID', 'keys that are no list', changed({ keys: {} })],
    ['POLICY_FILE_INVALID', 'a key that is a number', changed({ keys: [1] })],
    ['POLICY_ID_MISMATCH', 'another id', changed({ id: '0'.repeat(64) })],
    ['POLICY_ID_MISMATCH', 'the id in upper case', changed({ id: policyId(policy).toUpperCase() })],
    ['POLICY_ID_MISMATCH', 'another name', changed({ name: 'Reserve 2' })],
    [
      'POLICY_ID_MISMATCH',
      'another quorum',
      changed({ template: 'wsh(sortedmulti(1,@0/**,@1/**,@2/**,@3/**,@4/**))' }),
    ],
    ['POLICY_ID_MISMATCH', 'another order of keys', changed({ keys: keys.toReversed() })],
    [
      'POLICY_ID_MISMATCH',
      'another key',
      changed({ keys: [...keys.slice(0, 4), account(6).text] }),
    ],
    ['POLICY_NETWORK_MIXED', 'another network', changed({ network: 'signet' })],
    [
      'POLICY_KEY_COUNT',
      'a key less',
      changed({ keys: keys.slice(1), cosigners: cosigners.slice(1) }),
    ],
    ['POLICY_KEY_COUNT', 'a name less', changed({ cosigners: cosigners.slice(1) })],
    ['POLICY_KEY_REPEATED', 'a key twice', changed({ keys: [...keys.slice(0, 4), keys[0]] })],
    ['POLICY_NAME_INVALID', 'an empty name', changed({ name: '' })],
  ])('%s: %s', (code, _, file) => {
    expect(codeOf(() => decodePolicyFile(file))).toBe(code);
  });

  it('says of a member that does not belong there that there is none', () => {
    expect(() => decodePolicyFile(changed({ note: 'x' }), 'policy.json')).toThrow(
      'policy.json is wrong at note: no such member is expected there.',
    );
  });
});

describe('qoima-key/1', () => {
  const record = { network: 'testnet', cosigner: cosigner(1, 'testnet') } as const;
  const text = encodeKeyRecord(record);
  const changed = (changes: Json): string => JSON.stringify({ ...JSON.parse(text), ...changes });

  it('comes back as it was', () => {
    fc.assert(
      fc.property(
        fc.nat(255),
        fc.constantFrom('mainnet' as const, 'regtest' as const),
        (seed, network) => {
          const made = { network, cosigner: cosigner(seed, network) };
          expect(decodeKeyRecord(encodeKeyRecord(made))).toEqual(made);
        },
      ),
      { numRuns: 10 },
    );
  });

  it.each([
    ['POLICY_FILE_INVALID', 'nothing', ''],
    ['POLICY_FILE_INVALID', 'a policy file', encodePolicyFile(samplePolicy())],
    ['POLICY_FILE_INVALID', 'an unknown member', changed({ xpub: 'x' })],
    ['POLICY_FILE_INVALID', 'a member twice', text.replace('{', '{ "name": "Dana",')],
    ['POLICY_NAME_INVALID', 'an empty name', changed({ name: '' })],
    ['POLICY_NETWORK_MIXED', 'another network’s key', changed({ network: 'mainnet' })],
    ['POLICY_BRANCH_INVALID', 'a path after the key', changed({ key: `${account(1).text}/0/*` })],
    [
      'POLICY_HARDENED_STEP',
      'a hardened path after the key',
      changed({ key: `${account(1).text}/0h` }),
    ],
    [
      'POLICY_PRIVATE_KEY',
      'a private key',
      changed({
        key: 'tprv8ZgxMBicQKsPeegxp9w2dJJ5qdshiZWzN1bxjptp5GiwGQeuKhKKHBdkHMSUrRhxJmkJV5nEu8wxw1bw6aP8nUeWP9pZSNg74mYNEmcopQQ',
      }),
    ],
  ])('%s: %s', (code, _, file) => {
    expect(codeOf(() => decodeKeyRecord(file))).toBe(code);
  });
});

describe('a birthday', () => {
  const born = (birthday?: number): WalletPolicy => samplePolicy({ birthday });
  const now = new Date('2026-01-31T12:00:00Z');

  it.each([
    [
      'is later',
      born(1_700_000_000),
      born(0xffffffff),
      '2023-11-14 22:13 UTC',
      '2106-02-07 06:28 UTC',
    ],
    ['came to be', born(), born(0), 'none', '1970-01-01 00:00 UTC'],
    ['is gone', born(0), born(), '1970-01-01 00:00 UTC', 'none'],
  ])('that %s is told', (_what, known, read, expected, actual) => {
    expect(policyId(known)).toBe(policyId(read));
    expect(changedFindings(known, read)).toMatchObject([
      { rule: 'policy-birthday-differs', severity: 'warn', facts: { expected, actual } },
    ]);
  });

  it('that is not over yet is told', () => {
    const second = now.getTime() / 1000;
    expect(birthdayFindings(born(), now)).toEqual([]);
    expect(birthdayFindings(born(second), now)).toEqual([]);
    expect(birthdayFindings(born(second + 1), now)).toMatchObject([
      {
        rule: 'policy-birthday-ahead',
        severity: 'warn',
        facts: { expected: 'at most 2026-01-31 12:00 UTC', actual: '2026-01-31 12:00 UTC' },
      },
    ]);
  });

  it('is shown with the policy', () => {
    const shown = (of: WalletPolicy) => policySheet(of).flat().join('\n');
    expect(shown(born(1_700_000_000))).toContain('2023-11-14 22:13 UTC; no coin is older');
    expect(shown(born())).toContain('none; coins are looked for in the whole chain');
    expect([born(7), born()].map((of) => policyJson(of)['birthday'])).toEqual([7, null]);
  });
});

describe('limits of spends', () => {
  const limits: SpendLimits = {
    warn: { feeSats: 1000n, feeRate: 5000n, feePerMille: 10 },
    block: { feeSats: 2000n, feeRate: 5000n, feePerMille: 20 },
    changeWindow: 20,
  };
  const written = {
    warn: { feeSats: '1000', feeRateSatsPerKvb: '5000', feePerMille: 10 },
    block: { feeSats: '2000', feeRateSatsPerKvb: '5000', feePerMille: 20 },
    changeWindow: 20,
  };
  const policy = samplePolicy({ limits });
  const withLimits = (changed: Json): string =>
    JSON.stringify({ ...JSON.parse(encodePolicyFile(policy)), limits: changed });

  it('are in the file, and not under the id', () => {
    expect(JSON.parse(encodePolicyFile(policy))).toMatchObject({ limits: written });
    expect(policyId(policy)).toBe(policyId(samplePolicy()));
    expect(decodePolicyFile(encodePolicyFile(policy)).policy).toEqual(policy);
  });

  it('are found to differ between two files of one id', () => {
    expect(changedFindings(policy, samplePolicy({ limits }))).toEqual([]);
    expect(changedFindings(samplePolicy(), samplePolicy({ limits: defaultLimits }))).toEqual([]);
    expect(changedFindings(samplePolicy(), policy)).toMatchObject([
      { rule: 'policy-limits-differ', severity: 'warn' },
    ]);
    expect(
      changedFindings(policy, samplePolicy({ limits: { ...limits, changeWindow: 21 } })),
    ).toMatchObject([{ facts: { expected: 'changeWindow 20', actual: 'changeWindow 21' } }]);
  });

  it('are told at first sight if one of them is above the usual, and not if all are below', () => {
    expect(firstFindings(samplePolicy())).toEqual([]);
    expect(firstFindings(policy)).toEqual([]);
    const wide = { ...limits, block: { ...limits.block, feeSats: 100_000_001n } };
    expect(firstFindings(samplePolicy({ limits: wide }))).toMatchObject([
      {
        rule: 'policy-limits-wide',
        severity: 'warn',
        facts: { expected: 'block.feeSats 100000000', actual: 'block.feeSats 100000001' },
      },
    ]);
  });

  it('are read alone, too', () => {
    expect(decodeLimits(JSON.stringify(written))).toEqual(limits);
  });

  it('are shown with the policy, and so are those that hold without any', () => {
    const shown = (of: WalletPolicy) => policySheet(of).flat().join('\n');
    expect(shown(policy)).toContain('a fee of 0.00001000 BTC, 5 sat/vB or 1 % of what is spent');
    expect(shown(samplePolicy())).toContain('a fee of 1.00000000 BTC, 10000 sat/vB or 10 %');
    expect(policyJson(samplePolicy())['limits']).toMatchObject({ changeWindow: 200 });
  });

  it.each([
    ['a warning above the refusal', { warn: { ...written.warn, feeSats: '2001' } }],
    ['a warned share above the refused', { warn: { ...written.warn, feePerMille: 21 } }],
    ['a share above the whole', { block: { ...written.block, feePerMille: 1001 } }],
    ['half a part', { warn: { ...written.warn, feePerMille: 0.5 } }],
    ['more than all coins', { block: { ...written.block, feeSats: '2100000000000001' } }],
    ['a window below nothing', { changeWindow: -1 }],
    ['a window beyond the last index', { changeWindow: 2 ** 31 }],
  ])('may not be %s', (_what, changes) => {
    const text = withLimits({ ...written, ...changes });
    expect(codeOf(() => decodePolicyFile(text))).toBe('POLICY_LIMITS_INVALID');
  });

  it.each([
    ['changeWindow is 1.5.', { changeWindow: 1.5 }, '1.5'],
    ['changeWindow is -1.', { changeWindow: -1 }, '-1'],
    ['changeWindow is 1e+300.', { changeWindow: 1e300 }, '1e+300'],
    ['warn.feePerMille is 0.5.', { warn: { ...written.warn, feePerMille: 0.5 } }, '0.5'],
    ['block.feePerMille is -7.', { block: { ...written.block, feePerMille: -7 } }, '-7'],
    ['block.feePerMille is 20.25.', { block: { ...written.block, feePerMille: 20.25 } }, '20.25'],
  ])('are told as they are in the file: %s', (said, changes, actual) => {
    expect(() => decodePolicyFile(withLimits({ ...written, ...changes }))).toThrow(
      expect.objectContaining({
        code: 'POLICY_LIMITS_INVALID',
        message: expect.stringContaining(`The limit ${said} `),
        details: expect.objectContaining({ actual }),
      }),
    );
  });

  it.each([
    ['half of them', { warn: written.warn }],
    ['a member more', { ...written, more: 1 }],
    ['numbers for amounts', { ...written, warn: { ...written.warn, feeSats: 1000 } }],
  ])('are refused with %s', (_what, changed) => {
    expect(codeOf(() => decodePolicyFile(withLimits(changed)))).toBe('POLICY_FILE_INVALID');
  });
});
