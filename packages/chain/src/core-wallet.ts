import {
  blockchainReply,
  loadedWalletReply,
  namesReply,
  type WalletStatus,
  walletReply,
} from './core-replies.ts';
import { chainError } from './errors.ts';
import { isRpcError, type JsonRpc, type Sleep } from './json-rpc.ts';
import { whileAlive } from './liveness.ts';

/** Codes of `src/rpc/protocol.h`. */
const RPC_WALLET_NOT_FOUND = -18;
const RPC_WALLET_ALREADY_LOADED = -35;

/**
 * Loads the watch-only descriptor wallet, or makes it: without private keys, blank, loaded again
 * whenever the node starts.
 * @throws `CHAIN_WALLET_UNFIT` when a wallet of that name can hold keys
 */
export const openWallet = async (rpc: JsonRpc, wallet: string, sleep: Sleep): Promise<void> => {
  const loaded = await rpc.call('listwallets', {}, namesReply);
  if (!loaded.includes(wallet)) await loadOrCreate(rpc, wallet, sleep);
  const status = await walletStatus(rpc, wallet);
  if (status.private_keys_enabled || !status.descriptors) {
    const lack = status.descriptors ? 'can hold private keys' : 'knows no descriptors';
    throw chainError('CHAIN_WALLET_UNFIT', `The wallet ${wallet} at ${rpc.url} ${lack}.`, {
      wallet,
    });
  }
};

export const walletStatus = (rpc: JsonRpc, wallet: string): Promise<WalletStatus> =>
  rpc.call('getwalletinfo', {}, walletReply, { wallet });

const loadOrCreate = async (rpc: JsonRpc, wallet: string, sleep: Sleep): Promise<void> => {
  const load = (untilAborted: AbortSignal): Promise<unknown> => {
    const parameters = { filename: wallet, load_on_startup: true };
    return rpc.call('loadwallet', parameters, loadedWalletReply, { untilAborted });
  };
  const look = (): Promise<unknown> => rpc.call('getblockchaininfo', {}, blockchainReply);
  try {
    // Loading searches the blocks that came while the wallet was not loaded.
    await whileAlive(load, look, sleep);
  } catch (error) {
    if (isRpcError(error, RPC_WALLET_ALREADY_LOADED)) return;
    if (!isRpcError(error, RPC_WALLET_NOT_FOUND)) throw error;
    const parameters = {
      wallet_name: wallet,
      disable_private_keys: true,
      blank: true,
      descriptors: true,
      load_on_startup: true,
    };
    await rpc.call('createwallet', parameters, loadedWalletReply);
  }
};
