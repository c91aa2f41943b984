import { formatHex } from '@qoima/primitives';
import type { LedgerTransport } from '@qoima/signer-ledger';
import type { Exchange } from './recordings.ts';

/**
 * What counts of a conversation with a device. In which order the device asks for data is its own
 * affair; what it answers in the end, and what it yields on the way, is not.
 */
export interface Conversation {
  readonly exchanges: number;
  /** The answers that end a command, with their status words, in hex. */
  readonly endings: readonly string[];
  /** What was yielded: the signatures of a PSBT, in hex, in their order. */
  readonly yields: readonly string[];
}

const INTERRUPTED = 'e000';
const YIELD = '10';

export const conversationOf = (exchanges: readonly Exchange[]): Conversation => {
  const answers = exchanges.map(({ answer }) => formatHex(answer));
  const asks = answers.filter((answer) => answer.endsWith(INTERRUPTED));
  return {
    exchanges: exchanges.length,
    endings: answers.filter((answer) => !answer.endsWith(INTERRUPTED)),
    yields: asks.filter((answer) => answer.startsWith(YIELD)),
  };
};

/** A transport that writes down what goes over it. */
export const taped = (
  transport: LedgerTransport,
): { readonly transport: LedgerTransport; readonly tape: readonly Exchange[] } => {
  const tape: Exchange[] = [];
  return {
    tape,
    transport: {
      exchange: async (request) => {
        const answer = await transport.exchange(request);
        tape.push({ request, answer });
        return answer;
      },
      close: () => transport.close(),
    },
  };
};
