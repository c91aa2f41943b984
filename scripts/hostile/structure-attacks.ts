import { concatBytes, parseHex } from '@qoima/primitives';
import {
  assemblePsbt,
  convertPsbt,
  encodePsbt,
  formatPsbtBase64,
  GLOBAL,
  INPUT,
  OUTPUT,
  type Psbt,
  type PsbtRecord,
  record,
} from '@qoima/psbt';
import {
  COIN_STEP,
  editGlobal,
  editInput,
  editOutput,
  editRecords,
  editTransaction,
  hardened,
  originWith,
  put,
  without,
} from '../../packages/review/test/spend.ts';
import { blocked, type HostileCase, noted, unreadable, warned } from './hostile-case.ts';
import { BTC, change, coinAt, FEE, own, PAID, payee, payment, spend, thief } from './reserve.ts';

const clean = spend();
const modern = spend({ version: 2 });
const bytes = encodePsbt(clean);
const crowd = spend({
  outputs: [
    ...Array.from({ length: 400 }, () => payment(100_000n)),
    change(20n * BTC - 400n * 100_000n - 100_000n),
  ],
});
const six = spend({
  coins: Array.from({ length: 6 }, (_, index) => coinAt('receive', index, 4n * BTC)),
  outputs: [payment(PAID), change(24n * BTC - PAID - FEE)],
});
const FIELDS = 'COORDINATOR_FIELDS_REFUSED';

/** Puts these bytes in the place of the first that are like those. */
const replaced = (from: Uint8Array, like: string, by: string): Uint8Array => {
  const hex = Buffer.from(from).toString('hex');
  const at = hex.indexOf(like);
  if (at < 0 || at % 2 !== 0) throw new Error('what is to be replaced is there');
  return parseHex(hex.slice(0, at) + by + hex.slice(at + like.length));
};

/** A record that the codec would not write. */
const raw = (
  type: number,
  value: readonly number[],
  keyData: readonly number[] = [],
): PsbtRecord => ({
  type,
  keyData: Uint8Array.from(keyData),
  value: Uint8Array.from(value),
});

const appended = (psbt: Psbt, extra: PsbtRecord): Psbt =>
  editInput(psbt, 0, (map) => [...map, extra]);

