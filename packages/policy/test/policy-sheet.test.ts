import { canonicalJson } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import {
  encodeAddress,
  formatDescriptor,
  policyId,
  policyJson,
  policyKeys,
  policyScripts,
  policySheet,
} from '../src/index.ts';
import { samplePolicy } from './sample-policy.ts';

const policy = samplePolicy();
const first = encodeAddress(policyScripts(policy).at('receive', 0).scriptPubKey, 'mainnet');

describe('policySheet', () => {
  it('shows what custodians compare, each key beside its name', () => {
    const sheet = new Map(policySheet(policy));
    expect(sheet.get('Policy')).toBe('Reserve (mainnet)');
    expect(sheet.get('Id')).toBe(policyId(policy));
    expect(sheet.get('Signatures')).toBe('3 of 5');
    expect(sheet.get('First address')).toBe(first);
    for (const [i, key] of policyKeys(policy).entries()) {
      expect(sheet.get(`Custodian ${i + 1}`)).toBe(key);
    }
  });

  it('says the same as JSON', () => {
    const json = policyJson(policy);
    expect(json).toMatchObject({
      id: policyId(policy),
      required: 3,
      total: 5,
      firstAddress: first,
    });
    expect(json['descriptor']).toBe(formatDescriptor(policy, 'both'));
    expect(canonicalJson(json)).toContain(policyId(policy));
  });
});
