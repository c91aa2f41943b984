import { type JsonValue, MAX_SATS, parseUtf8, type Sats, type Txid } from '@qoima/primitives';
import * as v from 'valibot';
import { coordinatorError } from './errors.ts';
import { parseOwnFile } from './own-file.ts';

const format = 'qoima-proposal/1';

const states = ['open', 'final', 'broadcast', 'confirmed', 'withdrawn'] as const;

/**
 * A spend on its way: what was asked for and how far it is. Its id is that of the unsigned
 * transaction; the PSBT and the finished transaction lie in files beside it.
 */
export interface Proposal {
  readonly id: Txid;
  readonly policyId: string;
  readonly label: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  readonly state: (typeof states)[number];
  /** Outpoints, `txid:vout`. */
  readonly coins: readonly string[];
  readonly payments: readonly { readonly address: string; readonly amountSats: Sats }[];
  readonly change: { readonly index: number; readonly amountSats: Sats } | null;
  readonly feeSats: Sats;
  /** Of the finished transaction; null until there is one. */
  readonly txid: Txid | null;
  /** Of a withdrawn one alone. */
  readonly withdrawn?: Withdrawal;
}

export interface Withdrawal {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly reason: string;
}

const txid = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const sats = v.pipe(
  v.string(),
  v.regex(/^(0|[1-9][0-9]{0,15})$/),
  v.transform((text) => BigInt(text)),
  v.maxValue(MAX_SATS),
);
const outpoint = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}:(0|[1-9][0-9]{0,9})$/));
/** Unhardened (BIP-32). */
const index = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0x7fffffff));

const members = v.strictObject({
  format: v.literal(format),
  id: txid,
  policyId: txid,
  label: v.string(),
  created: v.pipe(v.string(), v.isoTimestamp()),
  state: v.picklist(states),
  coins: v.array(outpoint),
  payments: v.array(v.strictObject({ address: v.string(), amountSats: sats })),
  change: v.nullable(v.strictObject({ index, amountSats: sats })),
  feeSats: sats,
  txid: v.nullable(txid),
  withdrawn: v.exactOptional(
    v.strictObject({ time: v.pipe(v.string(), v.isoTimestamp()), reason: v.string() }),
  ),
});

const schema = v.pipe(
  members,
  v.check(
    ({ state, withdrawn }) => (state === 'withdrawn') === (withdrawn !== undefined),
    'a withdrawn proposal, and no other, says why it was withdrawn',
  ),
);

/** The proposal as it lies on disk, `qoima-proposal/1`: amounts are decimal strings. */
export const encodeProposal = (proposal: Proposal): Uint8Array =>
  parseUtf8(`${JSON.stringify(proposalJson(proposal), null, 2)}\n`);

export const proposalJson = ({
  withdrawn,
  ...proposal
}: Proposal): { readonly [key: string]: JsonValue } => ({
  format,
  ...proposal,
  payments: proposal.payments.map(({ address, amountSats }) => ({
    address,
    amountSats: amountSats.toString(),
  })),
  change: proposal.change && {
    index: proposal.change.index,
    amountSats: proposal.change.amountSats.toString(),
  },
  feeSats: proposal.feeSats.toString(),
  ...(withdrawn === undefined ? {} : { withdrawn: { ...withdrawn } }),
});

/** @throws `COORDINATOR_FILE_INVALID` */
export const decodeProposal = (bytes: Uint8Array, path: string): Proposal => {
  const { format: _, ...proposal } = parseOwnFile(schema, bytes, format, path);
  return proposal;
};

/** @throws `COORDINATOR_WITHDRAWN` */
export const refuseWithdrawn = ({ id, withdrawn }: Proposal): void => {
  if (withdrawn === undefined) return;
  throw coordinatorError(
    'COORDINATOR_WITHDRAWN',
    `Proposal ${id.slice(0, 8)} was withdrawn: ${JSON.stringify(withdrawn.reason)}.`,
    { proposal: id, ...withdrawn },
  );
};
