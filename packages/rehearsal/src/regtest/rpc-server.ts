import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { formatBase64, formatUtf8, parseUtf8 } from '@qoima/primitives';
import { RPC, RpcError } from './rpc-error.ts';
import { formatRpcValue, type RpcValue } from './rpc-value.ts';

/** Answers one call; throws an `RpcError` for an answer that is an error. */
export type AnswerCall = (
  method: unknown,
  parameters: unknown,
  walletName: string | undefined,
) => Promise<RpcValue>;

/** As Core bounds a request. */
const MAX_BODY_BYTES = 0x02000000;

/**
 * JSON-RPC over HTTP as Bitcoin Core speaks it: version 2.0 where asked for, otherwise 1.x with its
 * HTTP status for each error. `cookie` is `user:password`. Batches are not answered.
 */
export const rpcServer = (cookie: string, answer: AnswerCall): Server => {
  const authorization = `Basic ${formatBase64(parseUtf8(cookie))}`;
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== 'POST') {
      response.writeHead(405).end('JSONRPC server handles only POST requests');
    } else if (request.headers.authorization !== authorization) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="jsonrpc"' }).end();
    } else {
      const path = /^\/(?:wallet\/([^/?]*))?$/.exec(request.url ?? '');
      const body = await readBody(request);
      if (path === null || body === undefined) {
        response.writeHead(path === null ? 404 : 413).end();
        return;
      }
      const walletName = path[1] === undefined ? undefined : decodeURIComponent(path[1]);
      const { status, text } = await reply(body, (method, parameters) =>
        answer(method, parameters, walletName),
      );
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${text}\n`);
    }
  };
  return createServer((request, response) => {
    respond(request, response).catch((error: unknown) => {
      // A defect of ours, or a caller that hung up: there is nobody to tell but the caller.
      response.writeHead(500).end(error instanceof Error ? error.message : 'failed');
    });
  });
};

const readBody = async (request: IncomingMessage): Promise<string | undefined> => {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes = chunk as Uint8Array;
    length += bytes.length;
    if (length > MAX_BODY_BYTES) return undefined;
    chunks.push(bytes);
  }
  return formatUtf8(Buffer.concat(chunks));
};

interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

const reply = async (
  body: string,
  answer: (method: unknown, parameters: unknown) => Promise<RpcValue>,
): Promise<HttpAnswer> => {
  let request: unknown;
  try {
    request = JSON.parse(body);
  } catch {
    return legacyError(null, new RpcError(RPC.PARSE_ERROR, 'Parse error'));
  }
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    return legacyError(null, new RpcError(RPC.INVALID_REQUEST, 'Invalid Request object'));
  }
  const { jsonrpc, id = null, method, params } = request as Readonly<Record<string, unknown>>;
  const isVersion2 = jsonrpc === '2.0';
  const callId = typeof id === 'string' || typeof id === 'number' ? id : null;
  try {
    const result = await answer(method, params);
    const members = isVersion2
      ? { jsonrpc, result, id: callId }
      : { result, error: null, id: callId };
    return { status: 200, text: formatRpcValue(members) };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    if (!isVersion2) return legacyError(callId, error);
    return { status: 200, text: formatRpcValue({ jsonrpc, error: errorJson(error), id: callId }) };
  }
};

const errorJson = ({ code, message }: RpcError): RpcValue => ({ code, message });

const legacyError = (id: string | number | null, error: RpcError): HttpAnswer => ({
  status: statusOf(error),
  text: formatRpcValue({ result: null, error: errorJson(error), id }),
});

const statusOf = ({ code }: RpcError): number => {
  if (code === RPC.INVALID_REQUEST) return 400;
  return code === RPC.METHOD_NOT_FOUND ? 404 : 500;
};
