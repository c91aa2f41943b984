/** Where another library takes what Qoima refuses, or the other way round, and why we do not follow. */
export interface Disagreement {
  readonly library: 'bitcoinjs-lib' | '@scure/btc-signer';
  /** What they do and Qoima does not. */
  readonly does: 'takes' | 'refuses';
  readonly subject: string;
  /** For what they take our code, for what they refuse their message. */
  readonly what: RegExp;
  readonly because: string;
}

/** Of parsing alone; the tables of `docs/fuzzing.md` have the same rows. */
export const parserDisagreements: readonly Disagreement[] = [
  {
    library: 'bitcoinjs-lib',
    does: 'takes',
    subject: 'bytes after the last map',
    what: /^PSBT_TRAILING_BYTES$/,
    because: 'It reads on for empty maps after the last, since it writes them itself.',
  },
  {
    library: 'bitcoinjs-lib',
    does: 'takes',
    subject: 'fields whose value has not their shape',
    what: /^PSBT_FIELD_INVALID$/,
    because:
      'It does not look into previous transactions, proprietary keys and fields younger than it is.',
  },
  {
    library: 'bitcoinjs-lib',
    does: 'takes',
    subject: 'fields of version 2 in version 0',
    what: /^PSBT_FIELD_FORBIDDEN$/,
    because: 'It does not know version 2, whose fields version 0 excludes (BIP-370).',
  },
  {
    library: 'bitcoinjs-lib',
    does: 'takes',
    subject: 'versions that do not exist',
    what: /^PSBT_VERSION_UNKNOWN$/,
    because: 'It does not read PSBT_GLOBAL_VERSION.',
  },
  {
    library: 'bitcoinjs-lib',
    does: 'takes',
    subject: 'amounts out of range',
    what: /^PSBT_AMOUNT_OUT_OF_RANGE$/,
    because: 'It takes any 64 bits for an amount.',
  },
  {
    library: 'bitcoinjs-lib',
    does: 'takes',
    subject: 'lengths that are not in their shortest form',
    what: /^PSBT_(NON_CANONICAL|TRUNCATED)$/,
    because: 'It takes lengths that are not in their shortest form.',
  },
  {
    library: 'bitcoinjs-lib',
    does: 'takes',
    subject: 'coins spent twice, fields missing, inputs signed',
    what: /^PSBT_(DUPLICATE_INPUT|FIELD_MISSING|ALREADY_SIGNED)$/,
    because: 'It checks less of the transaction when it reads than when it signs.',
  },
  {
    library: '@scure/btc-signer',
    does: 'takes',
    subject: 'an empty map after the last',
    what: /^PSBT_TRAILING_BYTES$/,
    because: 'It allows one empty map after the last, as bitcoinjs-lib writes it.',
  },
  {
    library: '@scure/btc-signer',
    does: 'takes',
    subject: 'amounts out of range',
    what: /^PSBT_AMOUNT_OUT_OF_RANGE$/,
    because: 'It takes amounts above 21 million bitcoin.',
  },
  {
    library: '@scure/btc-signer',
    does: 'takes',
    subject: 'coins spent twice, fields whose value has not their shape',
    what: /^PSBT_(DUPLICATE_INPUT|FIELD_INVALID)$/,
    because: 'It checks less of the transaction when it reads than when it signs.',
  },
  {
    library: 'bitcoinjs-lib',
    does: 'refuses',
    subject: 'transactions without inputs',
    what: /bounds of Uint8Array|Only one UNSIGNED_TX allowed/,
    because: 'It takes a transaction without inputs for one with a witness; BIP-174 has none here.',
  },
  {
    library: 'bitcoinjs-lib',
    does: 'refuses',
    subject: 'proofs of reserves, taproot leaves with another version',
    what: /Invalid input key|tapLeafScript|Decode Error|Format Error|Data/,
    because: 'It looks into fields that Qoima only hands on: proofs of reserves, taproot leaves.',
  },
  {
    library: '@scure/btc-signer',
    does: 'refuses',
    subject: 'fields that contradict each other',
    what: /wrong txid|different from nonWitnessUtxo|tapLeafScript|empty finalScriptWitness/,
    because: 'It holds fields against each other when it reads; here the roles and the review do.',
  },
  {
    library: '@scure/btc-signer',
    does: 'refuses',
    subject: 'keys that are no points',
    what: /square root|bad point/,
    because: 'It checks that every key is a point; here the roles do, of the keys they use.',
  },
  {
    library: '@scure/btc-signer',
    does: 'refuses',
    subject: 'fields of BIP-353, 375 and 376',
    what: /^PSBT: Non-empty key for|^Reader\(|^Writer\(|is not allowed/,
    because: 'It reads fields of later BIPs (353, 375, 376), which Qoima hands on unread.',
  },
];

/** The row that explains it; undefined for something new. */
export const knownDisagreement = (
  library: Disagreement['library'],
  does: Disagreement['does'],
  what: string,
): Disagreement | undefined =>
  parserDisagreements.find(
    (row) => row.library === library && row.does === does && row.what.test(what),
  );
