import type { PolicyScripts } from '@qoima/policy';
import { equalBytes } from '@qoima/primitives';
import { assemblePsbt } from './assemble.ts';
import { checkSignature } from './check-signature.ts';
import { type Field, GLOBAL, INPUT, OUTPUT } from './fields.ts';
import { matchPolicy, type PolicyMatch } from './match-policy.ts';
import {
  type PartialSignature,
  partialSignaturesOf,
  signatureFor,
  withSignatures,
} from './partial-signature.ts';
import { compareKeys, type Psbt, type PsbtMap, type PsbtRecord } from './record.ts';
import { checkSameTransaction } from './same-transaction.ts';
import { type SignatureHashes, signatureHashes } from './signature-hashes.ts';

export interface TakenSignature extends PartialSignature {
  /** The name of the cosigner. */
  readonly cosigner: string;
}

export interface RefusedSignature {
  readonly inputIndex: number;
  readonly publicKey: Uint8Array;
  /** Missing if the key is none of the policy's at this input. */
  readonly cosigner?: string;
  /** As of `checkSignature`. */
  readonly code: string;
  readonly message: string;
}

/** Something that came back and was left where it was. */
export interface IgnoredRecord {
  /** `global`, `input 3`, `output 0` … */
  readonly map: string;
  /** The BIP's name of the field, or its type in hex. */
  readonly field: string;
  /**
   * `already-held`: we have the same signature. `another-is-held`: a good signature, but we already
   * have another good one of the same key (ECDSA allows many); the first stays. `not-a-signature`:
   * a field that we did not send, or not so.
   */
  readonly reason: 'already-held' | 'another-is-held' | 'not-a-signature';
  readonly cosigner?: string;
}

export interface SignatureIntake {
  /** `base` with the signatures taken. */
  readonly psbt: Psbt;
  readonly taken: readonly TakenSignature[];
  readonly refused: readonly RefusedSignature[];
  readonly ignored: readonly IgnoredRecord[];
}

/**
 * Takes in what a station sends back, and trusts none of it. `base` is our own stored PSBT: the
 * transaction, the amounts and the scripts are its alone, matched against the policy anew. Of `returned`,
 * of either version, only partial signatures are looked at, each judged alone: good ones are taken, bad
 * ones named and left out, and neither touches the other. Everything else in the file is reported and
 * ignored, final scripts too. `base` itself is not changed.
 *
 * @throws `PSBT_TRANSACTION_DIFFERS` if the file is of another spend, and as `matchPolicy` for `base`
 */
export const takeSignatures = (
  base: Psbt,
  returned: Psbt,
  scripts: PolicyScripts,
): SignatureIntake => {
  checkSameTransaction(base.transaction, returned.transaction, 'The returned PSBT');
  const match = matchPolicy(base, scripts);
  const intake: Intake = {
    match,
    hashes: signatureHashes(match),
    taken: [],
    refused: [],
    ignored: [],
  };
  for (const [index, map] of returned.inputs.entries()) {
    for (const signature of partialSignaturesOf(map, index)) {
      judge(intake, signature, base.inputs[index] ?? []);
    }
  }
  ignoreTheRest(intake, base, returned);
  const { taken, refused, ignored } = intake;
  return { psbt: withSignatures(base, taken), taken, refused, ignored };
};

interface Intake {
  readonly match: PolicyMatch;
  readonly hashes: SignatureHashes;
  readonly taken: TakenSignature[];
  readonly refused: RefusedSignature[];
  readonly ignored: IgnoredRecord[];
}

const judge = (intake: Intake, signature: PartialSignature, held: PsbtMap): void => {
  const { inputIndex, publicKey } = signature;
  const ignore = (reason: IgnoredRecord['reason'], cosigner?: string): void => {
    const field = INPUT.partialSignature.name;
    const where = { map: `input ${inputIndex}`, field, reason };
    intake.ignored.push(cosigner === undefined ? where : { ...where, cosigner });
  };
  const first = signatureFor(held, publicKey);
  // What we hold was judged when it came in.
  if (first !== undefined && equalBytes(first, signature.signature)) return ignore('already-held');
  const verdict = checkSignature(signature, intake.match, intake.hashes);
  if (!verdict.good) {
    const { code, message } = verdict.error;
    const { cosigner } = verdict;
    const refused = { inputIndex, publicKey, code, message };
    intake.refused.push(cosigner === undefined ? refused : { ...refused, cosigner });
  } else if (first !== undefined) {
    ignore('another-is-held', verdict.cosigner);
  } else {
    intake.taken.push({ ...signature, cosigner: verdict.cosigner });
  }
};

/** Names every record that is not as we sent it. What only says the transaction was compared already. */
const ignoreTheRest = (intake: Intake, base: Psbt, returned: Psbt): void => {
  const { version, transaction, global, inputs, outputs } =
    returned.version === base.version
      ? returned
      : assemblePsbt(base.version, returned.transaction, returned);
  if (version !== base.version || transaction.inputs.length !== base.inputs.length) {
    throw new Error('both are of one version and one transaction by now');
  }
  const compare = (sent: PsbtMap, back: PsbtMap, map: string, table: FieldTable): void => {
    for (const record of back) {
      if (table === INPUT && record.type === INPUT.partialSignature.type) continue;
      if (sent.some((own) => isSameRecord(own, record))) continue;
      intake.ignored.push({ map, field: fieldName(table, record), reason: 'not-a-signature' });
    }
  };
  compare(base.global, global, 'global', GLOBAL);
  for (const [i, map] of inputs.entries()) compare(base.inputs[i] ?? [], map, `input ${i}`, INPUT);
  for (const [i, map] of outputs.entries()) {
    compare(base.outputs[i] ?? [], map, `output ${i}`, OUTPUT);
  }
};

type FieldTable = typeof GLOBAL | typeof INPUT | typeof OUTPUT;

const isSameRecord = (a: PsbtRecord, b: PsbtRecord): boolean =>
  compareKeys(a, b) === 0 && equalBytes(a.value, b.value);

const fieldName = (table: FieldTable, { type }: PsbtRecord): string => {
  const rows: readonly Pick<Field<unknown, unknown>, 'name' | 'type'>[] = Object.values(table);
  return rows.find((row) => row.type === type)?.name ?? `0x${type.toString(16).padStart(2, '0')}`;
};
