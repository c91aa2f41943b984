import { type ErrorDetails, equalBytes, formatOutpoint } from '@qoima/primitives';
import { inputWeight } from '@qoima/psbt';
import type { InputEvidence, PreviousOutput } from './evidence.ts';
import { amountText } from './grouping.ts';
import { eachInput, type Observation, type Rule } from './rule.ts';
import { scriptText } from './script-text.ts';

/** Every input must be proven to spend the policy's own coin, and nothing else may ride on it. */
export const inputRules: readonly Rule[] = [
  {
    id: 'input-repeated',
    severity: 'block',
    finds: 'a coin is spent twice',
    source: 'consensus (CVE-2018-17144); the codec refuses it first',
    judge: ({ inputs }) => {
      const seen = new Set<string>();
      const found: Observation[] = [];
      for (const input of inputs) {
        const outpoint = formatOutpoint(input.outpoint);
        if (seen.has(outpoint)) {
          const what = remark(input, 'This coin is spent twice in one transaction.');
          found.push({ where: input.where, ...what });
        }
        seen.add(outpoint);
      }
      return found;
    },
  },
  /*
   * BIP-174 lets a segwit input carry `witness_utxo` alone; an amount is then the coordinator's word.
   * Here the whole previous transaction is wanted, and it must hash to the outpoint.
   */
  {
    id: 'previous-transaction-missing',
    severity: 'block',
    finds: 'the previous transaction is left out, so the amount cannot be proven',
    source: 'CVE-2020-14199',
    judge: previousIs(
      'missing',
      'The previous transaction is not in the PSBT, so the amount cannot be proven.',
    ),
  },
  {
    id: 'previous-transaction-unreadable',
    severity: 'block',
    finds: 'the previous transaction is none',
    source: 'CVE-2020-14199; the codec refuses it first',
    judge: previousIs('unreadable', 'The previous transaction cannot be read.'),
  },
  {
    id: 'previous-transaction-mismatch',
    severity: 'block',
    finds: 'the previous transaction is another than the one spent',
    source: 'BIP-174, Signer; CVE-2020-14199',
    judge: eachInput((input) =>
      input.previous.state === 'other-transaction'
        ? remark(
            input,
            'The previous transaction in the PSBT is another one than the input spends.',
            { expected: input.outpoint.txid, actual: input.previous.actual },
          )
        : undefined,
    ),
  },
  {
    id: 'previous-output-missing',
    severity: 'block',
    finds: 'the previous transaction has no such output',
    source: 'consensus; the codec refuses it first',
    judge: previousIs(
      'no-such-output',
      'The previous transaction has no output of the number that is spent.',
    ),
  },
  {
    id: 'witness-utxo-amount',
    severity: 'block',
    finds: '`witness_utxo` has another amount than the previous transaction',
    source: 'CVE-2020-14199; Ledger, EC 0x0005',
    judge: eachInput((input) => {
      const { witnessUtxo: claimed, amount } = input;
      return claimed === undefined || amount === undefined || claimed.amount === amount
        ? undefined
        : remark(input, 'The amount in witness_utxo is not the amount of the coin.', {
            expected: amountText(amount),
            actual: amountText(claimed.amount),
          });
    }),
  },
  {
    id: 'witness-utxo-script',
    severity: 'block',
    finds: '`witness_utxo` has another script than the previous transaction',
    source: 'BIP-174; Ledger, EC 0x0005',
    judge: eachInput((input) => {
      const { witnessUtxo: claimed, previous } = input;
      if (claimed === undefined || previous.state !== 'proven') return undefined;
      const { script } = previous.spent;
      return equalBytes(claimed.script, script)
        ? undefined
        : remark(input, 'The script in witness_utxo is not the script of the coin.', {
            expected: scriptText(script),
            actual: scriptText(claimed.script),
          });
    }),
  },
  {
    id: 'witness-utxo-unfit',
    severity: 'block',
    finds: 'a bare `sh` coin has a `witness_utxo`',
    source: 'BIP-174: it is for witness inputs alone, and a signer takes it for the sign of one',
    judge: eachInput((input) =>
      input.own === undefined ||
      input.own.witnessScript !== undefined ||
      input.witnessUtxo === undefined
        ? undefined
        : remark(input, 'A coin without a witness has a witness_utxo.'),
    ),
  },
  {
    id: 'input-not-ours',
    severity: 'block',
    finds: 'the coin is not the policy’s at the place that all its key paths name, key by key',
    source: 'Ledger, external inputs; a payjoin partner could pay with our signature',
    judge: eachInput((input) => {
      const { claim, previous } = input;
      if (
        previous.state !== 'proven' ||
        input.own !== undefined ||
        claim.state === 'other-network'
      ) {
        return undefined;
      }
      const reason =
        claim.state === 'disagree'
          ? `${claim.reason}.`
          : claim.state === 'none'
            ? 'it carries no key path of the policy.'
            : 'the policy has another script at the claimed path.';
      return remark(input, `This coin is not proven to belong to the policy: ${reason}`, {
        actual: scriptText(previous.spent.script),
        ...(claim.state === 'place' ? { expected: scriptText(claim.script.scriptPubKey) } : {}),
      });
    }),
  },
  {
    id: 'input-final',
    severity: 'block',
    finds: 'an input is final already',
    source: 'BIP-174, Finalizer; a final witness says nothing of who signed it',
    judge: eachInput((input) =>
      input.isFinal
        ? remark(input, 'This input is already final; there is nothing left to sign.')
        : undefined,
    ),
  },
  {
    id: 'input-uneconomic',
    severity: 'note',
    finds: 'a coin is worth less than it costs to spend at this rate',
    source: 'dust sent to be spent together with other coins (Sparrow)',
    judge: eachInput((input, { scripts, feeRate, limits }) => {
      // A rate that is warned of would make every coin look small.
      if (input.amount === undefined || feeRate === undefined || feeRate > limits.warn.feeRate)
        return undefined;
      const cost = (feeRate * BigInt(inputWeight(scripts.policy))) / 4000n;
      return input.amount >= cost
        ? undefined
        : remark(input, 'This coin costs more to spend than it is worth.', {
            expected: `at least ${amountText(cost)}`,
            actual: amountText(input.amount),
          });
    }),
  },
];

function remark(
  { outpoint }: InputEvidence,
  message: string,
  facts: ErrorDetails = {},
): Omit<Observation, 'where'> {
  return { message, facts: { outpoint: formatOutpoint(outpoint), ...facts } };
}

function previousIs(state: PreviousOutput['state'], message: string): Rule['judge'] {
  return eachInput((input) =>
    input.previous.state === state ? remark(input, message) : undefined,
  );
}
