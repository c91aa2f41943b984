import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readVectors } from '../../../scripts/read-vectors.ts';
import { splitChecksum } from '../src/descriptor-checksum.ts';
import { descriptorChecksum } from '../src/index.ts';
import { codeOf } from './sample-policy.ts';

interface DescriptorEntry {
  id: string;
  kind: string;
  descriptor: string;
  checksum_in_source: 'none' | 'valid' | 'invalid';
  checksum_computed: string;
}

describe('BIP-380 checksums', () => {
  for (const { id, kind, descriptor } of readVectors<DescriptorEntry>('descriptor/bip380.json')
    .entries) {
    if (!kind.startsWith('checksum')) continue;
    it(id, () => {
      const code = codeOf(() => splitChecksum(descriptor));
      if (kind === 'checksum-valid') expect(code).toBe('nothing thrown');
      else if (descriptor.includes('Ü')) expect(code).toBe('POLICY_DESCRIPTOR_INVALID');
      else expect(code).toBe('POLICY_CHECKSUM_WRONG');
    });
  }
});

describe('checksums that other wallets wrote', () => {
  const file = readVectors<DescriptorEntry>('descriptor/real-world-multisig.json');
  for (const entry of file.entries) {
    it(entry.id, () => {
      const [descriptor = ''] = entry.descriptor.split('#');
      expect(descriptorChecksum(descriptor)).toBe(entry.checksum_computed);
      const wrong = entry.checksum_in_source === 'invalid';
      const code = codeOf(() => splitChecksum(entry.descriptor));
      expect(code).toBe(wrong ? 'POLICY_CHECKSUM_WRONG' : 'nothing thrown');
    });
  }
});

describe('descriptorChecksum', () => {
  const descriptor = 'wsh(sortedmulti(2,[d34db33f/48h/0h/0h/2h]xpub/<0;1>/*))';

  it('changes with any one character', () => {
    const checksum = descriptorChecksum(descriptor);
    fc.assert(
      fc.property(
        fc.nat(descriptor.length - 1),
        fc.constantFrom('0', 'a', 'Z', '(', ';', '<'),
        (at, character) => {
          const changed = descriptor.slice(0, at) + character + descriptor.slice(at + 1);
          expect(descriptorChecksum(changed) === checksum).toBe(changed === descriptor);
        },
      ),
    );
  });
});
