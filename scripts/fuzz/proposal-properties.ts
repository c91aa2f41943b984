import { canonicalJson, parseUtf8 } from '@qoima/primitives';
import fc from 'fast-check';
import {
  decodeProposal,
  encodeProposal,
  type Proposal,
  proposalJson,
} from '../../packages/coordinator/src/proposal.ts';
import { damagedText } from '../../packages/policy/fuzz/damaged-text.ts';
import { type FuzzProperty, fuzzProperty } from '../fuzz-property.ts';
import { unlessRefused } from '../unless-refused.ts';

const proposal: Proposal = {
  id: 'ab'.repeat(32),
  policyId: 'cd'.repeat(32),
  label: 'Rent, "May"',
  created: '2026-05-01T08:30:00.000Z',
  state: 'open',
  coins: [`${'01'.repeat(32)}:0`, `${'02'.repeat(32)}:1`],
  payments: [{ address: 'bcrt1qexample', amountSats: 150_000n }],
  change: { index: 4, amountSats: 149_000n },
  feeSats: 1000n,
  txid: null,
};

const proposals: readonly Proposal[] = [
  proposal,
  { ...proposal, state: 'broadcast', change: null, txid: 'ef'.repeat(32) },
];

const decoder = new TextDecoder();

export const proposalProperties: readonly FuzzProperty[] = [
  fuzzProperty(
    'proposal: damaged, refused or written as it was read',
    { long: 6_000, short: 60 },
    fc.property(
      damagedText(
        proposals.map((each) => decoder.decode(encodeProposal(each))),
        'json',
      ),
      (text) => {
        const read = unlessRefused(() => decodeProposal(parseUtf8(text), 'proposal.json'));
        if (read === undefined) return;
        const again = decodeProposal(encodeProposal(read), 'proposal.json');
        if (canonicalJson(proposalJson(again)) !== canonicalJson(proposalJson(read))) {
          throw new Error('another proposal');
        }
      },
    ),
  ),
];
