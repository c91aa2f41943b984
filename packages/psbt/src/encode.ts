import {
  type ByteWriter,
  byteWriter,
  compactSizeLength,
  formatBase64,
  writeBytes,
  writeCompactSize,
  writeUint8,
  writeVarBytes,
} from '@qoima/primitives';
import { PSBT_MAGIC } from './decode.ts';
import { type Psbt, type PsbtMap, recordLength } from './record.ts';

/**
 * The bytes of a PSBT: its maps as they stand. `transaction` is not looked at; a PSBT whose
 * transaction does not agree with its maps cannot be made by this package's own functions.
 */
export const encodePsbt = (psbt: Psbt): Uint8Array => {
  const maps = [psbt.global, ...psbt.inputs, ...psbt.outputs];
  let length = PSBT_MAGIC.length;
  for (const map of maps) {
    for (const record of map) length += recordLength(record);
    length += 1;
  }
  const writer = byteWriter(length);
  writeBytes(writer, PSBT_MAGIC);
  for (const map of maps) writeMap(writer, map);
  return writer.bytes;
};

/** The text form of BIP-174, for systems that cannot carry bytes. */
export const formatPsbtBase64 = (psbt: Psbt): string => formatBase64(encodePsbt(psbt));

const writeMap = (writer: ByteWriter, map: PsbtMap): void => {
  for (const { type, keyData, value } of map) {
    writeCompactSize(writer, compactSizeLength(type) + keyData.length);
    writeCompactSize(writer, type);
    if (keyData.length > 0) writeBytes(writer, keyData);
    writeVarBytes(writer, value);
  }
  writeUint8(writer, 0);
};
