import { describe, expect, it } from 'vitest';
import { readVectors } from '../../../scripts/read-vectors.ts';
import {
  encodeAddress,
  formatDescriptor,
  parsePolicyTemplate,
  policyFromTemplate,
  policyKeys,
  policyScripts,
  policyTemplate,
} from '../src/index.ts';
import { codeOf, samplePolicy } from './sample-policy.ts';

interface Bip388Entry {
  id: string;
  kind: string;
  template?: string;
  keys_info?: string[];
  descriptor?: string;
  policy?: string;
  keys?: string[];
  address?: string;
  change?: number | boolean;
  address_index?: number;
  wallet?: {
    name: string;
    keys_info: string[];
    descriptor_template?: string;
    address_type?: string;
    threshold?: number;
  };
}

/** Valid in BIP-388 or registered by a Ledger, and refused by Qoima. */
const deviations: Readonly<Record<string, string>> = {
  POLICY_SCRIPT_UNSUPPORTED: 'Qoima holds multisig only: no single keys, taproot or miniscript.',
  POLICY_BRANCH_INVALID:
    'Version 1 of Ledger’s policies, with /** in the key: the BIP has it in the template.',
};

const entries = readVectors<Bip388Entry>('descriptor/bip388.json').entries;

describe('BIP-388 policies', () => {
  for (const { id, template = '', keys_info: keys = [], descriptor = '' } of entries.filter(
    ({ kind }) => kind === 'valid',
  )) {
    it(id, () => {
      const make = () => policyFromTemplate({ name: 'x', network: 'mainnet', template, keys });
      if (!template.startsWith('wsh(sortedmulti(')) {
        expect(Object.keys(deviations)).toContain(codeOf(make));
        return;
      }
      const policy = make();
      expect(policyTemplate(policy)).toBe(template);
      expect(policyKeys(policy)).toEqual(keys);
      const [body] = formatDescriptor(policy, 'both').split('#');
      expect(body?.replace(/(?<=[/0-9])h/g, "'")).toBe(descriptor);
    });
  }
});

describe('BIP-388 invalid templates', () => {
  for (const { id, template = '' } of entries.filter(({ kind }) => kind === 'invalid-template')) {
    it(id, () => {
      expect(codeOf(() => parsePolicyTemplate(template))).toMatch(/^POLICY_/);
    });
  }
});

describe('policies of Ledger’s tests', () => {
  for (const entry of entries.filter(({ kind }) => kind.startsWith('ledger-'))) {
    const template = entry.policy ?? entry.wallet?.descriptor_template;
    if (template === undefined) {
      it(`${entry.id}: the address that the device shows`, () => {
        const { name = '', threshold, keys_info: keys = [] } = entry.wallet ?? {};
        const policy = policyFromTemplate({
          name,
          network: 'testnet',
          template: `sh(sortedmulti(${threshold},@0/**,@1/**))`,
          keys,
        });
        const branch = entry.change === 0 ? 'receive' : 'change';
        const script = policyScripts(policy).at(branch, entry.address_index ?? Number.NaN);
        expect(encodeAddress(script.scriptPubKey, 'testnet')).toBe(entry.address);
      });
    } else {
      it(`${entry.id}: is not held`, () => {
        expect(Object.keys(deviations)).toContain(codeOf(() => parsePolicyTemplate(template)));
      });
    }
  }

  it('ledger-register-0, written as version 2, is held', () => {
    const entry = entries.find(({ id }) => id === 'ledger-register-0');
    const policy = policyFromTemplate({
      name: 'Cold storage',
      network: 'testnet',
      template: (entry?.policy ?? '').replaceAll(/@[0-9]+/g, '$&/**'),
      keys: (entry?.keys ?? []).map((key) => key.replace(/\/\*\*$/, '')),
    });
    expect(policyTemplate(policy)).toBe('wsh(sortedmulti(2,@0/**,@1/**))');
  });
});

describe('parsePolicyTemplate', () => {
  it('reads what policyTemplate writes, and <0;1> as well', () => {
    for (const scriptKind of ['wsh', 'sh-wsh', 'sh'] as const) {
      for (const sorted of [true, false]) {
        const template = policyTemplate(samplePolicy({ scriptKind, sorted }));
        const expected = { scriptKind, sorted, quorum: { required: 3, total: 5 } };
        expect(parsePolicyTemplate(template)).toEqual(expected);
        expect(parsePolicyTemplate(template.replaceAll('/**', '/<0;1>/*'))).toEqual(expected);
      }
    }
  });

  it.each([
    ['POLICY_DESCRIPTOR_INVALID', ''],
    ['POLICY_DESCRIPTOR_INVALID', 'wsh(sortedmulti(1,@1/**))'],
    ['POLICY_DESCRIPTOR_INVALID', 'wsh(sortedmulti(1,@0/**,@0/**))'],
    ['POLICY_DESCRIPTOR_INVALID', 'wsh(sortedmulti(1,@00/**))'],
    ['POLICY_DESCRIPTOR_INVALID', 'wsh(sortedmulti(1,xpub/**))'],
    ['POLICY_BRANCH_INVALID', 'wsh(sortedmulti(1,@0))'],
    ['POLICY_BRANCH_INVALID', 'wsh(sortedmulti(1,@0/*))'],
    ['POLICY_BRANCH_INVALID', 'wsh(sortedmulti(1,@0/<2;3>/*))'],
    ['POLICY_BRANCH_INVALID', 'wsh(sortedmulti(1,@0/** ))'],
    ['POLICY_QUORUM_INVALID', 'wsh(sortedmulti(2,@0/**))'],
    ['POLICY_SCRIPT_UNSUPPORTED', 'tr(@0/**)'],
  ])('%s: %s', (code, template) => {
    expect(codeOf(() => parsePolicyTemplate(template))).toBe(code);
  });

  it('refuses more or fewer keys than placeholders', () => {
    const policy = samplePolicy();
    const make = (keys: readonly string[]) =>
      policyFromTemplate({ name: 'x', network: 'mainnet', template: policyTemplate(policy), keys });
    const keys = policyKeys(policy);
    expect(codeOf(() => make(keys.slice(1)))).toBe('POLICY_KEY_COUNT');
    expect(codeOf(() => make([...keys, ...keys.slice(1, 2)]))).toBe('POLICY_KEY_COUNT');
    expect(codeOf(() => make(keys))).toBe('nothing thrown');
  });
});
