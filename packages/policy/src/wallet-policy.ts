import { equalBytes, excerpt, formatHex, type Network } from '@qoima/primitives';
import type { Cosigner } from './cosigner.ts';
import { policyError } from './errors.ts';
import { keyNetworkOf, MAX_DEPTH } from './extended-key.ts';
import { checkOrigin, formatKeyOrigin } from './key-origin.ts';
import { type Quorum, quorum } from './quorum.ts';
import { checkLimits, type SpendLimits } from './spend-limits.ts';

/** How the multisig script is wrapped: P2WSH, P2SH-P2WSH or P2SH. */
export type ScriptKind = 'wsh' | 'sh-wsh' | 'sh';

/** BIP-388's `<0;1>`: addresses to be paid to, and addresses for change. */
export type Branch = 'receive' | 'change';

/** What makes a policy, not yet checked. */
export interface PolicyParts {
  /** 1 to 64 printable ASCII characters; a Ledger binds its registration to it. */
  readonly name: string;
  readonly network: Network;
  readonly scriptKind: ScriptKind;
  /** True for `sortedmulti` (BIP-67). The unsorted `multi` is read from others and never proposed. */
  readonly sorted: boolean;
  readonly quorum: Quorum;
  /** In the order of the descriptor. It is part of the policy's id, sorted or not. */
  readonly cosigners: readonly Cosigner[];
  /** No coin is older, in unix seconds: where a rescan may begin. */
  readonly birthday?: number | undefined;
  /** What a review holds spends against; without them `defaultLimits`. Not under the id. */
  readonly limits?: SpendLimits | undefined;
}

declare const checked: unique symbol;

/** Who may spend. Only `walletPolicy` makes one, so whoever holds one need not check it again. */
export type WalletPolicy = PolicyParts & { readonly [checked]: true };

/**
 * The one door to a policy: every rule about names, quorum, networks, origins and repeated keys is
 * applied here, whatever format the policy came in.
 * @throws `POLICY_NAME_INVALID`, `POLICY_NAME_REPEATED`, `POLICY_BIRTHDAY_INVALID`,
 *   `POLICY_LIMITS_INVALID`, `POLICY_QUORUM_INVALID`, `POLICY_KEY_COUNT`, `POLICY_NETWORK_MIXED`, `POLICY_ORIGIN_MISMATCH`,
 *   `POLICY_KEY_INVALID`, `POLICY_KEY_REPEATED`, `POLICY_ORIGIN_REPEATED`
 */
export const walletPolicy = (parts: PolicyParts): WalletPolicy => {
  const { name, network, scriptKind, sorted, cosigners, birthday, limits } = parts;
  checkName(name, 'The policy');
  checkBirthday(birthday);
  if (limits !== undefined) checkLimits(limits);
  const checkedQuorum = quorum(parts.quorum.required, parts.quorum.total);
  if (cosigners.length !== checkedQuorum.total) {
    throw policyError('POLICY_KEY_COUNT', `The policy has ${cosigners.length} keys.`, {
      expected: checkedQuorum.total,
      actual: cosigners.length,
    });
  }
  for (const cosigner of cosigners) checkCosigner(cosigner, network);
  for (const [i, second] of cosigners.entries()) {
    for (const [j, first] of cosigners.slice(0, i).entries()) {
      checkDistinct(first, second, `${j + 1} and ${i + 1} of ${cosigners.length}`);
    }
  }
  const policy: PolicyParts = {
    name,
    network,
    scriptKind,
    sorted,
    quorum: checkedQuorum,
    cosigners: [...cosigners],
    birthday,
    limits,
  };
  return policy as WalletPolicy;
};

/** @throws `POLICY_NAME_INVALID` unless 1–64 printable ASCII characters, no space at either end. */
const checkName = (name: string, what: string): void => {
  if (!/^(?! )[\x20-\x7e]{1,64}(?<! )$/.test(name)) {
    throw policyError('POLICY_NAME_INVALID', `${what} has the name ${excerpt(name, 64)}.`);
  }
};

const checkBirthday = (birthday: number | undefined): void => {
  if (birthday === undefined) return;
  if (!Number.isInteger(birthday) || birthday < 0 || birthday > 0xffffffff) {
    throw policyError('POLICY_BIRTHDAY_INVALID', `The birthday is ${birthday}.`);
  }
};

/**
 * What is asked of a cosigner alone, before a policy or in one.
 * @throws `POLICY_NAME_INVALID`, `POLICY_NETWORK_MIXED`, `POLICY_ORIGIN_MISMATCH`, `POLICY_KEY_INVALID`
 */
export const checkCosigner = (cosigner: Cosigner, network: Network): void => {
  checkName(cosigner.name, 'A cosigner');
  const expected = keyNetworkOf(network);
  const actual = cosigner.key.network;
  if (actual !== expected) {
    throw policyError(
      'POLICY_NETWORK_MIXED',
      `The key of ${cosigner.name} is for ${actual}, not for ${network}.`,
      { cosigner: cosigner.name, expected, actual },
    );
  }
  checkOrigin(cosigner.origin, cosigner.key, `The key of ${cosigner.name}`);
  if (cosigner.key.depth > MAX_DEPTH - 2) {
    throw policyError(
      'POLICY_KEY_INVALID',
      `The key of ${cosigner.name} has depth ${cosigner.key.depth}, too deep for branch and index.`,
    );
  }
};

/**
 * Keys are compared by what they derive with, not by their text: other parent-fingerprint bytes
 * make another text of the same key. One of public key and chain code being equal is refused as
 * well, because honest keys share neither. `places` says where they stand, counted from 1: one record that
 * is given twice has one name.
 */
const checkDistinct = (first: Cosigner, second: Cosigner, places: string): void => {
  const names =
    first.name === second.name ? `both of ${first.name}` : `of ${first.name} and ${second.name}`;
  const both = `Keys ${places}, ${names},`;
  const facts = { cosigners: [first.name, second.name], places };
  if (equalBytes(first.key.publicKey, second.key.publicKey)) {
    throw policyError('POLICY_KEY_REPEATED', `${both} have the same public key.`, {
      ...facts,
      publicKey: formatHex(second.key.publicKey),
    });
  }
  if (equalBytes(first.key.chainCode, second.key.chainCode)) {
    throw policyError('POLICY_KEY_REPEATED', `${both} have the same chain code.`, {
      ...facts,
      chainCode: formatHex(second.key.chainCode),
    });
  }
  const origin = formatKeyOrigin(second.origin, "'");
  if (origin === formatKeyOrigin(first.origin, "'")) {
    throw policyError('POLICY_ORIGIN_REPEATED', `${both} have the same origin ${origin}.`, {
      ...facts,
      origin,
    });
  }
  if (first.name === second.name) {
    throw policyError('POLICY_NAME_REPEATED', `Keys ${places} are ${names}.`, facts);
  }
};
