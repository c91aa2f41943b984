import { type Network, networkNames } from '@qoima/primitives';
import * as v from 'valibot';
import { type Cosigner, formatCosignerKey, parseCosignerKey } from './cosigner.ts';
import { parseJsonFile } from './json-file.ts';
import { checkCosigner } from './wallet-policy.ts';

const FORMAT = 'qoima-key/1';

const keyRecord = v.strictObject({
  format: v.literal(FORMAT),
  name: v.string(),
  network: v.picklist(networkNames),
  key: v.string(),
});

/** A cosigner's public key on its way from a station to the coordinator. */
export interface KeyRecord {
  readonly network: Network;
  readonly cosigner: Cosigner;
}

/** The record as `qoima-key/1`: JSON of one layout. */
export const encodeKeyRecord = ({ network, cosigner }: KeyRecord): string => {
  const file: v.InferOutput<typeof keyRecord> = {
    format: FORMAT,
    name: cosigner.name,
    network,
    key: formatCosignerKey(cosigner),
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
};

/**
 * Reads a key record; `what` names it in errors, its file for example. Nothing in it proves who made it: compare the policy's id on every station.
 * @throws `POLICY_FILE_INVALID`, and what `parseCosignerKey` and `checkCosigner` throw
 */
export const decodeKeyRecord = (text: string, what = 'The key record'): KeyRecord => {
  const { name, network, key } = parseJsonFile(keyRecord, text, what);
  const cosigner = { name, ...parseCosignerKey(key) };
  checkCosigner(cosigner, network);
  return { network, cosigner };
};
