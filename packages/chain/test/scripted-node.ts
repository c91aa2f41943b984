import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { HttpPost } from '../src/http-post.ts';
import type { Sleep } from '../src/json-rpc.ts';

/** A call as it arrived. */
export interface ArrivedCall {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly wallet: string | undefined;
}

/** Answers a call with the raw JSON text of its result, or with an error of Core. */
export type Answer = string | { readonly code: number; readonly message: string };
export type Answers = Readonly<Record<string, Answer | ((call: ArrivedCall) => Answer)>>;

/** A node without a socket: answers by method and keeps the calls. */
export const scriptedNode = (answers: Answers): { post: HttpPost; calls: ArrivedCall[] } => {
  const calls: ArrivedCall[] = [];
  return {
    calls,
    post: ({ url, body }) => {
      const { id, method, params } = JSON.parse(body) as {
        id: number;
        method: string;
        params: Record<string, unknown>;
      };
      const wallet = /^\/wallet\/(.*)$/.exec(url.pathname)?.[1];
      const call = { method, params, wallet };
      calls.push(call);
      const rule = answers[method];
      if (rule === undefined) throw new Error(`the test has no answer to ${method}`);
      const answer = typeof rule === 'function' ? rule(call) : rule;
      const member =
        typeof answer === 'string' ? `"result":${answer}` : `"error":${JSON.stringify(answer)}`;
      return Promise.resolve({ status: 200, body: `{"jsonrpc":"2.0",${member},"id":${id}}` });
    },
  };
};

/** An HTTP server on loopback that does as the test says, for what only a socket shows. */
export const loopbackServer = async (
  respond: (request: IncomingMessage, body: string, response: ServerResponse) => void,
): Promise<string> => {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => respond(request, Buffer.concat(chunks).toString(), response));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** A sleep that is over at once and keeps what was asked of it. */
export const instantSleep = (): { sleep: Sleep; slept: number[] } => {
  const slept: number[] = [];
  return {
    slept,
    sleep: (milliseconds) => {
      // The limit of a call is no pause: it never runs out here.
      if (milliseconds === CALL_TIMEOUT_MS) return new Promise(() => {});
      slept.push(milliseconds);
      return Promise.resolve();
    },
  };
};

/** What tests give as the timeout of a call, to tell it from pauses. */
export const CALL_TIMEOUT_MS = 77_000;

/** A promise and what fulfils it. */
export const signalled = (): { promise: Promise<void>; signal: () => void } => {
  let signal: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => {
    signal = resolve;
  });
  return { promise, signal: () => signal() };
};
