import { join } from 'node:path';
import { isThere, readFileBounded, writeFileAtomically } from '@qoima/journal';
import type { Branch } from '@qoima/policy';
import { parseUtf8 } from '@qoima/primitives';
import * as v from 'valibot';
import { parseOwnFile } from './own-file.ts';

const format = 'qoima-addresses/1';

/** How many addresses of each branch have been given out: the next index. */
export type NextIndex = Readonly<Record<Branch, number>>;

const index = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0x7fffffff));
const schema = v.strictObject({
  format: v.literal(format),
  policies: v.record(v.string(), v.strictObject({ receive: index, change: index })),
});

/** Which addresses of which policy have been given out, in `addresses.json`. */
export interface AddressBook {
  next(policyId: string): NextIndex;
  /** Notes that all addresses below `next` are given out. Never goes back. */
  advance(policyId: string, next: Partial<NextIndex>): void;
}

const MAX_BOOK_BYTES = 1 << 20;

export const openAddressBook = (network: string): AddressBook => {
  const path = join(network, 'addresses.json');
  const read = (): Readonly<Record<string, NextIndex>> => {
    if (!isThere(path)) return {};
    return parseOwnFile(schema, readFileBounded(path, MAX_BOOK_BYTES), format, path).policies;
  };
  const next = (policyId: string): NextIndex => read()[policyId] ?? { receive: 0, change: 0 };
  return {
    next,
    advance: (policyId, to) => {
      const now = next(policyId);
      const then = {
        receive: Math.max(now.receive, to.receive ?? 0),
        change: Math.max(now.change, to.change ?? 0),
      };
      const policies = { ...read(), [policyId]: then };
      const text = JSON.stringify({ format, policies }, null, 2);
      writeFileAtomically(path, parseUtf8(`${text}\n`));
    },
  };
};
