export { type BitcoinCoreOptions, bitcoinCore } from './bitcoin-core.ts';
export type {
  AcceptVerdict,
  ChainCoin,
  ChainSource,
  ChainTip,
  Confirmations,
  WatchedDescriptor,
  WatchProgress,
} from './chain-source.ts';
export { chainErrors } from './errors.ts';
export type { HttpPost, HttpReply, HttpRequest } from './http-post.ts';
export type { Sleep } from './json-rpc.ts';
export type { RpcAuth } from './rpc-auth.ts';
