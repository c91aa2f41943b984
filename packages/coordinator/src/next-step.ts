import type { Proposal } from './proposal.ts';

/** What a proposal has become and what is next for the operator, as two sentences; undefined while it is open. */
export const nextStep = ({ id, state, txid }: Proposal, size = ''): string | undefined => {
  const name = id.slice(0, 8);
  switch (state) {
    case 'open':
      return undefined;
    case 'final':
      return `Final: ${txid}${size}. Send it with "qoima broadcast ${name}".`;
    case 'broadcast':
      return `Sent: ${txid}${size}. Watch it with "qoima status ${name}".`;
    case 'confirmed':
      return `Confirmed: ${txid}${size}. Nothing is left to do.`;
    case 'withdrawn':
      return `Withdrawn: see "qoima status ${name}".`;
  }
};
