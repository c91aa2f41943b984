import { abandonApdu, type DeviceAnswer, decodeAnswer, STATUS } from './apdu.ts';
import { ledgerError } from './errors.ts';
import { isOfSystem, type LedgerCommand, statusError } from './status-words.ts';
import type { LedgerTransport } from './transport.ts';

/** Calls back after a time; what it returns calls that off. */
export type Timer = (milliseconds: number, callback: () => void) => () => void;

/** How far a command has come. */
export interface CommandProgress {
  readonly command: LedgerCommand;
  /** Answers of the device so far. */
  readonly exchanges: number;
  /** How many there will be, roughly, if that is known. */
  readonly estimated?: number;
  /** True once the device has kept silent for a while and may be showing something to a person. */
  readonly waiting: boolean;
}

/** How patient the host is, and whom it tells of its progress. */
export interface LinkOptions {
  readonly timer?: Timer;
  /** How long the device may keep silent when no person can be reading; 30 seconds if left out. */
  readonly silenceMs?: number;
  /** How long it may keep silent when a person can be reading; an hour if left out. */
  readonly reviewMs?: number;
  readonly onProgress?: (progress: CommandProgress) => void;
  /** Aborting it ends the command that runs, and every later one at once; `CallOptions` has one for a single command. */
  readonly signal?: AbortSignal;
}

/** For one command. */
export interface CallOptions {
  /**
   * Aborting it ends the command with `DEVICE_CANCELLED`, at once. If the device waits for data, it gets none and is
   * ready again; if it waits for a person, the next command waits for that person first.
   */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CommandProgress) => void;
}

/** One command, as the link has to know it. */
export interface CommandTask extends CallOptions {
  readonly command: LedgerCommand;
  /** True while the device may be showing something to a person, who may take minutes. */
  readonly isReviewed: () => boolean;
  /** More answers than this are an endless loop. */
  readonly maxExchanges: number;
  readonly estimated?: number;
}

/** Sends one APDU and gives the answer. */
export type Exchange = (apdu: Uint8Array) => Promise<DeviceAnswer>;

/**
 * One connection and what is known about its other end. Commands run one at a time; each ends with the
 * device ready for the next, or the link lost.
 */
export interface DeviceLink {
  run<Result>(task: CommandTask, body: (exchange: Exchange) => Promise<Result>): Promise<Result>;
  /** Waits for nothing but the transport, no longer than the silence allowed; after a cancelled review a second. */
  close(): Promise<void>;
}

/** After this silence a person may have something to do. */
const NOTICE_MS = 1500;
/** How long a transport may take to close that waits for an answer which nobody here waits for. */
const CLOSE_MS = 1000;
/** An abandoned command ends with the first or second empty answer; yields take one each. */
const MAX_ABANDON = 64;