/** Bytes that are no PSBT, or not one that two readers would read alike. */
const parseAttacks: readonly HostileCase[] = [
  unreadable('PSBT_DUPLICATE_KEY', {
    id: 'parse-key-twice',
    title: 'A witness UTXO stands twice in one map, with two amounts',
    attack:
      'One reader takes the first and shows the true amount, another the last and signs the false one.',
    source: 'BIP-174: "there must be no duplicate keys"',
    clean,
    psbt: appended(clean, record(INPUT.witnessUtxo, { amount: 1n, script: payee })),
  }),
  unreadable('PSBT_DUPLICATE_KEY', {
    id: 'parse-unsigned-transaction-twice',
    title: 'Two unsigned transactions in one PSBT',
    attack: 'The coordinator shows the first; the signer signs the second, which pays the thief.',
    source: 'BIP-174: "there must be no duplicate keys"',
    clean,
    psbt: editGlobal(clean, (map) => [
      ...map,
      record(GLOBAL.unsignedTransaction, {
        ...clean.transaction,
        outputs: clean.transaction.outputs.map((output) => ({ ...output, script: thief })),
      }),
    ]),
  }),
  unreadable('PSBT_TRAILING_BYTES', {
    id: 'parse-second-psbt-behind',
    title: 'A second PSBT follows the first',
    attack:
      'A reader that stops at the first map end and one that takes the last PSBT see two spends.',
    source: 'Bitcoin Core, DecodeRawPSBT: "extra data after PSBT"',
    clean,
    psbt: concatBytes(bytes, encodePsbt(spend({ outputs: [payment(PAID, thief), change(1n)] }))),
  }),
  unreadable('PSBT_TRUNCATED', {
    id: 'parse-truncated',
    title: 'The last output map is cut off',
    attack:
      'A half copied file: the claim that the change is ours is gone, and the rest reads well.',
    source: 'BIP-174, invalid vectors',
    clean,
    psbt: bytes.subarray(0, bytes.length - 60),
  }),
  unreadable('PSBT_TRUNCATED', {
    id: 'parse-length-beyond-end',
    title: 'A value says that it is 4 GiB long',
    attack: 'A reader that reserves what is announced runs out of memory.',
    source: 'BIP-174; memory exhaustion',
    clean,
    psbt: parseHex('70736274ff0100feffffffff00'),
  }),
  unreadable('PSBT_COUNT_ABSURD', {
    id: 'parse-input-count-absurd',
    title: 'A PSBT v2 announces 2³² − 1 inputs',
    attack: 'A reader that makes room for what is announced runs out of memory.',
    source: 'BIP-370, PSBT_GLOBAL_INPUT_COUNT',
    clean: modern,
    psbt: editGlobal(
      modern,
      editRecords(GLOBAL.inputCount, () => raw(4, [0xfe, 255, 255, 255, 255])),
    ),
  }),
  unreadable('PSBT_NON_CANONICAL', {
    id: 'parse-length-not-shortest',
    title: 'A key length is written in three bytes in place of one',
    attack:
      'The same fields in other bytes: hashes that are compared no longer agree, or agree with a parser that reads otherwise.',
    source: 'BIP-174, compact size; Bitcoin Core "non-canonical ReadCompactSize()"',
    clean,
    psbt: replaced(bytes, '70736274ff0100', '70736274fffd010000'),
  }),
  unreadable('PSBT_VERSION_UNKNOWN', {
    id: 'parse-version-unknown',
    title: 'A PSBT of version 1',
    attack: 'A version that no BIP has: what its fields mean is the sender’s word.',
    source: 'BIP-370: version 1 is skipped',
    clean: modern,
    psbt: editGlobal(
      modern,
      editRecords(GLOBAL.version, () => raw(0xfb, [1, 0, 0, 0])),
    ),
  }),
  unreadable('PSBT_FIELD_FORBIDDEN', {
    id: 'parse-versions-mixed',
    title: 'A PSBT v2 carries an unsigned transaction too',
    attack:
      'A reader of version 0 signs the transaction, one of version 2 the fields: two spends in one file.',
    source: 'BIP-370: PSBT_GLOBAL_UNSIGNED_TX must be excluded',
    clean: modern,
    psbt: editGlobal(
      modern,
      put(
        record(GLOBAL.unsignedTransaction, {
          ...modern.transaction,
          outputs: modern.transaction.outputs.map((output) => ({ ...output, script: thief })),
        }),
      ),
    ),
  }),
  unreadable('PSBT_FIELD_FORBIDDEN', {
    id: 'parse-field-of-other-version',
    title: 'A PSBT v0 carries an output amount of version 2',
    attack: 'A reader that prefers the field shows another amount than the transaction pays.',
    source: 'BIP-370: PSBT_OUT_AMOUNT, versions requiring exclusion: 0',
    clean,
    psbt: editOutput(clean, 0, (map) => [...map, record(OUTPUT.amount, 1n)]),
  }),
  unreadable('PSBT_FIELD_MISSING', {
    id: 'parse-amount-left-out',
    title: 'A PSBT v2 leaves an output amount out',
    attack: 'A reader that takes a missing amount for 0 shows a payment of nothing.',
    source: 'BIP-370: PSBT_OUT_AMOUNT, versions requiring inclusion: 2',
    clean: modern,
    psbt: editOutput(modern, 0, without(OUTPUT.amount)),
  }),
  unreadable('PSBT_FIELD_INVALID', {
    id: 'parse-key-with-data',
    title: 'The sighash type has key data',
    attack:
      'Hidden from a reader that looks for the bare key, seen by one that looks at the type alone.',
    source: 'BIP-174, invalid vectors: "invalid input sighash type typed key"',
    clean,
    psbt: appended(clean, raw(0x03, [3, 0, 0, 0], [0])),
  }),
  unreadable('PSBT_FIELD_INVALID', {
    id: 'parse-previous-transaction-none',
    title: 'The previous transaction is not one',
    attack: 'A reader that skips what it cannot read believes the witness UTXO.',
    source: 'CVE-2020-14199',
    clean,
    psbt: editInput(
      clean,
      0,
      editRecords(INPUT.nonWitnessUtxo, () => raw(0, [2, 0, 0, 0, 1, 2, 3])),
    ),
  }),
  unreadable('PSBT_DUPLICATE_INPUT', {
    id: 'parse-coin-twice',
    title: 'One coin is spent twice',
    attack: 'The inputs seem to bring twice as much, and the fee seems small.',
    source: 'CVE-2018-17144; Coldcard, psbt.py',
    clean,
    psbt: assemblePsbt(
      0,
      {
        ...clean.transaction,
        inputs: [clean.transaction.inputs[0]!, clean.transaction.inputs[0]!],
      },
      { ...clean, inputs: [clean.inputs[0]!, clean.inputs[0]!] },
    ),
  }),
  unreadable('PSBT_AMOUNT_OUT_OF_RANGE', {
    id: 'parse-amount-negative',
    title: 'An output pays 2⁶⁴ − 1 satoshis',
    attack: 'Minus one to a reader with signed numbers; rounded by one with floating point.',
    source: 'CVE-2010-5139',
    clean,
    psbt: replaced(bytes, amountHex(PAID), 'ffffffffffffffff'),
  }),
  unreadable('PSBT_ALREADY_SIGNED', {
    id: 'parse-script-sig-in-unsigned',
    title: 'The unsigned transaction has a scriptSig',
    attack: 'The id of what is shown is not the id of what is signed.',
    source: 'BIP-174: "the scriptSigs and witnesses … need to be empty"',
    clean,
    psbt: replaced(bytes, '00fdffffff', '0151fdffffff'),
  }),
  unreadable('PSBT_NOT_A_PSBT', {
    id: 'parse-two-texts',
    title: 'Two PSBTs in base64, a line each',
    attack: 'One program shows the first line, another signs the last.',
    source: 'BIP-174, encodings; removable media swap',
    clean,
    psbt: new TextEncoder().encode(
      `${formatPsbtBase64(clean)}\n${formatPsbtBase64(spend({ outputs: [payment(PAID, thief), change(BTC)] }))}\n`,
    ),
  }),
  unreadable('PSBT_NOT_A_PSBT', {
    id: 'parse-other-magic',
    title: 'The magic says "psbx"',
    attack: 'A file of another kind under the right name.',
    source: 'BIP-174, magic bytes',
    clean,
    psbt: replaced(bytes, '70736274ff', '70736278ff'),
  }),
  unreadable('PSBT_LOCK_TIME_CONFLICT', {
    id: 'parse-lock-times-conflict',
    title: 'One input wants a height as lock time, the other a date',
    attack: 'Two readers choose two lock times, and sign two transactions.',
    source: 'BIP-370, determining lock time',
    clean: modern,
    psbt: editInput(
      editInput(modern, 0, put(record(INPUT.requiredHeight, 900_000))),
      1,
      put(record(INPUT.requiredTime, 1_900_000_000)),
    ),
  }),
];

