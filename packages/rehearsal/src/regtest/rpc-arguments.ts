import { isQoimaError, parseBtc, type Sats, type Txid } from '@qoima/primitives';
import { RPC, RpcError } from './rpc-error.ts';

/** The parameters of one call, by name, each read as what it should be; errors are Core's. */
export interface RpcArguments {
  has(name: string): boolean;
  text(name: string): string;
  /** With a fallback when it is absent or null; without one, absence is an error. */
  integer(name: string, fallback?: number): number;
  flag(name: string, fallback: boolean): boolean;
  list(name: string): readonly unknown[];
  /** 64 hex digits. */
  hash(name: string): Txid;
  /** BTC, as a number or a text. */
  amount(name: string, fallback: Sats): Sats;
}

/**
 * Gives positional parameters their names and checks named ones.
 * @throws RpcError
 */
export const rpcArguments = (names: readonly string[], given: unknown): RpcArguments => {
  const values = byName(names, given);
  const wrong = (name: string, actual: unknown, expected: string): RpcError => {
    // Core answers its help here.
    if (actual === undefined) return new RpcError(RPC.MISC_ERROR, `${name} is missing`);
    const position = `Position ${names.indexOf(name) + 1} (${name})`;
    const type = `JSON value of type ${jsonType(actual)} is not of expected type ${expected}`;
    return new RpcError(RPC.TYPE_ERROR, `Wrong type passed:\n{\n    "${position}": "${type}"\n}`);
  };
  const has = (name: string): boolean => values.has(name);
  const text = (name: string): string => {
    const value = values.get(name);
    if (typeof value !== 'string') throw wrong(name, value, 'string');
    return value;
  };
  return {
    has,
    text,
    integer: (name, fallback) => {
      const value = values.get(name) ?? fallback;
      if (typeof value !== 'number') throw wrong(name, value, 'number');
      if (!Number.isSafeInteger(value)) {
        throw new RpcError(RPC.PARSE_ERROR, 'JSON integer out of range');
      }
      return value;
    },
    flag: (name, fallback) => {
      const value = values.get(name) ?? fallback;
      if (typeof value !== 'boolean') throw wrong(name, value, 'bool');
      return value;
    },
    list: (name) => {
      const value: unknown = values.get(name);
      if (!isList(value)) throw wrong(name, value, 'array');
      return value;
    },
    hash: (name) => {
      const value = text(name);
      if (value.length !== 64) {
        const what = `${name} must be of length 64 (not ${value.length}, for '${value}')`;
        throw new RpcError(RPC.INVALID_PARAMETER, what);
      }
      if (!/^[0-9a-fA-F]*$/.test(value)) {
        const what = `${name} must be hexadecimal string (not '${value}')`;
        throw new RpcError(RPC.INVALID_PARAMETER, what);
      }
      return value.toLowerCase();
    },
    amount: (name, fallback) => (has(name) ? readAmount(values.get(name)) : fallback),
  };
};

const readAmount = (value: unknown): Sats => {
  try {
    // A number has lost its text by now; what is meant shows in eight decimals.
    return parseBtc(typeof value === 'number' ? value.toFixed(8) : String(value));
  } catch (error) {
    const outOfRange = isQoimaError(error, 'AMOUNT_OUT_OF_RANGE');
    throw new RpcError(RPC.TYPE_ERROR, outOfRange ? 'Amount out of range' : 'Invalid amount');
  }
};

const byName = (names: readonly string[], given: unknown): ReadonlyMap<string, unknown> => {
  if (given !== undefined && (typeof given !== 'object' || given === null)) {
    throw new RpcError(RPC.INVALID_REQUEST, 'Params must be an array or object');
  }
  const entries = Array.isArray(given)
    ? given.map((value: unknown, i): [string | undefined, unknown] => [names[i], value])
    : Object.entries(given ?? {});
  const values = new Map<string, unknown>();
  for (const [name, value] of entries) {
    if (name === undefined) throw new RpcError(RPC.MISC_ERROR, 'Too many parameters');
    if (!names.includes(name)) {
      throw new RpcError(RPC.INVALID_PARAMETER, `Unknown named parameter ${name}`);
    }
    if (value !== null) values.set(name, value);
  }
  return values;
};

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

const jsonType = (value: unknown): string => {
  if (value === undefined || value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
};
