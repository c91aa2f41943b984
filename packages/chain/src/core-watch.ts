import { formatHex, hashJson, type QoimaError } from '@qoima/primitives';
import type { WatchedDescriptor, WatchProgress } from './chain-source.ts';
import {
  addressReply,
  descriptorsReply,
  importReply,
  namesReply,
  nullReply,
  type WalletStatus,
} from './core-replies.ts';
import { walletStatus } from './core-wallet.ts';
import { chainError } from './errors.ts';
import { isRpcError, type JsonRpc, type Sleep } from './json-rpc.ts';
import { POLL_MS, whileAlive } from './liveness.ts';
import { oneSentence } from './rpc-reply.ts';

/** Of `src/rpc/protocol.h`: another rescan is going on, or the chain is pruned. */
const RPC_WALLET_ERROR = -4;
/** Of `src/rpc/protocol.h`: the rescan was aborted. */
const RPC_MISC_ERROR = -1;

interface Watcher {
  readonly rpc: JsonRpc;
  readonly wallet: string;
  readonly sleep: Sleep;
  readonly onProgress: (progress: WatchProgress) => void;
}

type Range = readonly [number, number];

/**
 * Imports the descriptors into the wallet and has the blocks since `birthday` searched for them.
 * Nothing is done when that very search was completed before.
 *
 * That a descriptor is listed does not show that its past was searched: Core lists it before the
 * search, and keeps it when the search fails or the node stops. So the end of a search is noted in the
 * wallet itself, as the label of the first address, and only that note makes a second call return at
 * once.
 * @throws `CHAIN_IMPORT_FAILED`
 */
export const watchDescriptors = async (
  watcher: Watcher,
  descriptors: readonly WatchedDescriptor[],
  birthday: number,
): Promise<void> => {
  if (descriptors.length === 0) return;
  const { rpc, wallet } = watcher;
  const note = searchNote(descriptors, birthday);
  for (;;) {
    await rescanEnd(watcher);
    const imported = await importedRanges(watcher);
    const notes = await rpc.call('listlabels', {}, namesReply, { wallet });
    if (notes.includes(note) && descriptors.every((each) => covers(imported, each))) return;
    if (await importAndSearch(watcher, descriptors, birthday, imported)) break;
  }
  const address = await firstAddress(watcher, descriptors);
  await rpc.call('setlabel', { address, label: note }, nullReply, { wallet });
};

/** Names one search. */
const searchNote = (descriptors: readonly WatchedDescriptor[], birthday: number): string => {
  const wanted = descriptors.map(({ descriptor, range, internal }) => ({
    descriptor: normalForm(descriptor),
    range,
    internal,
  }));
  return `qoima searched ${formatHex(hashJson({ birthday, wanted })).slice(0, 16)}`;
};

/** As `listdescriptors` writes it, with `h` for hardened steps; without the checksum over that. */
const normalForm = (descriptor: string): string =>
  (descriptor.split('#', 1)[0] as string).replaceAll("'", 'h');

/** Waits for a rescan that an earlier call or another program began. */
const rescanEnd = async (watcher: Watcher): Promise<void> => {
  while ((await look(watcher)).scanning !== false) await watcher.sleep(POLL_MS);
};

const look = async ({ rpc, wallet, onProgress }: Watcher): Promise<WalletStatus> => {
  const status = await walletStatus(rpc, wallet);
  if (status.scanning !== false) {
    const { progress, duration } = status.scanning;
    onProgress({ fraction: Math.min(Math.max(progress, 0), 1), seconds: duration });
  }
  return status;
};

const importedRanges = async ({ rpc, wallet }: Watcher): Promise<ReadonlyMap<string, Range>> => {
  const { descriptors } = await rpc.call('listdescriptors', {}, descriptorsReply, { wallet });
  return new Map(descriptors.map(({ desc, range = [0, 0] }) => [normalForm(desc), range]));
};

const covers = (
  imported: ReadonlyMap<string, Range>,
  { descriptor, range }: WatchedDescriptor,
): boolean => {
  const [first, last] = imported.get(normalForm(descriptor)) ?? [0, -1];
  return first <= range[0] && last >= range[1];
};

/** False when Core is in the middle of another rescan and has imported nothing. */
const importAndSearch = async (
  watcher: Watcher,
  descriptors: readonly WatchedDescriptor[],
  birthday: number,
  imported: ReadonlyMap<string, Range>,
): Promise<boolean> => {
  const { rpc, wallet, sleep } = watcher;
  const requests = descriptors.map(({ descriptor, range, internal }) => ({
    desc: descriptor,
    // Core makes ranges longer by itself and refuses to make one shorter.
    range: union(range, imported.get(normalForm(descriptor))),
    timestamp: birthday,
    active: true,
    internal,
  }));
  const importAll = (untilAborted: AbortSignal) =>
    rpc.call('importdescriptors', { requests }, importReply, { wallet, untilAborted });
  try {
    const results = await whileAlive(importAll, () => look(watcher), sleep);
    const failed = results.find(({ success }) => !success);
    if (failed === undefined && results.length === requests.length) return true;
    throw importFailed(wallet, failed?.error?.message ?? 'no reason given');
  } catch (error) {
    if (!isRpcError(error, RPC_WALLET_ERROR, RPC_MISC_ERROR)) throw error;
    const reason = error.details.rpcMessage;
    if (!/currently rescanning/i.test(reason)) throw importFailed(wallet, reason);
    await sleep(POLL_MS);
    return false;
  }
};

const importFailed = (wallet: string, reason: string): QoimaError =>
  chainError('CHAIN_IMPORT_FAILED', `Import into the wallet ${wallet}: ${oneSentence(reason)}`, {
    wallet,
    reason: oneSentence(reason),
  });

const union = (wanted: Range, present: Range = wanted): Range => [
  Math.min(wanted[0], present[0]),
  Math.max(wanted[1], present[1]),
];

const firstAddress = async (
  { rpc }: Watcher,
  descriptors: readonly WatchedDescriptor[],
): Promise<string> => {
  const [first] = descriptors.toSorted((a, b) => Number(a.internal) - Number(b.internal));
  if (first === undefined)
    throw new Error('there is at least one descriptor, else nothing was searched');
  const parameters = { descriptor: first.descriptor, range: [first.range[0], first.range[0]] };
  return (await rpc.call('deriveaddresses', parameters, addressReply))[0];
};
