import type { NodeState } from './node-state.ts';
import { type RpcArguments, rpcArguments } from './rpc-arguments.ts';
import { RPC, RpcError } from './rpc-error.ts';
import type { RpcValue } from './rpc-value.ts';
import type { WatchWallet } from './watch-wallet.ts';

/** What a call acts on. */
export interface RpcContext {
  readonly state: NodeState;
  /** From the path `/wallet/NAME`. */
  readonly walletName?: string | undefined;
  /** Ends the node once the call is answered. */
  stop(): void;
}

/** One call of Bitcoin Core's interface: the names of its parameters in their order, and its work. */
export interface RpcMethod {
  readonly parameters: readonly string[];
  run(parameters: RpcArguments, context: RpcContext): RpcValue | Promise<RpcValue>;
}

export type RpcMethods = Readonly<Record<string, RpcMethod>>;

/** @throws RpcError, which is the answer then */
export const callMethod = async (
  methods: RpcMethods,
  name: unknown,
  parameters: unknown,
  context: RpcContext,
): Promise<RpcValue> => {
  const method =
    typeof name === 'string' && Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (method === undefined) throw new RpcError(RPC.METHOD_NOT_FOUND, 'Method not found');
  return method.run(rpcArguments(method.parameters, parameters), context);
};

/** The wallet that a call is about. @throws RpcError when none is named and not exactly one is there */
export const walletOf = ({ state, walletName }: RpcContext): WatchWallet => {
  if (walletName !== undefined) {
    const named = state.wallets.get(walletName);
    if (named !== undefined) return named;
    const what = 'Requested wallet does not exist or is not loaded';
    throw new RpcError(RPC.WALLET_NOT_FOUND, what);
  }
  const [only, second] = state.wallets.values();
  if (only === undefined) throw new RpcError(RPC.WALLET_NOT_FOUND, 'No wallet is loaded.');
  if (second !== undefined) {
    throw new RpcError(RPC.WALLET_NOT_SPECIFIED, 'Multiple wallets are loaded.');
  }
  return only;
};
