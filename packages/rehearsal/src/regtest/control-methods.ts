import { decodeAddress } from '@qoima/policy';
import { isQoimaError } from '@qoima/primitives';
import { MIN_RELAY_FEE_RATE } from './acceptance.ts';
import { readTransaction } from './mempool-methods.ts';
import type { NodeState } from './node-state.ts';
import { RPC, RpcError } from './rpc-error.ts';
import type { RpcMethods } from './rpc-method.ts';
import type { RpcValue } from './rpc-value.ts';
import type { ChainTransaction } from './transaction.ts';
import { addressJson } from './transaction-json.ts';
import { parseWalletDescriptor } from './wallet-descriptor.ts';

/** Calls that make blocks, move the clock, end the node, or only compute. */
export const controlMethods: RpcMethods = {
  getnetworkinfo: {
    parameters: [],
    run: () => ({
      version: 310_000,
      subversion: '/Qoima-embedded-regtest:0.1.0/',
      protocolversion: 70_016,
      localrelay: false,
      networkactive: false,
      connections: 0,
      relayfee: MIN_RELAY_FEE_RATE,
      incrementalfee: MIN_RELAY_FEE_RATE,
      warnings: [],
    }),
  },
  generatetoaddress: {
    parameters: ['nblocks', 'address', 'maxtries'],
    run: (parameters, { state }) => {
      const script = readAddress(parameters.text('address'));
      const count = parameters.integer('nblocks');
      return Array.from({ length: Math.max(count, 0) }, () => state.mine(script).hash);
    },
  },
  generateblock: {
    parameters: ['output', 'transactions'],
    run: (parameters, { state }) => {
      const script = readAddress(parameters.text('output'));
      const transactions = parameters.list('transactions').map((each) => chosen(state, each));
      return { hash: state.mineOnly(script, transactions).hash };
    },
  },
  setmocktime: {
    parameters: ['timestamp'],
    run: (parameters, { state }) => {
      const time = parameters.integer('timestamp');
      if (time < 0 || time > 0xffffffff) {
        const what = `Mocktime must be in the range [0, 4294967295], not ${time}.`;
        throw new RpcError(RPC.INVALID_PARAMETER, what);
      }
      state.setMockTime(time);
      return null;
    },
  },
  deriveaddresses: {
    parameters: ['descriptor', 'range'],
    run: (parameters) => {
      const descriptor = parseWalletDescriptor(parameters.text('descriptor'));
      const [first, last] = readRange(parameters.list('range'));
      const addresses: RpcValue[] = [];
      for (let index = first; index <= last; index++) {
        addresses.push(addressJson(descriptor.scriptAt(index).scriptPubKey).address ?? null);
      }
      return addresses;
    },
  },
  stop: {
    parameters: [],
    run: (_, { stop }) => {
      stop();
      return 'Embedded regtest node stopping';
    },
  },
};

/** Core bounds a range alike. */
const MAX_RANGE = 1_000_000;

/** @throws RpcError */
export const readRange = (given: readonly unknown[]): readonly [number, number] => {
  const [first, last] = given;
  const isRange = given.length === 2 && Number.isSafeInteger(first) && Number.isSafeInteger(last);
  if (!isRange) {
    throw new RpcError(RPC.INVALID_PARAMETER, 'Range must be specified as [begin,end]');
  }
  const range = [Number(first), Number(last)] as const;
  if (range[0] < 0)
    throw new RpcError(RPC.INVALID_PARAMETER, 'Range should be greater or equal than 0');
  if (range[0] > range[1]) {
    const what = 'Range specified as [begin,end] must not have begin after end';
    throw new RpcError(RPC.INVALID_PARAMETER, what);
  }
  if (range[1] >= range[0] + MAX_RANGE)
    throw new RpcError(RPC.INVALID_PARAMETER, 'Range is too large');
  return range;
};

/** The script of an address. @throws RpcError */
export const readAddress = (text: string): Uint8Array => {
  try {
    return decodeAddress(text, 'regtest');
  } catch (error) {
    if (!isQoimaError(error)) throw error;
    throw new RpcError(RPC.INVALID_ADDRESS_OR_KEY, 'Error: Invalid address');
  }
};

/** A transaction by its txid in the mempool, or whole as hex. */
const chosen = ({ mempool }: NodeState, given: unknown): ChainTransaction => {
  const waiting = mempool.entry(String(given))?.transaction;
  return waiting ?? readTransaction(String(given));
};
