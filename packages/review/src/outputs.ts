import { formatHex } from '@qoima/primitives';
import { isTaprootKey } from '@qoima/psbt';
import type { Evidence, OutputEvidence } from './evidence.ts';
import { eachOutput, type Rule } from './rule.ts';
import { dustLimit, scriptKind } from './script-kind.ts';
import { scriptText } from './script-text.ts';

/** What a Ledger streams without refusing (its app, `sign_psbt.c`). */
const MAX_CHANGE_OUTPUTS = 10;
const MAX_SCRIPT_BYTES = 83;
/** No wallet gets so far; a search of so many addresses is a matter of minutes. */
const MAX_USED_INDEX = 1_000_000;

/** Change must be proven; what is not proven is a payment, and a payment that claims to be change is a lie. */
export const outputRules: readonly Rule[] = [
  {
    id: 'change-not-proven',
    severity: 'block',
    finds: 'an output has key paths and does not pay the policy’s script there',
    source: 'change substitution: Trezor 2019, trezor 4351, SeedSigner 1032',
    judge: eachOutput(({ claim, own, script }) => {
      if (own !== undefined || claim.state === 'none' || claim.state === 'other-network')
        return undefined;
      return claim.state === 'disagree'
        ? {
            message: `This output claims to be the policy's own, but ${claim.reason}.`,
            facts: { actual: scriptText(script) },
          }
        : {
            message: "This output claims to be the policy's own, but it pays another script.",
            facts: {
              expected: scriptText(claim.script.scriptPubKey),
              actual: scriptText(script),
            },
          };
    }),
  },
  {
    id: 'change-index-far',
    severity: 'warn',
    finds: 'change goes further beyond the highest index among the inputs than the policy’s window',
    source: 'ransom at an index that nobody will search; Coldcard',
    // A warning: a wallet that has spent often may hold nothing but old coins with low indices.
    judge: (evidence) => {
      const last = highestIndex(evidence) + evidence.limits.changeWindow;
      return changeOf(evidence)
        .filter(({ index }) => index > last)
        .map(({ where, index }) => ({
          where,
          message: 'The change goes to an address number far beyond those in use.',
          facts: { expected: `at most ${last}`, actual: index },
        }));
    },
  },
  {
    id: 'change-count',
    severity: 'block',
    finds: `there are more than ${MAX_CHANGE_OUTPUTS} change outputs`,
    source: 'Ledger, error 0009',
    judge: (evidence) => {
      const { length } = changeOf(evidence);
      return length <= MAX_CHANGE_OUTPUTS
        ? []
        : [
            {
              where: 'transaction',
              message: 'There are more change outputs than a Ledger takes.',
              facts: { expected: `at most ${MAX_CHANGE_OUTPUTS}`, actual: length },
            },
          ];
    },
  },
  {
    id: 'output-own-receive',
    severity: 'note',
    finds: 'a receive address of the policy is paid, and says so',
    source: 'Ledger shows it as a payment (app-bitcoin 109)',
    judge: eachOutput(({ own, script }) =>
      own?.branch === 'receive'
        ? {
            message: 'This pays a receive address of the policy itself.',
            facts: { index: own.index, actual: scriptText(script) },
          }
        : undefined,
    ),
  },
  {
    id: 'output-own-undeclared',
    severity: 'note',
    finds: 'the address of a coin that is spent is paid again, and does not say so',
    source: 'change without its key paths is shown as a payment',
    judge: (evidence) => {
      const undeclared = evidence.outputs.filter(({ claim }) => claim.state === 'none');
      if (undeclared.length === 0) return [];
      const spent = new Set(
        evidence.inputs.flatMap(({ own }) =>
          own === undefined ? [] : [formatHex(own.scriptPubKey)],
        ),
      );
      return undeclared
        .filter(({ script }) => spent.has(formatHex(script)))
        .map(({ where, script }) => ({
          where,
          message: 'This pays an address of the policy again, as if it were somebody else’s.',
          facts: { actual: scriptText(script) },
        }));
    },
  },
  {
    id: 'output-script-long',
    severity: 'block',
    finds: `a scriptPubKey has more than ${MAX_SCRIPT_BYTES} bytes`,
    source: 'Ledger signs none; no address is longer than 42',
    judge: eachOutput((output) =>
      isLong(output) ? remark(output, 'No Ledger pays to a script of this length.') : undefined,
    ),
  },
  {
    id: 'output-burnt',
    severity: 'block',
    finds: 'an amount goes to OP_RETURN, or to a taproot key that is no point of the curve',
    source: 'Bitcoin Core’s `maxburnamount`; BIP-341, BIP-340 (lift_x)',
    judge: eachOutput((output) =>
      !isLong(output) && isUnspendable(output) && output.amount > 0n
        ? remark(output, 'This amount goes to an output that nobody can ever spend.')
        : undefined,
    ),
  },
  {
    id: 'output-op-return',
    severity: 'warn',
    finds: 'an output is data (OP_RETURN)',
    source: 'Coldcard',
    judge: eachOutput((output) =>
      !isLong(output) && isData(output) && output.amount === 0n
        ? remark(output, 'This output is data that everybody will read.')
        : undefined,
    ),
  },
  {
    id: 'output-zero',
    severity: 'block',
    finds: 'an output that is no data pays nothing',
    source: 'Coldcard; no node relays it',
    judge: eachOutput((output) =>
      output.amount === 0n && !isData(output) && !isLong(output)
        ? remark(output, 'This output pays nothing.')
        : undefined,
    ),
  },
  {
    id: 'output-unknown-script',
    severity: 'warn',
    finds: 'a script has no form in use',
    source: 'Sparrow; anybody may be able to spend it',
    judge: eachOutput((output) =>
      scriptKind(output.script) === 'unknown' && output.amount > 0n && !isLong(output)
        ? remark(output, 'This output has no address of a kind in use.')
        : undefined,
    ),
  },
  {
    id: 'output-dust',
    severity: 'warn',
    finds: 'an amount is below what nodes relay for its kind of script',
    source: 'Bitcoin Core’s dust relay fee of 3 sat/vB; Liana',
    judge: eachOutput((output) =>
      output.amount > 0n &&
      output.amount < dustLimit(output.script) &&
      !isData(output) &&
      scriptKind(output.script) !== 'unknown'
        ? remark(output, 'This amount is dust: no node relays such a transaction.')
        : undefined,
    ),
  },
];

