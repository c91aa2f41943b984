import { formatOutpoint } from '@qoima/primitives';
import type { Evidence, InputEvidence } from './evidence.ts';
import { amountText } from './grouping.ts';
import type { EarlierSpend, RememberedSpend } from './memory.ts';
import { eachInput, type Rule, whole } from './rule.ts';

/**
 * What the machine's own memory says against the spend. Nothing of it is in the digest: the coordinator
 * and each station remember different things.
 */
export const historyRules: readonly Rule[] = [
  {
    id: 'history-amount-differs',
    severity: 'block',
    finds: 'a coin was worth another amount when it was spent here before',
    source: 'CVE-2020-14199; Coldcard’s memory of amounts',
    local: true,
    judge: eachInput((input, evidence) => {
      const { amount } = input;
      // The same transaction counts as well: amounts are signed, and not in its id.
      const other = evidence.context.memory
        ?.spendsOf(input.outpoint)
        .find((spend) => spend.amount !== undefined && spend.amount !== amount);
      return other === undefined || amount === undefined
        ? undefined
        : {
            message: `This coin was worth another amount on ${other.time}.`,
            facts: {
              outpoint: formatOutpoint(input.outpoint),
              expected: amountText(other.amount),
              actual: amountText(amount),
              earlier: other.txid,
            },
          };
    }),
  },
  {
    id: 'history-coin-signed',
    severity: 'warn',
    finds: 'a coin is in another transaction that was signed or proposed here before',
    source: 'a replaced or withheld spend may still be sent (BIP-125)',
    local: true,
    judge: eachInput((input, evidence) => {
      // One that is recorded itself was accepted then, or is superseded by now.
      if (recordOf(evidence) !== undefined) return undefined;
      // One that was withdrawn is replaced on purpose: spending its coins is what kills it.
      const earlier = spendsOf(input, evidence).filter(({ withdrawn }) => withdrawn === undefined);
      const last = earlier.at(-1);
      return last === undefined
        ? undefined
        : {
            message: `This coin is in another transaction already, ${last.txid} of ${last.time}: only one of them can ever confirm.`,
            facts: {
              outpoint: formatOutpoint(input.outpoint),
              earlier: [...new Set(earlier.map(({ txid }) => txid))],
            },
          };
    }),
  },
  {
    id: 'history-superseded',
    severity: 'block',
    finds:
      'it was withdrawn here, or a later transaction that was signed or proposed here takes one of its coins',
    source: 'signatures of a replaced spend, used later',
    local: true,
    judge: whole((evidence) => {
      const record = recordOf(evidence);
      if (record === undefined) return undefined;
      const { order, withdrawn } = record;
      if (withdrawn !== undefined) {
        return {
          message: `This spend was withdrawn on ${withdrawn}.`,
          facts: { withdrawn },
        };
      }
      for (const input of evidence.inputs) {
        const later = spendsOf(input, evidence).find((spend) => spend.order > order);
        if (later === undefined) continue;
        return {
          message: `This spend was replaced by ${later.txid} on ${later.time}, and would undo it.`,
          facts: { outpoint: formatOutpoint(input.outpoint), replacedBy: later.txid },
        };
      }
      return undefined;
    }),
  },
];

/** The memory's spends of this coin, but for the transaction itself. */
const spendsOf = (
  { outpoint }: InputEvidence,
  { context, txid }: Evidence,
): readonly EarlierSpend[] =>
  context.memory?.spendsOf(outpoint).filter((spend) => spend.txid !== txid) ?? [];

const recordOf = ({ context, txid }: Evidence): RememberedSpend | undefined =>
  context.memory?.recordOf(txid);
