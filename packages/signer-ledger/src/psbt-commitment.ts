import {
  byteWriter,
  compactSizeLength,
  compareBytes,
  concatBytes,
  writeBytes,
  writeCompactSize,
  writtenBytes,
} from '@qoima/primitives';
import { assemblePsbt, type Psbt, type PsbtMap } from '@qoima/psbt';
import type { ClientCommands } from './client-commands.ts';

/**
 * What stands for a PSBT in the first APDU of SIGN_PSBT: commitments to its maps as version 2, all
 * made known to `commands`. The same bytes come out of both versions of a PSBT.
 */
export const commitToPsbt = (psbt: Psbt, commands: ClientCommands): Uint8Array => {
  const { global, inputs, outputs } = psbtForDevice(psbt);
  return concatBytes(
    commitToMap(global, commands),
    commitToMaps(inputs, commands),
    commitToMaps(outputs, commands),
  );
};

/**
 * A PSBT as the device is given it, of version 2. One that is of version 2 is put together anew as well: the app
 * takes the fallback lock time as it stands and knows of no required times and heights (BIP-370; read in
 * `sign_psbt.c`), so the lock time of the transaction has to be the fallback.
 */
export const psbtForDevice = (psbt: Psbt): Psbt => assemblePsbt(2, psbt.transaction, psbt);

/** How many maps, and the Merkle root of their commitments. */
const commitToMaps = (maps: readonly PsbtMap[], commands: ClientCommands): Uint8Array =>
  concatBytes(
    compactSize(maps.length),
    commands.addList(maps.map((map) => commitToMap(map, commands))).root,
  );

/** How many records, the Merkle root of their keys, and that of their values in the same order. */
const commitToMap = (map: PsbtMap, commands: ClientCommands): Uint8Array => {
  const records = map
    .map(({ type, keyData, value }) => ({ key: recordKey(type, keyData), value }))
    .sort((a, b) => compareBytes(a.key, b.key));
  return concatBytes(
    compactSize(records.length),
    commands.addList(records.map(({ key }) => key)).root,
    commands.addList(records.map(({ value }) => value)).root,
  );
};

const recordKey = (type: number, keyData: Uint8Array): Uint8Array => {
  const writer = byteWriter(compactSizeLength(type) + keyData.length);
  writeCompactSize(writer, type);
  writeBytes(writer, keyData);
  return writtenBytes(writer);
};

const compactSize = (value: number): Uint8Array => {
  const writer = byteWriter(compactSizeLength(value));
  writeCompactSize(writer, value);
  return writtenBytes(writer);
};
