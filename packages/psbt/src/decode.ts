import {
  type ByteReader,
  byteReader,
  compareBytes,
  formatHex,
  isQoimaError,
  readBytes,
  readCompactSize,
} from '@qoima/primitives';
import { transactionOf } from './assemble.ts';
import { checkMap, unfit } from './check-map.ts';
import { refuseDuplicateInputs, refuseMissingOutputs } from './check-outpoints.ts';
import { psbtError } from './errors.ts';
import { type Field, fieldOf, GLOBAL } from './fields.ts';
import { amountError, at, misfit, offsetOf, type Place, spot } from './map-place.ts';
import type { Psbt, PsbtMap, PsbtRecord, PsbtVersion } from './record.ts';
import type { UnsignedTransaction } from './transaction.ts';
import { MAX_INPUTS, MAX_OUTPUTS } from './transaction-reader.ts';

/** No file above this is read as a PSBT; check a file's size against it before reading it. */
export const MAX_PSBT_BYTES = 50_000_000;

/**
 * Records and maps together: five times what the largest transaction that nodes relay can need. With it a
 * file costs at most some 50 MB of memory beyond its own bytes, whatever it holds.
 */
const maxRecords = 100_000;

/** `psbt` and 0xff: BIP-174's magic bytes. */
export const PSBT_MAGIC: Uint8Array = Uint8Array.of(0x70, 0x73, 0x62, 0x74, 0xff);

/**
 * Reads a PSBT of version 0 (BIP-174) or 2 (BIP-370), strictly: every known field in its shape and in
 * its version, no key twice, nothing missing, nothing left over, no coin spent twice. Linear in the
 * size (n log n in a map whose keys are not in order). `encodePsbt` gives the same bytes back. The
 * result holds views of `file`, which must not be written to afterwards.
 *
 * Not checked here: that public keys of ECDSA fields are points, that previous transactions are the
 * ones spent, scripts, signatures, sums of amounts. The roles check what they rely on.
 *
 * @throws every code of `psbtErrors` that speaks of a PSBT; `details` has `map` (`global`, `input 3`,
 * `output 0`) and `offset`, the byte in the file.
 */
export const decodePsbt = (file: Uint8Array): Psbt => {
  if (file.length > MAX_PSBT_BYTES) {
    throw psbtError('PSBT_TOO_LARGE', `The PSBT has ${file.length} bytes.`, {
      expected: MAX_PSBT_BYTES,
      actual: file.length,
    });
  }
  if (compareBytes(file.subarray(0, 5), PSBT_MAGIC) !== 0) {
    throw psbtError('PSBT_NOT_A_PSBT', 'The bytes do not begin with the magic of a PSBT.', {
      offset: 0,
      expected: formatHex(PSBT_MAGIC),
      actual: formatHex(file.subarray(0, 5)),
    });
  }
  // A plain array even of a Buffer, whose views would be Buffers too.
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.length);
  const source: Source = {
    reader: byteReader(bytes),
    buffer: bytes.buffer,
    base: bytes.byteOffset,
    records: 0,
  };
  source.reader.offset = PSBT_MAGIC.length;

  const globalPlace: Place = { kind: 'global', index: 0, start: source.reader.offset };
  const global = readMap(source, globalPlace);
  const version = versionOf(global, globalPlace);
  checkMap(global, version, globalPlace);

  const unsigned = version === 0 ? unsignedTransactionOf(global, globalPlace) : undefined;
  const counts = unsigned
    ? { inputs: unsigned.inputs.length, outputs: unsigned.outputs.length }
    : countsOf(global, globalPlace, source.reader);
  const inputs = readMaps(source, 'input', counts.inputs, version);
  const outputs = readMaps(source, 'output', counts.outputs, version);

  const { offset } = source.reader;
  if (offset < bytes.length) {
    throw psbtError(
      'PSBT_TRAILING_BYTES',
      `After the last map, at byte ${offset}, ${bytes.length - offset} more bytes follow.`,
      { offset, expected: offset, actual: bytes.length },
    );
  }
  const transaction = unsigned ?? transactionOf(global, inputs, outputs);
  refuseDuplicateInputs(transaction);
  refuseMissingOutputs(transaction, inputs);
  return { version, global, inputs, outputs, transaction };
};

/** What is being read, and how many records and maps came of it so far. */
interface Source {
  readonly reader: ByteReader;
  /** The memory under the reader, and where in it the file begins. */
  readonly buffer: ArrayBufferLike;
  readonly base: number;
  records: number;
}

const noKeyData = new Uint8Array();
const noRecords: PsbtMap = [];

const readMaps = (
  source: Source,
  kind: 'input' | 'output',
  count: number,
  version: PsbtVersion,
): readonly PsbtMap[] => {
  const maps: PsbtMap[] = [];
  for (let index = 0; index < count; index++) {
    const place: Place = { kind, index, start: source.reader.offset };
    const map = readMap(source, place);
    checkMap(map, version, place);
    maps.push(map);
  }
  return maps;
};

