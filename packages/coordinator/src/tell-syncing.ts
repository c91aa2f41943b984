import type { ChainSource } from '@qoima/chain';
import type { Terminal } from '@qoima/terminal';

/**
 * Tells the operator, at once and in one line, that the node is still catching up; gives whether it is. That
 * stops nothing: what the node has is proven by our own keys, and what it lacks is found later.
 * @throws `CHAIN_…`
 */
export const tellSyncing = async (
  { output }: Pick<Terminal, 'output'>,
  chain: Pick<ChainSource, 'tip'>,
): Promise<boolean> => {
  const { syncing, height } = await chain.tip();
  if (syncing) {
    output.line(
      `The node is still catching up, at block ${height}: coins and confirmations may be missing.`,
    );
  }
  return syncing;
};
