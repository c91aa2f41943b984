import { assemblePsbt } from './assemble.ts';
import { psbtError } from './errors.ts';
import { fieldOf, GLOBAL } from './fields.ts';
import type { Psbt, PsbtVersion } from './record.ts';

/**
 * The same PSBT in the other version; the transaction, so what signatures commit to, does not change,
 * and every record that is not about the transaction is kept byte for byte. A PSBT that already has
 * the version is returned as it is.
 *
 * From 2 to 0 the lock time is determined as BIP-370 says and then stands in the unsigned transaction;
 * the wishes that it came from (fallback, required times and heights) are spent and go. Version 0
 * cannot say that inputs or outputs may still be added, so a PSBT with any flag of
 * PSBT_GLOBAL_TX_MODIFIABLE set is refused. From 0 to 2 nothing goes and nothing becomes modifiable.
 * @throws `PSBT_NOT_CONVERTIBLE`
 */
export const convertPsbt = (psbt: Psbt, version: PsbtVersion): Psbt => {
  if (psbt.version === version) return psbt;
  const flags = fieldOf(psbt.global, GLOBAL.modifiable) ?? 0;
  if (flags !== 0) {
    throw psbtError(
      'PSBT_NOT_CONVERTIBLE',
      `${GLOBAL.modifiable.name} is ${flags}, and PSBT version 0 cannot carry it.`,
      { map: 'global', field: GLOBAL.modifiable.name, expected: 0, actual: flags },
    );
  }
  return assemblePsbt(version, psbt.transaction, psbt);
};
