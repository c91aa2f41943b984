import { equalBytes, formatHex, isQoimaError } from '@qoima/primitives';
import { type LedgerTransport, ledgerClient } from '@qoima/signer-ledger';
import { NotSent, NotUnderstood, playOf, type Wallets } from './play.ts';
import type { Recording } from './recordings.ts';
import { difference, failed, listed, passed, type Verdict } from './verdict.ts';

/**
 * `@qoima/signer-ledger` against the recorded device: each of its requests must be the recorded one, byte for
 * byte, none may be left, and what it makes of the answers must be what the vector says.
 */
export const judgeHost = async (recording: Recording, wallets: Wallets): Promise<Verdict> => {
  const { vector, exchanges } = recording;
  if (vector.command === 'RAW') return listed('requests made by hand: no host sends them');
  let play: ReturnType<typeof playOf>;
  try {
    play = playOf(vector, wallets);
  } catch (error) {
    if (error instanceof NotSent) return listed(error.message);
    if (error instanceof NotUnderstood) return failed(`not understood: ${error.message}`);
    throw error;
  }
  let sent = 0;
  let fault: string | undefined;
  const transport: LedgerTransport = {
    exchange: (request) => {
      const recorded = exchanges[sent];
      sent += 1;
      if (fault === undefined && recorded === undefined) fault = `request ${sent} is one too many`;
      if (recorded !== undefined && !equalBytes(request, recorded.request)) {
        fault ??= `request ${sent} is ${excerpt(request)} in place of ${excerpt(recorded.request)}`;
      }
      return fault === undefined && recorded !== undefined
        ? Promise.resolve(recorded.answer)
        : Promise.reject(new Error(fault));
    },
    close: () => Promise.resolve(),
  };
  const end = await outcomeOf(() => play(ledgerClient(transport)));
  if (fault !== undefined) return failed(fault);
  if (sent < exchanges.length) return failed(`${sent} of ${exchanges.length} requests`);
  const expected =
    vector.statusWord === '9000'
      ? { result: vector.signatures ?? vector.result }
      : { statusWord: vector.statusWord, errorCode: vector.errorCode };
  const other = difference(expected, end, 'the outcome');
  return other === undefined ? passed : failed(other);
};

type Outcome =
  | { readonly result: unknown }
  | { readonly statusWord: unknown; readonly errorCode: unknown };

/** What a call came to: its result, or the status word and error code of the device's refusal. */
const outcomeOf = async (call: () => Promise<unknown>): Promise<Outcome> => {
  try {
    return { result: await call() };
  } catch (error) {
    if (!isQoimaError(error)) throw error;
    const { statusWord, errorCode } = error.details;
    return { statusWord: statusWord ?? `no status word but ${error.message}`, errorCode };
  }
};

const excerpt = (bytes: Uint8Array): string => {
  const hex = formatHex(bytes);
  return hex.length > 48 ? `${hex.slice(0, 48)}…` : hex;
};
