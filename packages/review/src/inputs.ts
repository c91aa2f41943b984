import { equalBytes, type Finding, formatOutpoint } from '@qoima/primitives';
import { fieldOf, fieldsOf, INPUT } from '@qoima/psbt';
import type { Evidence, InputEvidence } from './evidence.ts';
import { judgeScriptFields } from './script-fields.ts';
import { scriptText } from './script-text.ts';

/** The only sighash type a cosigner of Qoima signs with: all inputs and all outputs (BIP-143). */
const SIGHASH_ALL = 1;

type InputRule = (input: InputEvidence) => readonly Finding[];

/** Every input must be proven to spend the policy's own coin, and nothing else may ride on it. */
export const judgeInputs = (evidence: Evidence): readonly Finding[] => [
  ...repeatedInputs(evidence),
  ...evidence.inputs.flatMap((input) => inputRules.flatMap((rule) => rule(input))),
];

const block = (
  rule: string,
  input: InputEvidence,
  message: string,
  facts: Finding['facts'] = {},
): Finding => ({
  rule,
  severity: 'block',
  where: input.where,
  message,
  facts: { outpoint: formatOutpoint(input.outpoint), ...facts },
});

/** Consensus refuses such a transaction; a signer that counts the coin twice is lied to. */
const repeatedInputs = ({ inputs }: Evidence): readonly Finding[] => {
  const seen = new Set<string>();
  return inputs.flatMap((input) => {
    const outpoint = formatOutpoint(input.outpoint);
    if (seen.has(outpoint))
      return [block('input-repeated', input, 'This coin is spent twice in one transaction.')];
    seen.add(outpoint);
    return [];
  });
};

/**
 * BIP-174 lets a segwit input carry `witness_utxo` alone; an amount is then the coordinator's word
 * (CVE-2020-14199). Here the whole previous transaction is wanted, and it must hash to the outpoint.
 */
const previousTransaction: InputRule = (input) => {
  switch (input.previous.state) {
    case 'proven':
      return [];
    case 'missing':
      return [
        block(
          'previous-transaction-missing',
          input,
          'The previous transaction is not in the PSBT, so the amount cannot be proven.',
        ),
      ];
    case 'unreadable':
      return [
        block('previous-transaction-unreadable', input, 'The previous transaction cannot be read.'),
      ];
    case 'no-such-output':
      return [
        block(
          'previous-output-missing',
          input,
          'The previous transaction has no output of the number that is spent.',
        ),
      ];
    case 'other-transaction':
      return [
        block(
          'previous-transaction-mismatch',
          input,
          'The previous transaction in the PSBT is another one than the input spends.',
          { expected: input.outpoint.txid, actual: input.previous.actual },
        ),
      ];
  }
};

/** Both UTXO fields may be there; they may not tell different stories. */
const witnessUtxo: InputRule = (input) => {
  const claimed = fieldOf(input.map, INPUT.witnessUtxo);
  if (claimed === undefined || input.previous.state !== 'proven') return [];
  const { spent } = input.previous;
  const found: Finding[] = [];
  if (claimed.amount !== spent.amount) {
    found.push(
      block(
        'witness-utxo-amount',
        input,
        'The amount in witness_utxo is not the amount of the coin.',
        { expected: spent.amount.toString(), actual: claimed.amount.toString() },
      ),
    );
  }
  if (!equalBytes(claimed.script, spent.script)) {
    found.push(
      block(
        'witness-utxo-script',
        input,
        'The script in witness_utxo is not the script of the coin.',
        { expected: scriptText(spent.script), actual: scriptText(claimed.script) },
      ),
    );
  }
  return found;
};

/** BIP-174: witness_utxo is for witness inputs alone; a signer takes it for the sign of one. */
const witnessUtxoUnfit: InputRule = (input) =>
  input.own === undefined ||
  input.own.witnessScript !== undefined ||
  fieldOf(input.map, INPUT.witnessUtxo) === undefined
    ? []
    : [block('witness-utxo-unfit', input, 'A coin without a witness has a witness_utxo.')];

const ownership: InputRule = (input) => {
  if (input.previous.state !== 'proven' || input.own !== undefined) return [];
  const reason =
    input.claim.state === 'disagree'
      ? `${input.claim.reason}.`
      : input.claim.state === 'none'
        ? 'it carries no key path of the policy.'
        : 'the policy has another script at the claimed path.';
  return [
    block('input-not-ours', input, `This coin is not proven to belong to the policy: ${reason}`, {
      actual: scriptText(input.previous.spent.script),
      ...(input.claim.state === 'place'
        ? { expected: scriptText(input.claim.script.scriptPubKey) }
        : {}),
    }),
  ];
};

const scriptFields: InputRule = ({ where, map, own }) =>
  judgeScriptFields(
    where,
    {
      redeemScript: fieldOf(map, INPUT.redeemScript),
      witnessScript: fieldOf(map, INPUT.witnessScript),
    },
    own,
  );

/** Asked for, or already carried by a signature: anything but ALL lets someone change the spend. */
const sighash: InputRule = (input) => {
  const asked = fieldOf(input.map, INPUT.sighashType) ?? SIGHASH_ALL;
  const carried = fieldsOf(input.map, INPUT.partialSignature).map(({ value }) => value.at(-1) ?? 0);
  const other = [asked, ...carried].find((type) => type !== SIGHASH_ALL);
  return other === undefined
    ? []
    : [
        block(
          'sighash-not-all',
          input,
          'A signature type other than SIGHASH_ALL is asked for or carried.',
          {
            expected: hexNumber(SIGHASH_ALL),
            actual: hexNumber(other),
          },
        ),
      ];
};

const hexNumber = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;

const alreadyFinal: InputRule = (input) =>
  fieldOf(input.map, INPUT.finalScriptSig) === undefined &&
  fieldOf(input.map, INPUT.finalScriptWitness) === undefined
    ? []
    : [block('input-final', input, 'This input is already final; there is nothing left to sign.')];

const inputRules: readonly InputRule[] = [
  previousTransaction,
  witnessUtxo,
  witnessUtxoUnfit,
  ownership,
  scriptFields,
  sighash,
  alreadyFinal,
];