function amountHex(amount: bigint): string {
  const value = new Uint8Array(8);
  new DataView(value.buffer).setBigUint64(0, amount, true);
  return Buffer.from(value).toString('hex');
}

const xpub = clean.global.find(({ type }) => type === GLOBAL.extendedKey.type)!;

/** Well-formed, and not what is said. */
const claimAttacks: readonly HostileCase[] = [
  blocked('transaction-empty', {
    id: 'no-outputs',
    title: 'The transaction pays nobody',
    attack: 'All that is spent goes to the miner, and no output is there to be looked at.',
    source: 'BIP-174, Creator',
    clean: modern,
    psbt: assemblePsbt(2, { ...modern.transaction, outputs: [] }, { ...modern, outputs: [] }),
    also: ['fee-amount-refused', 'fee-rate-refused', 'fee-share-refused'],
  }),
  warned('transaction-modifiable', {
    id: 'still-modifiable',
    title: 'A PSBT v2 says that outputs may still be added',
    attack:
      'What was approved is changed on the way to the next signer, and the file says that it may be.',
    source: 'BIP-370, PSBT_GLOBAL_TX_MODIFIABLE',
    clean: modern,
    psbt: editGlobal(modern, put(record(GLOBAL.modifiable, 3))),
    combine: null,
  }),
  warned('transaction-version', {
    id: 'version-not-relayed',
    title: 'A transaction of version 77',
    attack:
      'Five custodians travel and sign what no node relays; only a miner who is paid for it takes it.',
    source: 'Bitcoin Core, TX_MAX_STANDARD_VERSION',
    clean,
    psbt: editTransaction(clean, (transaction) => ({ ...transaction, version: 77 })),
  }),
  warned('transaction-weight', {
    id: 'too-heavy',
    title: 'A transaction of more than 400,000 weight units',
    attack: 'Signed and not relayed, it lies about until a miner takes it when nobody expects it.',
    source: 'Bitcoin Core, MAX_STANDARD_TX_WEIGHT',
    clean,
    psbt: spend({
      outputs: [
        ...Array.from({ length: 3300 }, () => payment(100_000n)),
        change(20n * BTC - 3300n * 100_000n - 300_000n),
      ],
    }),
  }),
  warned('transaction-weight', {
    id: 'too-heavy-for-version-3',
    title: 'A transaction of version 3 with more than 10,000 virtual bytes',
    attack: 'The same with a tenth of the size: nobody relays it, and it looks like any other.',
    source: 'BIP-431',
    clean: crowd,
    psbt: editTransaction(crowd, (transaction) => ({ ...transaction, version: 3 })),
  }),
  warned('lock-time', {
    id: 'lock-time-far',
    title: 'No block before the year 2106 may hold it',
    attack:
      'The coins are thought spent; the signatures are good for a day that the attacker chooses.',
    source: 'BIP-65; Coldcard, "Bad Locktime"',
    clean,
    psbt: editTransaction(clean, (transaction) => ({ ...transaction, lockTime: 0xffffffff })),
  }),
  warned('sequence-lock', {
    id: 'sequence-lock-year',
    title: 'The spend must wait for a year and more',
    attack: 'A relative lock time that a signer’s screen does not show.',
    source: 'BIP-68',
    clean,
    psbt: editTransaction(clean, (transaction) => ({
      ...transaction,
      inputs: transaction.inputs.map((input) => ({ ...input, sequence: 0xffff })),
    })),
    also: [],
  }),
  warned('sequence-lock', {
    id: 'sequence-lock-behind-others',
    title: 'Five coins must be a block old, and the sixth for a year and more',
    attack:
      'A sheet that lists the first few shows five short locks; the one accepted with them is long.',
    source: 'BIP-68; findings listed in part',
    clean: six,
    psbt: editTransaction(six, (transaction) => ({
      ...transaction,
      inputs: transaction.inputs.map((input, i) => ({ ...input, sequence: i < 5 ? 1 : 0xffff })),
    })),
  }),
  blocked('network-other', {
    id: 'path-of-mainnet',
    title: 'The key paths of an input are those of mainnet',
    attack: 'Asked to sign for a test network, the device signs for the coins of mainnet.',
    source: 'isolation bypass, Ledger and Coldcard, 2020; BIP-44',
    clean,
    psbt: editInput(
      clean,
      0,
      editRecords(INPUT.derivation, (one) => ({
        ...one,
        value: originWith(one.value, { [COIN_STEP]: hardened(0) }),
      })),
    ),
    combine: FIELDS,
  }),
  blocked('network-other', {
    id: 'xpub-of-mainnet',
    title: 'A cosigner’s global xpub is written for mainnet',
    attack:
      'As before, through the extended key: a wallet that takes its network from it is on mainnet.',
    source: 'isolation bypass, Ledger and Coldcard, 2020',
    clean,
    psbt: editGlobal(clean, (map) => [
      ...map.filter((one) => one !== xpub),
      { ...xpub, keyData: Uint8Array.of(0x04, 0x88, 0xb2, 0x1e, ...xpub.keyData.subarray(4)) },
    ]),
    combine: null,
  }),
  blocked('xpub-foreign', {
    id: 'xpub-of-a-stranger',
    title: 'A sixth global xpub, of a stranger',
    attack: 'A signer that registers the quorum from the PSBT takes the thief for a cosigner.',
    source: 'BIP-174, PSBT_GLOBAL_XPUB; Coldcard, multisig.py',
    clean,
    psbt: editGlobal(clean, (map) => [
      ...map,
      { ...xpub, keyData: xpub.keyData.map((byte, i) => (i === 20 ? byte ^ 1 : byte)) },
    ]),
    combine: null,
  }),
  blocked('xpub-foreign', {
    id: 'xpub-chain-code-changed',
    title: 'A cosigner’s global xpub has another chain code',
    attack:
      'The public key is right, so is the fingerprint; every address derived from it is nobody’s.',
    source: 'BIP-32; compare public key and chain code, never the fingerprint',
    clean,
    psbt: editGlobal(clean, (map) =>
      map.map((one) =>
        one === xpub
          ? { ...one, keyData: one.keyData.map((byte, i) => (i === 40 ? byte ^ 0x80 : byte)) }
          : one,
      ),
    ),
    combine: null,
  }),
  noted('xpub-parent', {
    id: 'xpub-parent-changed',
    title: 'A cosigner’s global xpub names another parent',
    attack: 'Other text, same children: whoever compares texts takes one cosigner for two.',
    source: 'BIP-32; entropylab 92; drongo, ExtendedKey.equals',
    clean,
    psbt: editGlobal(clean, (map) =>
      map.map((one) =>
        one === xpub
          ? { ...one, keyData: one.keyData.map((byte, i) => (i === 5 ? byte ^ 1 : byte)) }
          : one,
      ),
    ),
    combine: null,
  }),
  blocked('witness-script', {
    id: 'witness-script-of-input',
    title: 'The witness script of an input asks for two signatures',
    attack:
      'A signer that believes the field shows another quorum, or signs a script that is not ours.',
    source: 'BIP-174, Signer; Ledger, EC 0x000b',
    clean,
    psbt: editInput(
      clean,
      0,
      editRecords(INPUT.witnessScript, (one) => ({
        ...one,
        value: Uint8Array.of(0x52, ...one.value.subarray(1)),
      })),
    ),
    combine: FIELDS,
  }),
  blocked('witness-script', {
    id: 'witness-script-of-change',
    title: 'The witness script of the change asks for one signature',
    attack:
      'The script of the output is ours, the field is not: a wallet that stores the field loses track of the change.',
    source: 'BIP-174, PSBT_OUT_WITNESS_SCRIPT',
    clean,
    psbt: editOutput(
      clean,
      1,
      editRecords(OUTPUT.witnessScript, (one) => ({
        ...one,
        value: Uint8Array.of(0x51, ...one.value.subarray(1)),
      })),
    ),
    combine: FIELDS,
  }),
  blocked('redeem-script', {
    id: 'redeem-script-of-input',
    title: 'The redeem script of a nested input is another',
    attack: 'A signer that believes the field signs for another script.',
    source: 'BIP-16; BIP-174, Signer; Ledger, EC 0x000a',
    policy: 'sh-wsh',
    clean: spend({ kind: 'sh-wsh' }),
    psbt: editInput(
      spend({ kind: 'sh-wsh' }),
      0,
      editRecords(INPUT.redeemScript, (one) => ({
        ...one,
        value: one.value.map((byte, i) => (i === 5 ? byte ^ 1 : byte)),
      })),
    ),
    combine: FIELDS,
  }),
  blocked('redeem-script', {
    id: 'redeem-script-stray',
    title: 'A native segwit input has a redeem script',
    attack: 'A signer takes the coin for a nested one and computes another sighash.',
    source: 'BIP-141; BIP-174',
    clean,
    psbt: editInput(clean, 0, put(record(INPUT.redeemScript, own().at('receive', 0).scriptPubKey))),
    combine: null,
  }),
  noted('script-stray', {
    id: 'script-at-a-payment',
    title: 'A payment carries a witness script',
    attack: 'A wallet that takes a script for the sign of change hides the payment.',
    source: 'BIP-174: such fields are for change',
    clean,
    psbt: editOutput(
      clean,
      0,
      put(record(OUTPUT.witnessScript, own().at('change', 4).witnessScript!)),
    ),
    combine: null,
  }),
  noted('field-unused', {
    id: 'proprietary-field',
    title: 'A proprietary field rides along',
    attack: 'A message from a bad coordinator to a bad device, or a secret on its way out.',
    source: 'BIP-174, proprietary types',
    clean,
    psbt: editInput(clean, 0, put(raw(0xfc, [1, 2, 3, 4], [4, 0x65, 0x76, 0x69, 0x6c, 0]))),
    combine: null,
  }),
  noted('field-unused', {
    id: 'taproot-field',
    title: 'A P2WSH input has a taproot internal key',
    attack: 'A signer that prefers taproot signs by another algorithm, over another message.',
    source: 'BIP-371',
    clean,
    psbt: editInput(clean, 0, put(record(INPUT.taprootInternalKey, new Uint8Array(32).fill(9)))),
    combine: null,
  }),
  noted('field-missing', {
    id: 'sighash-type-left-out',
    title: 'No sighash type is asked for',
    attack:
      'The signer chooses; a bad one chooses NONE|ANYONECANPAY, and bitcoinjs-lib finalises it.',
    source: 'bitcoinjs-lib 7.0.5, validateSignaturesOfInput',
    clean,
    psbt: editInput(clean, 0, without(INPUT.sighashType)),
    combine: null,
  }),
];

/** The same spend in both versions is one spend: its digest does not change, so its clean siblings are two. */
if (encodePsbt(convertPsbt(modern, 0)).length !== bytes.length) throw new Error('one spend');
if (FEE <= 0n) throw new Error('it pays a fee');

export const structureAttacks: readonly HostileCase[] = [...parseAttacks, ...claimAttacks];