interface ChangeOutput {
  readonly where: string;
  readonly index: number;
}

const changeOf = ({ outputs }: Evidence): readonly ChangeOutput[] =>
  outputs.flatMap(({ own, where }) =>
    own?.branch === 'change' ? [{ where, index: own.index }] : [],
  );

/** Anybody can pay dust to an address number as far as they like, and have it spent. */
const highestIndex = ({ inputs }: Evidence): number =>
  inputs.reduce((most, { own }) => Math.max(most, Math.min(own?.index ?? 0, MAX_USED_INDEX)), 0);

const isLong = ({ script }: OutputEvidence): boolean => script.length > MAX_SCRIPT_BYTES;

const isData = ({ script }: OutputEvidence): boolean => scriptKind(script) === 'op-return';

/** What a P2TR script pushes after OP_1 and the length is the x of its key (BIP-341). */
const isUnspendable = (output: OutputEvidence): boolean =>
  isData(output) ||
  (scriptKind(output.script) === 'p2tr' && !isTaprootKey(output.script.subarray(2)));

const remark = (
  { amount, script }: OutputEvidence,
  message: string,
): {
  readonly message: string;
  readonly facts: { readonly amountSats: string; readonly script: string };
} => ({ message, facts: { amountSats: amount.toString(), script: scriptText(script) } });
