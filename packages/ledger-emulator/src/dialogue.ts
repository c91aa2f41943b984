import { HostFault, Refusal } from './app-error.ts';
import type { Review } from './review.ts';
import type { RefusalStatus } from './status-word.ts';

/** What a command needs from outside before it can go on: an answer of the host, or of the person. */
export type Step =
  | { readonly kind: 'ask'; readonly request: Uint8Array }
  | { readonly kind: 'review'; readonly review: Review }
  | { readonly kind: 'show'; readonly screens: readonly string[] };

export type Reply =
  | { readonly kind: 'answer'; readonly bytes: Uint8Array }
  | { readonly kind: 'decision'; readonly approved: boolean }
  | { readonly kind: 'shown' };

/**
 * A command as a conversation: it yields each step and is given the reply. One that the host abandons is
 * never resumed, so nothing after its last question happens.
 */
export type Dialogue<T> = Generator<Step, T, Reply>;

/** Asks the host; the bytes are what its CONTINUE carries. */
export function* ask(request: Uint8Array): Dialogue<Uint8Array> {
  const reply = yield { kind: 'ask', request };
  if (reply.kind !== 'answer') throw new Error('a question to the host is answered by the host');
  return reply.bytes;
}

/** Shows a review and waits for the person. @throws `Refusal` (denied) unless they approve */
export function* approval(review: Review): Dialogue<void> {
  const reply = yield { kind: 'review', review };
  if (reply.kind !== 'decision') throw new Error('a review is answered by the person');
  if (!reply.approved) throw new Refusal('denied');
}

/** A command, or a part of one, that needs nothing from outside. */
export function* atOnce<T>(value: T): Dialogue<T> {
  yield* [];
  return value;
}

/** Shows what needs no decision. */
export function* show(screens: readonly string[]): Dialogue<void> {
  yield { kind: 'show', screens };
}

/** Turns a fault of the host's answers into the refusal that the app has for this place. */
export function* orRefuse<T>(
  dialogue: Dialogue<T>,
  status: RefusalStatus = 'incorrectData',
  code?: number,
): Dialogue<T> {
  try {
    return yield* dialogue;
  } catch (error) {
    throw error instanceof HostFault ? new Refusal(status, code) : error;
  }
}

/** For what may be missing: the app takes every fault of the answer for "not there". */
export function* orElse<T, U>(dialogue: Dialogue<T>, otherwise: U): Dialogue<T | U> {
  try {
    return yield* dialogue;
  } catch (error) {
    if (error instanceof HostFault) return otherwise;
    throw error;
  }
}