export const deviceLink = (transport: LedgerTransport, options: LinkOptions = {}): DeviceLink => {
  const { timer = realTimer, silenceMs = 30_000, reviewMs = 3_600_000 } = options;
  let running = false;
  let lost: unknown;
  let closed = false;
  /** An exchange that nobody waits for any more: the device has not answered it yet. */
  let pending: Promise<void> | undefined;
  /** True if the device waits for the answer to a client command. */
  let interrupted = false;

  const send = async (
    apdu: Uint8Array,
    limitMs: number,
    abort?: AbortSignal,
    onNotice?: () => void,
  ): Promise<DeviceAnswer> => {
    const wasInterrupted = interrupted;
    interrupted = false;
    const answer = exchanged(transport, apdu).then(
      (bytes) => {
        const decoded = decodeAnswer(bytes);
        // The system answers for an app that is locked away: it did not see the APDU, and waits on.
        interrupted = isOfSystem(decoded.status)
          ? wasInterrupted
          : decoded.status === STATUS.interrupted;
        return decoded;
      },
      (cause: unknown) => {
        lost ??= cause;
        const what = 'The connection to the device was lost.';
        throw ledgerError('DEVICE_DISCONNECTED', what, {}, cause);
      },
    );
    const first = await raceOf(answer, timer, limitMs, abort, onNotice);
    if (first.kind === 'answer') return first.answer;
    pending = answer.then(
      () => undefined,
      () => undefined,
    );
    throw first.kind === 'cancelled'
      ? cancelled(onNotice !== undefined)
      : ledgerError('DEVICE_SILENT', `The device kept silent for ${limitMs / 1000} seconds.`);
  };

  /** Ends an interrupted command: nothing is no answer to any question but a yield (seen: 6a80). */
  const abandon = async (command: LedgerCommand): Promise<void> => {
    for (let sent = 0; interrupted && sent < MAX_ABANDON; sent++) {
      const answer = await send(abandonApdu, silenceMs);
      if (isOfSystem(answer.status)) throw statusError(command, answer);
    }
    if (interrupted) throw ledgerError('DEVICE_BUSY', 'The device does not let go of a command.');
  };

  const checkReady = (signals: readonly AbortSignal[], isOwn = false): void => {
    if (closed) throw ledgerError('DEVICE_CLOSED', 'The connection to the device was closed.');
    if (running && !isOwn)
      throw ledgerError('DEVICE_BUSY', 'Another command is running on the device.');
    if (signals.some(({ aborted }) => aborted)) throw cancelled();
    if (lost !== undefined) {
      const what = 'The connection to the device was lost before.';
      throw ledgerError('DEVICE_DISCONNECTED', what, {}, lost);
    }
  };

  return {
    run: async (task, body) => {
      const signals = [options.signal, task.signal].filter((signal) => signal !== undefined);
      checkReady(signals);
      const abort = signals.length > 1 ? AbortSignal.any(signals) : signals[0];
      running = true;
      try {
        if (pending !== undefined) {
          const drained = await raceOf(pending, timer, silenceMs, abort);
          if (drained.kind === 'cancelled') throw cancelled();
          if (drained.kind === 'silent') {
            throw ledgerError('DEVICE_BUSY', 'The device has not answered the last command yet.');
          }
          pending = undefined;
          checkReady(signals, true);
        }
        await abandon(task.command);
        let exchanges = 0;
        const report = (waiting: boolean): void => {
          const { command, estimated } = task;
          const estimate = estimated === undefined ? {} : { estimated };
          const progress = { command, exchanges, waiting, ...estimate };
          options.onProgress?.(progress);
          task.onProgress?.(progress);
        };
        return await body(async (apdu) => {
          if (abort?.aborted === true) throw cancelled();
          if (exchanges >= task.maxExchanges) {
            throw ledgerError(
              'DEVICE_ENDLESS',
              `${task.command}: the device asks on after ${exchanges} exchanges.`,
              { command: task.command, exchanges },
            );
          }
          const reviewed = task.isReviewed();
          const notice = reviewed ? () => report(true) : undefined;
          const answer = await send(apdu, reviewed ? reviewMs : silenceMs, abort, notice);
          exchanges += 1;
          report(false);
          return answer;
        });
      } catch (error) {
        // What went wrong counts more than that the device would not be tidied up.
        if (lost === undefined && pending === undefined) {
          await abandon(task.command).catch(() => undefined);
        }
        throw error;
      } finally {
        running = false;
      }
    },
    close: async () => {
      if (closed) return;
      closed = true;
      // A transport may wait for an exchange that never ends, or for a person to decide; the process must not.
      const ended = transport.close().catch(() => undefined);
      await raceOf(ended, timer, pending === undefined ? silenceMs : CLOSE_MS);
    },
  };
};

/** A transport may throw where it should reject. */
const exchanged = async (transport: LedgerTransport, apdu: Uint8Array): Promise<Uint8Array> =>
  transport.exchange(apdu);

const realTimer: Timer = (milliseconds, callback) => {
  const timeout = setTimeout(callback, milliseconds);
  return () => {
    clearTimeout(timeout);
  };
};

const cancelled = (isReviewed = false): Error =>
  ledgerError(
    'DEVICE_CANCELLED',
    isReviewed
      ? 'The command was cancelled here, and the device may still show its review.'
      : 'The command was cancelled.',
  );

type Race<Answer> =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'silent' }
  | { readonly kind: 'cancelled' };

/** What comes first: the answer (or its failure, which is thrown), the end of patience, or the abort. */
const raceOf = <Answer>(
  answer: Promise<Answer>,
  timer: Timer,
  limitMs: number,
  abort?: AbortSignal,
  onNotice?: () => void,
): Promise<Race<Answer>> =>
  new Promise((resolve, reject) => {
    const giveUp = (): void => end(() => resolve({ kind: 'silent' }));
    let stop =
      onNotice === undefined
        ? timer(limitMs, giveUp)
        : timer(NOTICE_MS, () => {
            stop = timer(limitMs, giveUp);
            onNotice();
          });
    const onAbort = (): void => end(() => resolve({ kind: 'cancelled' }));
    const end = (settle: () => void): void => {
      stop();
      abort?.removeEventListener('abort', onAbort);
      settle();
    };
    abort?.addEventListener('abort', onAbort, { once: true });
    answer.then(
      (value) => end(() => resolve({ kind: 'answer', answer: value })),
      (error: unknown) =>
        end(() => reject(error instanceof Error ? error : new Error(String(error)))),
    );
  });
