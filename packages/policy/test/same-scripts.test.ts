import { equalBytes } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import {
  haveSameScripts,
  type PolicyParts,
  policyScripts,
  type WalletPolicy,
} from '../src/index.ts';
import { samplePolicy } from './sample-policy.ts';

const policy = samplePolicy();
const turned = [...policy.cosigners].reverse();
const unsorted = samplePolicy({ sorted: false });
const alone = { quorum: { required: 1, total: 1 }, cosigners: policy.cosigners.slice(0, 1) };

describe('two policies', () => {
  it.each<[string, WalletPolicy, Partial<PolicyParts>, boolean]>([
    ['of another name', policy, { name: 'Another' }, true],
    ['of another birthday', policy, { birthday: 1 }, true],
    ['of turned keys, which are sorted', policy, { cosigners: turned }, true],
    ['of turned keys, which are not', unsorted, { sorted: false, cosigners: turned }, false],
    ['of the same keys unsorted', unsorted, { sorted: false }, true],
    ['of keys sorted and not', policy, { sorted: false }, false],
    ['of one key, sorted and not', samplePolicy(alone), { ...alone, sorted: false }, true],
    ['of another script', policy, { scriptKind: 'sh' }, false],
    [
      'of another quorum',
      policy,
      { quorum: { required: policy.quorum.required - 1, total: policy.quorum.total } },
      false,
    ],
  ])('%s are told apart by their scripts', (_what, one, parts, same) => {
    const other = samplePolicy(parts);
    expect(haveSameScripts(one, other)).toBe(same);
    const addresses = [0, 1, 2, 3].map((index) =>
      equalBytes(
        policyScripts(one).at('receive', index).scriptPubKey,
        policyScripts(other).at('receive', index).scriptPubKey,
      ),
    );
    expect(addresses.every(Boolean)).toBe(same);
  });
});
