import { GLOBAL, INPUT, OUTPUT, type PsbtMap } from '@qoima/psbt';
import type { Evidence } from './evidence.ts';
import type { Observation } from './rule.ts';

/**
 * Fields that nothing here reads: unknown and proprietary ones, and those of other kinds of scripts.
 * They change nothing in the transaction, but somebody put them there.
 */
export const unusedFields = ({ psbt }: Evidence): readonly Observation[] => {
  const found = [unused('global', psbt.global, usedTypes.global, GLOBAL)];
  for (const [at, map] of psbt.inputs.entries())
    found.push(unused(`input ${at}`, map, usedTypes.input, INPUT));
  for (const [at, map] of psbt.outputs.entries())
    found.push(unused(`output ${at}`, map, usedTypes.output, OUTPUT));
  return found.filter((observation) => observation !== undefined);
};

interface FieldName {
  readonly name: string;
  readonly type: number;
}

const typesOf = (...fields: readonly FieldName[]): ReadonlySet<number> =>
  new Set(fields.map(({ type }) => type));

/** What a spend of a multisig policy is made of. */
const usedTypes = {
  global: typesOf(
    GLOBAL.unsignedTransaction,
    GLOBAL.extendedKey,
    GLOBAL.transactionVersion,
    GLOBAL.fallbackLockTime,
    GLOBAL.inputCount,
    GLOBAL.outputCount,
    GLOBAL.modifiable,
    GLOBAL.version,
  ),
  input: typesOf(
    INPUT.nonWitnessUtxo,
    INPUT.witnessUtxo,
    INPUT.partialSignature,
    INPUT.sighashType,
    INPUT.redeemScript,
    INPUT.witnessScript,
    INPUT.derivation,
    INPUT.finalScriptSig,
    INPUT.finalScriptWitness,
    INPUT.previousTxid,
    INPUT.outputIndex,
    INPUT.sequence,
    INPUT.requiredTime,
    INPUT.requiredHeight,
  ),
  output: typesOf(
    OUTPUT.redeemScript,
    OUTPUT.witnessScript,
    OUTPUT.derivation,
    OUTPUT.amount,
    OUTPUT.script,
  ),
} as const;

/** So many kinds of fields are named in one map; the rest is told as a number. */
const NAMED_FIELDS = 5;

const unused = (
  where: string,
  map: PsbtMap,
  used: ReadonlySet<number>,
  table: Readonly<Record<string, FieldName>>,
): Observation | undefined => {
  if (map.every(({ type }) => used.has(type))) return undefined;
  const types = [...new Set(map.map(({ type }) => type))]
    .filter((type) => !used.has(type))
    .sort((a, b) => a - b);
  const names = types.slice(0, NAMED_FIELDS).map((type) => nameOf(type, table));
  const others = types.length - names.length;
  return {
    where,
    message: 'There are fields here that say nothing to Qoima.',
    facts: {
      expected: 'none',
      actual: others === 0 ? names.join(', ') : `${names.join(', ')} and ${others} more`,
    },
  };
};

const nameOf = (type: number, table: Readonly<Record<string, FieldName>>): string =>
  Object.values(table).find((field) => field.type === type)?.name ??
  `type 0x${type.toString(16).padStart(2, '0')}`;
