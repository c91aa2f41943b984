import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { chainError } from './errors.ts';

/** One POST, and how much of an answer is waited for. */
export interface HttpRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** A larger reply is cut off. */
  readonly maxReplyBytes: number;
  /** Ends the request; it then rejects. */
  readonly signal: AbortSignal;
}

/** A whole reply, whatever its status. */
export interface HttpReply {
  readonly status: number;
  readonly body: string;
}

/** One POST. Rejects with Node's own error when there is no whole reply. */
export type HttpPost = (request: HttpRequest) => Promise<HttpReply>;

/**
 * Each request has a connection of its own, so that a long one never stands in the way of others. Not
 * `fetch`: that gives up when no header has come for 300 seconds, and an import that searches years
 * of blocks answers later than that. Redirects are not followed and no proxy is used.
 * @throws `CHAIN_REPLY_TOO_LARGE`
 */
export const postHttp: HttpPost = ({ url, headers, body, maxReplyBytes, signal }) =>
  new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const options = { method: 'POST', agent: false, headers, signal } as const;
    const request = send(url, options, (response) => {
      const chunks: Uint8Array[] = [];
      let length = 0;
      response.on('data', (chunk: Uint8Array) => {
        length += chunk.length;
        if (length > maxReplyBytes) {
          reject(tooLarge(maxReplyBytes));
          request.destroy();
        }
        chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
      });
    });
    // An import is silent for hours, and a router forgets silent connections.
    request.setSocketKeepAlive(true, 30_000);
    request.on('error', reject);
    request.end(body);
  });

const tooLarge = (bound: number): Error =>
  chainError('CHAIN_REPLY_TOO_LARGE', `The answer is larger than ${bound} bytes.`, {
    expected: bound,
  });
