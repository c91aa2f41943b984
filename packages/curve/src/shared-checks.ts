import type { PublicCurve } from './public-curve.ts';

/** One ECDSA verification to be made. */
export interface EcdsaCheck {
  /** 32 bytes. */
  readonly hash: Uint8Array;
  /** Of the public key, 65 bytes: see `pointOf`. */
  readonly point: Uint8Array;
  /** r ‖ s, 64 bytes. */
  readonly signature: Uint8Array;
}

type VerifyEcdsa = PublicCurve['verifyEcdsa'];

/**
 * Checks in memory that several threads answer together. Each thread takes the next block off a counter,
 * so that one which starts late or is slow takes fewer. An answer is written when it is known and not
 * before: what a thread has left behind is seen to have none. A check with a part of another length is
 * answered from the start; it is not good.
 *
 * Not checked: who writes an answer. Only `answerBlocks` and `answerRest` may be given the memory.
 */
export const shareChecks = (checks: readonly EcdsaCheck[]): SharedArrayBuffer => {
  const memory = new SharedArrayBuffer(COUNTERS + checks.length * (CHECK + 1));
  const { entries, answers } = viewsOf(memory);
  for (const [i, { hash, point, signature }] of checks.entries()) {
    if (hash.length !== 32 || point.length !== 65 || signature.length !== 64) {
      answers[i] = BAD;
      continue;
    }
    entries.set(hash, i * CHECK);
    entries.set(point, i * CHECK + 32);
    entries.set(signature, i * CHECK + 97);
  }
  return memory;
};

/** Takes one block after another and answers it, until all are taken by this thread or another. */
export const answerBlocks = (memory: SharedArrayBuffer, verify: VerifyEcdsa): void => {
  const views = viewsOf(memory);
  const count = views.answers.length;
  for (;;) {
    const start = Atomics.add(views.counters, NEXT, BLOCK);
    if (start >= count) return;
    for (let i = start; i < start + BLOCK && i < count; i++) answer(views, i, verify);
  }
};

/**
 * Answers what has no answer yet, whoever took it, and gives all of them. From the end, because a thread
 * that is still at its block comes from the beginning of it: nobody has to wait for it.
 */
export const answerRest = (memory: SharedArrayBuffer, verify: VerifyEcdsa): readonly boolean[] => {
  const views = viewsOf(memory);
  for (let i = views.answers.length - 1; i >= 0; i--) answer(views, i, verify);
  return Array.from(views.answers, (value) => value === GOOD);
};

/**
 * A helper says that it begins, and hears whether anything is left for it. One that hears yes must say
 * `endHelp`, whatever comes.
 */
export const beginHelp = (memory: SharedArrayBuffer): boolean => {
  const { counters, answers } = viewsOf(memory);
  Atomics.add(counters, HELPERS, 1);
  if (Atomics.load(counters, NEXT) < answers.length) return true;
  endHelp(memory);
  return false;
};

export const endHelp = (memory: SharedArrayBuffer): void => {
  const { counters } = viewsOf(memory);
  Atomics.sub(counters, HELPERS, 1);
  Atomics.notify(counters, HELPERS);
};

/**
 * Waits until no helper is at work; with every block taken, none will begin. A helper that does not end
 * in this time (milliseconds) is taken for dead.
 */
export const awaitHelpers = (memory: SharedArrayBuffer, limit: number): void => {
  const { counters } = viewsOf(memory);
  for (;;) {
    const helpers = Atomics.load(counters, HELPERS);
    if (helpers <= 0 || Atomics.wait(counters, HELPERS, helpers, limit) === 'timed-out') return;
  }
};

/** How many checks a thread takes at once: a millisecond's work. */
const BLOCK = 16;

/** The two counters: the first check that nobody has taken, and the helpers that are at work. */
const NEXT = 0;
const HELPERS = 1;

/** Bytes of the counters, and of the hash, the point and the signature of one check. */
const COUNTERS = 8;
const CHECK = 32 + 65 + 64;

/** An answer is one of these; any other value is none. */
const GOOD = 1;
const BAD = 2;

interface Views {
  readonly counters: Int32Array;
  readonly entries: Uint8Array;
  readonly answers: Uint8Array;
}

const viewsOf = (memory: SharedArrayBuffer): Views => {
  const count = (memory.byteLength - COUNTERS) / (CHECK + 1);
  return {
    counters: new Int32Array(memory, 0, 2),
    entries: new Uint8Array(memory, COUNTERS, count * CHECK),
    answers: new Uint8Array(memory, COUNTERS + count * CHECK, count),
  };
};

const answer = ({ entries, answers }: Views, i: number, verify: VerifyEcdsa): void => {
  const known = Atomics.load(answers, i);
  if (known === GOOD || known === BAD) return;
  // A copy: a library need not expect memory that is shared.
  const check = entries.slice(i * CHECK, (i + 1) * CHECK);
  const isGood = verify(check.subarray(0, 32), check.subarray(32, 97), check.subarray(97));
  Atomics.store(answers, i, isGood ? GOOD : BAD);
};
