import { readFileSync } from 'node:fs';
import { formatBase64, type JsonValue, parseUtf8 } from '@qoima/primitives';
import { rehearsalError } from './errors.ts';
import type { RunningNode } from './running-node.ts';

/** Asks the rehearsal's own node for what no coordinator would: blocks, and the faucet's coins. */
export const askNode = async (
  node: RunningNode,
  method: string,
  params: readonly JsonValue[],
): Promise<unknown> => {
  const cookie = readFileSync(node.cookiePath, 'utf8');
  const response = await fetch(node.url, {
    method: 'POST',
    headers: {
      authorization: `Basic ${formatBase64(parseUtf8(cookie))}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ jsonrpc: '1.0', id: method, method, params }),
  });
  const reply = (await response.json()) as { result: unknown; error: { message: string } | null };
  if (reply.error) {
    throw rehearsalError('REHEARSAL_NODE_REFUSED', `${method}: ${reply.error.message}`);
  }
  return reply.result;
};
