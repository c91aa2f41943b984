import { expect, it } from 'vitest';
import { postHttp } from '../src/http-post.ts';
import { loopbackServer, signalled } from './scripted-node.ts';

const post = (url: string, maxReplyBytes: number) =>
  postHttp({
    url: new URL(url),
    headers: {},
    body: 'x',
    maxReplyBytes,
    signal: new AbortController().signal,
  });

it('takes a reply of exactly the bound', async () => {
  const url = await loopbackServer((_, _body, response) => response.end('é'.repeat(50)));
  await expect(post(url, 100)).resolves.toEqual({ status: 200, body: 'é'.repeat(50) });
});

it('hangs up on a reply above the bound, announced or not', async () => {
  const hungUp = signalled();
  const url = await loopbackServer((_, _body, response) => {
    response.on('close', hungUp.signal);
    // Never ends by itself: only hanging up ends it.
    const more = (): void => {
      if (!response.destroyed) response.write('x'.repeat(4096), more);
    };
    more();
  });
  await expect(post(url, 100_000)).rejects.toMatchObject({
    code: 'CHAIN_REPLY_TOO_LARGE',
    details: { expected: 100_000 },
  });
  await hungUp.promise;
});

it('does not follow a redirect', async () => {
  const url = await loopbackServer((_, _body, response) => {
    response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end();
  });
  await expect(post(url, 100)).resolves.toEqual({ status: 307, body: '' });
});

it('uses a connection of its own for each request', async () => {
  const ports = new Set<number | undefined>();
  const url = await loopbackServer(({ socket }, _body, response) => {
    ports.add(socket.remotePort);
    response.end();
  });
  await post(url, 100);
  await post(url, 100);
  expect(ports.size).toBe(2);
});