const readMap = (source: Source, place: Place): PsbtMap => {
  const { reader } = source;
  const records: PsbtRecord[] = [];
  let start = reader.offset;
  try {
    for (;;) {
      start = reader.offset;
      const keyLength = readCompactSize(reader);
      if (keyLength === 0) {
        countOne(source, place, start);
        return records.length === 0 ? noRecords : records;
      }
      const keyEnd = reader.offset + keyLength;
      const type = readCompactSize(reader);
      if (reader.offset > keyEnd) throw misfit(place, start, 'A key ends within its type');
      const keyData = reader.offset === keyEnd ? noKeyData : take(source, keyEnd - reader.offset);
      records.push({ type, keyData, value: take(source, readCompactSize(reader)) });
      countOne(source, place, start);
    }
  } catch (error) {
    throw located(error, place, start);
  }
};

/** One more record or map. */
const countOne = (source: Source, place: Place, offset: number): void => {
  if (++source.records <= maxRecords) return;
  throw psbtError('PSBT_TOO_LARGE', `The PSBT has more than ${maxRecords} records and maps.`, {
    ...at(place, offset),
    expected: maxRecords,
  });
};

/** `readBytes` without asking for the buffer each time: the views are most of the work here. */
const take = ({ reader, buffer, base }: Source, length: number): Uint8Array => {
  const { offset } = reader;
  if (length > reader.bytes.length - offset) return readBytes(reader, length);
  reader.offset = offset + length;
  return new Uint8Array(buffer, base + offset, length);
};

/** Errors of the byte reader, in the words of a PSBT. */
const located = (error: unknown, place: Place, start: number): unknown => {
  if (isQoimaError(error, 'BYTES_TRUNCATED')) {
    const details = { ...error.details, ...at(place, start) };
    return psbtError('PSBT_TRUNCATED', `The PSBT ends within ${spot(place, start)}.`, details);
  }
  if (isQoimaError(error, 'BYTES_NON_CANONICAL')) {
    const what = `A length or type is not in its shortest form in ${spot(place, start)}.`;
    return psbtError('PSBT_NON_CANONICAL', what, at(place, start));
  }
  return error;
};

const versionOf = (global: PsbtMap, place: Place): PsbtVersion => {
  const { type, value: codec } = GLOBAL.version;
  const index = global.findIndex((record) => record.type === type);
  const found = global[index];
  if (found === undefined) return 0;
  if (found.keyData.length > 0 || !codec.fits(found.value)) {
    throw unfit(GLOBAL.version, global, index, place);
  }
  const version = codec.decode(found.value);
  if (version === 0 || version === 2) return version;
  const offset = offsetOf(global, index, place);
  throw psbtError(
    'PSBT_VERSION_UNKNOWN',
    `The PSBT is of version ${version}: ${spot(place, offset)}.`,
    {
      ...at(place, offset),
      expected: [0, 2],
      actual: version,
    },
  );
};

const unsignedTransactionOf = (global: PsbtMap, place: Place): UnsignedTransaction => {
  const { name, type, value: codec } = GLOBAL.unsignedTransaction;
  const index = global.findIndex((record) => record.type === type);
  const found = global[index];
  if (found === undefined) throw new Error('the required field was just found');
  try {
    return codec.decode(found.value);
  } catch (error) {
    if (!isQoimaError(error)) throw error;
    const offset = offsetOf(global, index, place);
    const details = { ...at(place, offset), field: name };
    if (error.code === 'PSBT_ALREADY_SIGNED') {
      const input = error.details['input'] as number;
      throw psbtError(
        'PSBT_ALREADY_SIGNED',
        `Input ${input} of ${name} has a scriptSig: ${spot(place, offset)}.`,
        { ...details, input },
      );
    }
    // Read in the old serialisation, the marker and flag of BIP-144 are no inputs and one output.
    const segwit = found.value[4] === 0 && found.value[5] === 1;
    if (error.code === 'PSBT_AMOUNT_OUT_OF_RANGE' && !segwit) {
      throw amountError(name, place, offset);
    }
    const reason = segwit
      ? 'it looks like the serialisation with a witness'
      : (error.details['reason'] as string);
    const what = `The value of ${name} must be ${codec.shape}; ${reason}`;
    throw misfit(place, offset, what, { ...details, reason });
  }
};

/** BIP-370's counts; refused if the rest of the file, or a block, could not hold so many. */
const countsOf = (
  global: PsbtMap,
  place: Place,
  { bytes, offset }: ByteReader,
): { inputs: number; outputs: number } => {
  const left = bytes.length - offset;
  const count = (field: Field<undefined, number>, leastBytes: number, most: number): number => {
    const announced = fieldOf(global, field) as number;
    const possible = Math.min(most, Math.floor(left / leastBytes));
    if (announced <= possible) return announced;
    const index = global.findIndex((record) => record.type === field.type);
    const where = offsetOf(global, index, place);
    throw psbtError(
      'PSBT_COUNT_ABSURD',
      `${field.name} is ${announced}, with room for ${possible} at most: ${spot(place, where)}.`,
      { ...at(place, where), field: field.name, expected: possible, actual: announced },
    );
  };
  // Previous txid (35 bytes) and output index (7), or amount (11) and script (3); and a separator.
  return {
    inputs: count(GLOBAL.inputCount, 43, MAX_INPUTS),
    outputs: count(GLOBAL.outputCount, 15, MAX_OUTPUTS),
  };
};
