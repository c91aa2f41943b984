import { formatBtc } from '@qoima/primitives';

/** What a call answers. A `bigint` is an amount in satoshis, written as Core writes it: in BTC. */
export type RpcValue =
  | null
  | boolean
  | number
  | string
  | bigint
  | readonly RpcValue[]
  | { readonly [key: string]: RpcValue | undefined };

/** JSON in which amounts are numbers with eight decimals, exactly; undefined members are left out. */
export const formatRpcValue = (value: RpcValue): string => {
  if (typeof value === 'bigint') return value < 0n ? `-${formatBtc(-value)}` : formatBtc(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(formatRpcValue).join(',')}]`;
  const members: string[] = [];
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${formatRpcValue(member)}`);
  }
  return `{${members.join(',')}}`;
};

const isList = (value: object): value is readonly RpcValue[] => Array.isArray(value);
