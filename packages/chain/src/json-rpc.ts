import { setTimeout as wait } from 'node:timers/promises';
import { excerpt, isQoimaError, type QoimaError } from '@qoima/primitives';
import type * as v from 'valibot';
import { chainError } from './errors.ts';
import { type HttpPost, postHttp } from './http-post.ts';
import { type RpcAuth, readAuthorization } from './rpc-auth.ts';
import { type Answer, parseResult, readReply } from './rpc-reply.ts';

/** Resolves after so many milliseconds; rejects when the signal fires first. */
export type Sleep = (milliseconds: number, signal?: AbortSignal) => Promise<void>;

export interface JsonRpcOptions {
  /** `http://127.0.0.1:8332`; without user and password. */
  readonly url: string;
  readonly auth: RpcAuth;
  /** For one attempt of one call. */
  readonly timeoutMs: number;
  readonly post?: HttpPost;
  readonly sleep?: Sleep;
}

export type RpcParameters = Readonly<Record<string, unknown>>;

export interface CallOptions {
  /** The call goes to this wallet. */
  readonly wallet?: string;
  /** Takes the place of the timeout: the call may last until this fires. */
  readonly untilAborted?: AbortSignal;
}

/** A JSON-RPC connection to Bitcoin Core. */
export interface JsonRpc {
  /** Without credentials: safe to show. */
  readonly url: string;
  /**
   * Calls `method` with named parameters and checks the result against `schema`, in which every number
   * is still text. A busy node is asked again for up to 45 seconds.
   * @throws `CHAIN_RPC_ERROR` (details `rpcCode`, `rpcMessage`), `CHAIN_UNREACHABLE`,
   *   `CHAIN_UNAUTHORIZED`, `CHAIN_COOKIE_UNREADABLE`, `CHAIN_BUSY`, `CHAIN_TIMEOUT`,
   *   `CHAIN_REPLY_MALFORMED`, `CHAIN_REPLY_TOO_LARGE`
   */
  call<Result>(
    method: string,
    parameters: RpcParameters,
    schema: v.GenericSchema<unknown, Result>,
    options?: CallOptions,
  ): Promise<Result>;
}

/** Some 50,000 coins of a 3-of-5 in one `listunspent`. */
const MAX_REPLY_BYTES = 64 * 1024 * 1024;

/** Before each further attempt at a busy node. */
const BUSY_DELAYS_MS = [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000];

export const sleepByTimer: Sleep = (milliseconds, signal) =>
  wait(milliseconds, undefined, signal === undefined ? {} : { signal });

/** @throws `CHAIN_URL_INVALID` */
export const jsonRpc = ({
  url: text,
  auth,
  timeoutMs,
  post = postHttp,
  sleep = sleepByTimer,
}: JsonRpcOptions): JsonRpc => {
  const base = parseUrl(text);
  const url = base.origin;
  let lastId = 0;
  let authorization: string | undefined;

  const send = async (method: string, body: string, { wallet, untilAborted }: CallOptions) => {
    const target = new URL(
      wallet === undefined ? '/' : `/wallet/${encodeURIComponent(wallet)}`,
      base,
    );
    authorization ??= await readAuthorization(auth);
    const limit = new AbortController();
    const done = new AbortController();
    let timedOut = false;
    if (untilAborted === undefined) {
      const expire = (): void => {
        timedOut = true;
        limit.abort();
      };
      sleep(timeoutMs, done.signal).then(expire, () => undefined);
    }
    try {
      return await post({
        url: target,
        headers: { authorization, 'content-type': 'application/json' },
        body,
        maxReplyBytes: MAX_REPLY_BYTES,
        signal: untilAborted ?? limit.signal,
      });
    } catch (cause) {
      if (isQoimaError(cause)) throw cause;
      if (timedOut) {
        const what = `${method} at ${url} was not answered within ${timeoutMs / 1000} seconds.`;
        throw chainError('CHAIN_TIMEOUT', what, { url, method, timeoutMs }, cause);
      }
      throw chainError(
        'CHAIN_UNREACHABLE',
        `The node at ${url} cannot be reached (${failureOf(cause)}).`,
        { url, method, failure: failureOf(cause) },
        cause,
      );
    } finally {
      done.abort();
    }
  };

  /** Sends once; a second time when a node that has started anew has written another cookie. */
  const sendAuthorized = async (method: string, body: string, options: CallOptions) => {
    const reply = await send(method, body, options);
    if (reply.status !== 401) return reply;
    const fresh = await readAuthorization(auth);
    if (fresh === authorization) return reply;
    authorization = fresh;
    return send(method, body, options);
  };

  const attempt = async (
    id: number,
    method: string,
    parameters: RpcParameters,
    options: CallOptions,
  ): Promise<Answer> => {
    const body = JSON.stringify({ jsonrpc: '2.0', id, method, params: parameters });
    const reply = await sendAuthorized(method, body, options);
    return readReply(reply, { url, method, id });
  };

  return {
    url,
    call: async (method, parameters, schema, options = {}) => {
      lastId += 1;
      const id = lastId;
      for (const delay of [...BUSY_DELAYS_MS, undefined]) {
        const answer = await attempt(id, method, parameters, options);
        if (!('busy' in answer)) return parseResult(schema, answer.result, { url, method, id });
        if (delay === undefined) {
          const what = `The node at ${url} is busy: ${excerpt(answer.busy, 100)}.`;
          throw chainError('CHAIN_BUSY', what, { url, method });
        }
        await sleep(delay, options.untilAborted);
      }
      throw new Error('the last round of the loop returns or throws');
    },
  };
};

/** `CHAIN_RPC_ERROR` with what the node said. */
export type CoreError = QoimaError & {
  readonly details: { readonly rpcCode: number; readonly rpcMessage: string };
};

/** True for an error that the node answered with one of these codes of `src/rpc/protocol.h`. */
export const isRpcError = (error: unknown, ...rpcCodes: readonly number[]): error is CoreError =>
  isQoimaError(error, 'CHAIN_RPC_ERROR') && rpcCodes.includes(Number(error.details['rpcCode']));

const parseUrl = (text: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== '/') {
    // Not quoted: what was typed may hold a password.
    const what = 'The address of the node is not http or https with a host and a port alone.';
    throw chainError('CHAIN_URL_INVALID', what);
  }
  if (url.username !== '' || url.password !== '') {
    const what = `The address of the node at ${url.host} carries a user or a password.`;
    throw chainError('CHAIN_URL_INVALID', what);
  }
  return url;
};

const failureOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return 'unknown failure';
  return 'code' in cause ? String(cause.code) : cause.message;
};
