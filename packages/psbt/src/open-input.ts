import { psbtError } from './errors.ts';
import { fieldOf, INPUT } from './fields.ts';
import type { PsbtMap } from './record.ts';
import { SIGHASH } from './sighash.ts';

/** True if an input map holds a final scriptSig or witness: no signer has anything to do there. */
export const isFinal = (map: PsbtMap): boolean =>
  map.some(
    ({ type }) => type === INPUT.finalScriptSig.type || type === INPUT.finalScriptWitness.type,
  );

/**
 * An input that may be signed and finalised with ALL: it is not final, and does not ask for another
 * sighash type (BIP-174 has Signer and Finalizer fail on a type that they do not use).
 * @throws `PSBT_ALREADY_FINAL`, `PSBT_SIGHASH_TYPE`
 */
export const checkOpen = (map: PsbtMap, where: string): void => {
  if (isFinal(map)) {
    throw psbtError('PSBT_ALREADY_FINAL', `${where} is final.`, { map: where.toLowerCase() });
  }
  const type = fieldOf(map, INPUT.sighashType) ?? SIGHASH.all;
  if (type === SIGHASH.all) return;
  throw psbtError('PSBT_SIGHASH_TYPE', `${where} asks for the sighash type ${type}.`, {
    map: where.toLowerCase(),
    expected: SIGHASH.all,
    actual: type,
  });
};
