export {
  checkSats,
  formatBtc,
  MAX_SATS,
  parseBtc,
  parseSats,
  type Sats,
  sumSats,
} from './amount.ts';
export {
  type ByteReader,
  byteReader,
  readBytes,
  readCompactSize,
  readInt32,
  readUint8,
  readUint16,
  readUint32,
  readUint64,
} from './byte-reader.ts';
export {
  type ByteWriter,
  byteWriter,
  compactSizeLength,
  writeBytes,
  writeCompactSize,
  writeUint8,
  writeUint16,
  writeUint32,
  writeUint64,
  writeVarBytes,
  writtenBytes,
} from './byte-writer.ts';
export {
  compareBytes,
  concatBytes,
  equalBytes,
  excerpt,
  formatBase64,
  formatHex,
  formatUtf8,
  indexOfBytes,
  parseBase64,
  parseHex,
  parseUtf8,
} from './bytes.ts';
export { canonicalJson, hashJson } from './canonical-json.ts';
export { formatDate } from './date.ts';
export {
  type ErrorDetails,
  type ErrorKind,
  type ErrorMaker,
  type ErrorRow,
  type ErrorTable,
  errorMaker,
  isQoimaError,
  type JsonValue,
  QoimaError,
  withPlace,
} from './error.ts';
export { primitivesErrors } from './errors.ts';
export { type FeeRate, feeForVsize, feeRateOf, formatFeeRate, parseFeeRate } from './fee-rate.ts';
export type { Finding, Severity } from './finding.ts';
export { hash160, hash256, hmacSha512, sha256 } from './hash.ts';
export {
  type Network,
  type NetworkParameters,
  networkNames,
  networks,
  parseNetwork,
} from './network.ts';
export {
  formatOutpoint,
  formatTxid,
  type Outpoint,
  parseOutpoint,
  parseTxid,
  type Txid,
} from './outpoint.ts';
export { hasRepeatedMember } from './repeated-member.ts';
