import { INPUT } from './fields.ts';
import type { PsbtMap } from './record.ts';

/** True if an input map holds a final scriptSig or witness: no signer has anything to do there. */
export const isFinal = (map: PsbtMap): boolean =>
  map.some(
    ({ type }) => type === INPUT.finalScriptSig.type || type === INPUT.finalScriptWitness.type,
  );
