import type { Finding } from '@qoima/primitives';
import type { Evidence } from './evidence.ts';

/**
 * When a signed spend may enter a block. No Ledger shows it, and one that waits is worthless until
 * then, to everybody but whoever wanted it to wait.
 */
export const judgeTiming = (evidence: Evidence): readonly Finding[] => [
  ...version(evidence),
  ...lockTime(evidence),
  ...relativeLocks(evidence),
];

/** Nodes relay versions 1 to 3 (BIP-68, BIP-431); others wait for a rule that nobody has made. */
const version = ({ psbt: { transaction } }: Evidence): readonly Finding[] =>
  transaction.version >= 1 && transaction.version <= 3
    ? []
    : [
        {
          rule: 'transaction-version',
          severity: 'warn',
          where: 'transaction',
          message: 'No node relays a transaction of this version.',
          facts: { expected: '1, 2 or 3', actual: transaction.version },
        },
      ];

const SEQUENCE_FINAL = 0xffffffff;
/** BIP-65: below it a lock time is a block height, from it on a Unix time in seconds. */
const LOCK_TIME_THRESHOLD = 500_000_000;

const lockTime = ({ psbt: { transaction } }: Evidence): readonly Finding[] => {
  const { lockTime: lock, inputs } = transaction;
  if (lock === 0 || inputs.every(({ sequence }) => sequence === SEQUENCE_FINAL)) return [];
  const last =
    lock < LOCK_TIME_THRESHOLD
      ? `up to number ${lock}`
      : `whose median time is not after ${new Date(lock * 1000).toISOString()}`;
  return [
    {
      rule: 'lock-time',
      severity: 'warn',
      where: 'transaction',
      message: `No block ${last} may hold this spend.`,
      facts: { expected: 0, actual: lock },
    },
  ];
};

/** BIP-68: the bit that turns a sequence into a mere number, the one for time, and the length. */
const SEQUENCE_DISABLE = 0x80000000;
const SEQUENCE_TIME = 0x00400000;
const SEQUENCE_LENGTH = 0x0000ffff;
/** BIP-68: a length of time counts in steps of 512 seconds. */
const TIME_STEP_SECONDS = 512;

const relativeLocks = ({ psbt: { transaction }, inputs }: Evidence): readonly Finding[] =>
  // BIP-68 holds from version 2 on, and takes the version for a number without a sign.
  transaction.version >>> 0 < 2
    ? []
    : inputs.flatMap(({ where, sequence }) => {
        const length = sequence & SEQUENCE_LENGTH;
        if ((sequence & SEQUENCE_DISABLE) !== 0 || length === 0) return [];
        const age =
          (sequence & SEQUENCE_TIME) === 0
            ? `${length} blocks`
            : `${length * TIME_STEP_SECONDS} seconds`;
        return [
          {
            rule: 'sequence-lock',
            severity: 'warn',
            where,
            message: `The spend has to wait until this coin is ${age} old.`,
            facts: { expected: 'no relative lock time', actual: sequence },
          },
        ];
      });
