import type { QoimaError } from '@qoima/primitives';
import * as v from 'valibot';
import { chainError } from './errors.ts';
import { type ExactJson, parseExactJson } from './exact-json.ts';
import type { HttpReply } from './http-post.ts';

/** Core's `RPC_IN_WARMUP`. */
const RPC_IN_WARMUP = -28;

/** Which call an answer belongs to. */
export interface Call {
  readonly url: string;
  readonly method: string;
  readonly id: number;
}

/**
 * JSON-RPC 2.0, and the 1.x that Core before version 28 speaks: there errors come with an HTTP status
 * of their own and `result` or `error` is null.
 */
const envelope = v.object({
  id: v.nullable(v.string()),
  result: v.optional(v.unknown()),
  error: v.optional(
    v.nullable(
      v.object({ code: v.pipe(v.string(), v.regex(/^-?[0-9]{1,9}$/)), message: v.string() }),
    ),
  ),
});

/** What a node says to one attempt: `busy` with its words, or the result, not yet checked. */
export type Answer = { readonly busy: string } | { readonly result: unknown };

/**
 * @throws `CHAIN_UNAUTHORIZED`, `CHAIN_RPC_ERROR`, `CHAIN_REPLY_MALFORMED`
 */
export const readReply = (reply: HttpReply, call: Call): Answer => {
  const { url, method } = call;
  if (reply.status === 401 || reply.status === 403) {
    const what = `The node at ${url} refuses us with HTTP status ${reply.status}.`;
    throw chainError('CHAIN_UNAUTHORIZED', what, { url, status: reply.status });
  }
  // Core sends plain text with it: its work queue is full.
  if (reply.status === 503) return { busy: 'HTTP status 503' };
  const { id, result, error } = readEnvelope(reply, call);
  if (error) {
    if (Number(error.code) === RPC_IN_WARMUP) return { busy: error.message };
    throw chainError('CHAIN_RPC_ERROR', `${method}: ${oneSentence(error.message)}`, {
      url,
      method,
      rpcCode: Number(error.code),
      rpcMessage: oneSentence(error.message),
    });
  }
  if (id !== String(call.id)) {
    throw malformed(call, `its id is ${oneLine(id ?? 'none', 40)} and not ${call.id}`);
  }
  return { result };
};

const readEnvelope = (reply: HttpReply, call: Call): v.InferOutput<typeof envelope> => {
  let json: ExactJson;
  try {
    json = parseExactJson(reply.body);
  } catch (cause) {
    throw malformed(call, `it is not JSON (HTTP status ${reply.status})`, cause);
  }
  const parsed = v.safeParse(envelope, json);
  if (parsed.success) return parsed.output;
  throw malformed(call, `it is not a JSON-RPC reply (HTTP status ${reply.status})`);
};

/** @throws `CHAIN_REPLY_MALFORMED` */
export const parseResult = <Result>(
  schema: v.GenericSchema<unknown, Result>,
  result: unknown,
  call: Call,
): Result => {
  const parsed = v.safeParse(schema, result, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const place = v.getDotPath(issue) ?? 'the result';
  throw malformed(call, `${place}: expected ${issue.expected ?? issue.message}`);
};

const malformed = ({ url, method }: Call, why: string, cause?: unknown): QoimaError =>
  chainError(
    'CHAIN_REPLY_MALFORMED',
    `The answer of ${url} to ${method} cannot be read: ${why}.`,
    { url, method, reason: why },
    cause,
  );

/** The first line of what a node says, for an error: Core answers a wrong call with its whole help. */
export const oneSentence = (message: string): string => {
  const line = oneLine(message);
  return /[.!?…]$/.test(line) ? line : `${line}.`;
};

/** The first line of foreign text, printable and of bounded length. */
export const oneLine = (text: string, limit = 500): string => {
  const line = text.split('\n', 1)[0]?.replace(/[^\x20-\x7e]/g, '?') ?? '';
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
};
