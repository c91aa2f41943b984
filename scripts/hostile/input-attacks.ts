import { policyScripts } from '@qoima/policy';
import {
  decodeTransaction,
  encodeTransaction,
  INPUT,
  type Psbt,
  type PsbtRecord,
  record,
  SIGHASH,
} from '@qoima/psbt';
import {
  editInput,
  editRecords,
  editTransaction,
  INDEX_STEP,
  originWith,
  put,
  without,
} from '../../packages/review/test/spend.ts';
import { blocked, type HostileCase, noted, unreadable, warned } from './hostile-case.ts';
import {
  BTC,
  CUSTODIANS,
  change,
  coinAt,
  cosignerNamed,
  FEE,
  holding,
  own,
  PAID,
  payment,
  policyOf,
  signaturesBy,
  signedBy,
  spend,
} from './reserve.ts';

const clean = spend();
const FIELDS = 'COORDINATOR_FIELDS_REFUSED';
const signed = signedBy(clean, 'Bolat', 'Dana');

/** The first input claims another amount. */
const lying = (psbt: Psbt, amount: bigint, script = own().at('receive', 0).scriptPubKey): Psbt =>
  editInput(psbt, 0, put(record(INPUT.witnessUtxo, { amount, script })));

const previousOf = (psbt: Psbt): Uint8Array =>
  psbt.inputs[0]!.find(({ type }) => type === INPUT.nonWitnessUtxo.type)!.value;

/** The previous transaction with its second output changed: another transaction. */
const grown = ((): Uint8Array => {
  const previous = decodeTransaction(previousOf(clean));
  return encodeTransaction({
    ...previous,
    outputs: previous.outputs.map((output, i) =>
      i === 1 ? { ...output, amount: 30n * BTC } : output,
    ),
  });
})();

/** The same reserve, but for Fatima: Kairat has her place. */
const swapped = policyScripts(
  policyOf('wsh', {
    cosigners: [...CUSTODIANS.slice(0, 4), 'Kairat' as const].map((who) => cosignerNamed(who)),
  }),
);

const foreignCoin = coinAt('receive', 0, 10n * BTC, swapped);
/** A spend whose first coin is of the swapped policy; its key paths are given as ours. */
const foreignInput = ((): Psbt => {
  const base = editTransaction(clean, (transaction) => ({
    ...transaction,
    inputs: transaction.inputs.map((input, i) =>
      i === 0
        ? {
            ...input,
            txid: Uint8Array.from(Buffer.from(foreignCoin.outpoint.txid, 'hex').reverse()),
          }
        : input,
    ),
  }));
  const script = swapped.at('receive', 0).scriptPubKey;
  return editInput(
    base,
    0,
    put(
      record(INPUT.nonWitnessUtxo, foreignCoin.previousTransaction),
      record(INPUT.witnessUtxo, { amount: 10n * BTC, script }),
    ),
  );
})();

const flipKey = (one: PsbtRecord, at: number): PsbtRecord =>
  at === 0 ? { ...one, keyData: swapped.at('receive', 0).publicKeys[4]! } : one;

const garbled = (psbt: Psbt, edit: (signature: Uint8Array) => Uint8Array): Psbt =>
  editInput(
    psbt,
    0,
    editRecords(INPUT.partialSignature, (one, at) =>
      at === 0 ? { ...one, value: edit(one.value.slice()) } : one,
    ),
  );

const order = BigInt('0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141');

/** s in place of n − s or the other way round: as good to consensus, and another wtxid. */
export const highS = (der: Uint8Array): Uint8Array => {
  const rLength = der[3]!;
  const s = der.subarray(6 + rLength, der.length - 1);
  const other = (order - BigInt(`0x${Buffer.from(s).toString('hex')}`))
    .toString(16)
    .padStart(64, '0');
  const bytes = Uint8Array.from(Buffer.from(other, 'hex'));
  const integer = bytes[0]! >= 0x80 ? Uint8Array.of(0, ...bytes) : bytes;
  const body = [...der.subarray(2, 4 + rLength), 2, integer.length, ...integer];
  return Uint8Array.of(0x30, body.length, ...body, der.at(-1)!);
};

const fundAttacks: readonly HostileCase[] = [
  blocked('previous-transaction-missing', {
    id: 'previous-transaction-left-out',
    title: 'An input has a witness UTXO alone',
    attack:
      'The amount is the coordinator’s word. Two sessions with two words give a signature for a transaction that pays nearly all as fee.',
    source: 'CVE-2020-14199',
    clean,
    psbt: editInput(clean, 0, without(INPUT.nonWitnessUtxo)),
    combine: null,
  }),
  blocked('previous-transaction-missing', {
    id: 'amount-lie-without-proof',
    title: 'A witness UTXO understates the coin, and nothing shows it',
    attack: 'The fee reads 2000 satoshis and is 1 BTC more.',
    source: 'CVE-2020-14199; bitcoinjs-lib 2346',
    clean,
    psbt: editInput(lying(clean, 9n * BTC), 0, without(INPUT.nonWitnessUtxo)),
    combine: FIELDS,
  }),
  blocked('previous-transaction-mismatch', {
    id: 'previous-transaction-of-another',
    title: 'The previous transaction has another amount and another id',
    attack: 'A proof of the amount that is none: only its hash says so.',
    source: 'BIP-174, Signer; Ledger, EC 0x0004',
    clean,
    psbt: editInput(
      clean,
      0,
      editRecords(INPUT.nonWitnessUtxo, (one) => ({ ...one, value: grown })),
    ),
    combine: FIELDS,
  }),
  unreadable('PSBT_FIELD_INVALID', {
    id: 'output-number-beyond',
    title: 'The input spends output 7 of a transaction with two',
    attack: 'A reader that finds no output falls back to the witness UTXO.',
    source: 'drongo, PSBTInput.verifyUtxo',
    clean,
    psbt: editTransaction(clean, (transaction) => ({
      ...transaction,
      inputs: transaction.inputs.map((input, i) => (i === 0 ? { ...input, vout: 7 } : input)),
    })),
  }),
  blocked('witness-utxo-amount', {
    id: 'dual-utxo-amount-less',
    title: 'Witness UTXO and previous transaction disagree: 9 BTC and 10',
    attack: 'The signer shows the fee from one field and proves it with the other.',
    source: 'bitcoinjs-lib 2346; Ledger, EC 0x0005',
    clean,
    psbt: lying(clean, 9n * BTC),
    combine: FIELDS,
  }),
  blocked('witness-utxo-amount', {
    id: 'dual-utxo-amount-more',
    title: 'Witness UTXO and previous transaction disagree by one satoshi',
    attack:
      'The sighash is over an amount that the coin has not: five signatures, and none is good.',
    source: 'BIP-143; bitcoinjs-lib 2346',
    clean,
    psbt: lying(clean, 10n * BTC + 1n),
    combine: FIELDS,
  }),
  blocked('witness-utxo-script', {
    id: 'dual-utxo-script',
    title: 'Witness UTXO and previous transaction disagree about the script',
    attack: 'The coin is ours by one field and a stranger’s by the other.',
    source: 'BIP-174; Bitcoin Core, PSBTInputSigned',
    clean,
    psbt: lying(clean, 10n * BTC, own().at('receive', 1).scriptPubKey),
    combine: FIELDS,
  }),
  blocked('witness-utxo-unfit', {
    id: 'witness-utxo-at-bare-sh',
    title: 'A coin without a witness has a witness UTXO',
    attack:
      'A signer takes the field for the sign of a segwit coin, skips the previous transaction, and believes the amount.',
    source: 'BIP-174: for witness inputs alone; Bitcoin Core 2020',
    policy: 'sh',
    clean: spend({ kind: 'sh' }),
    psbt: editInput(
      spend({ kind: 'sh' }),
      0,
      put(
        record(INPUT.witnessUtxo, {
          amount: 10n * BTC,
          script: own('sh').at('receive', 0).scriptPubKey,
        }),
      ),
    ),
    combine: null,
  }),
  blocked('input-not-ours', {
    id: 'input-of-other-quorum',
    title: 'A coin of a policy with one key swapped claims our key paths',
    attack: 'We sign for a coin that is not ours, and pay with our own for what we cannot check.',
    source: 'Ledger, sign_psbt.c, external inputs',
    clean,
    psbt: foreignInput,
  }),
  blocked('input-not-ours', {
    id: 'input-without-paths',
    title: 'An input names no key of ours',
    attack:
      'A payjoin partner’s coin, or ours made to look like one: it is neither shown nor counted.',
    source: 'BIP-78; Ledger, external inputs',
    clean,
    psbt: editInput(clean, 0, without(INPUT.derivation)),
    combine: null,
  }),
  blocked('input-not-ours', {
    id: 'input-stranger-key-at-our-path',
    title: 'A stranger’s key stands at a custodian’s fingerprint and path',
    attack:
      'The fingerprint is four bytes that anybody can copy: whoever trusts it takes the key for a cosigner’s.',
    source: 'BIP-129: fingerprints can be spoofed; CVE-free, 2021',
    clean,
    psbt: editInput(clean, 0, editRecords(INPUT.derivation, flipKey)),
    combine: null,
  }),
  blocked('input-not-ours', {
    id: 'input-paths-disagree',
    title: 'The key paths of one input lead to two addresses',
    attack:
      'A signer that takes the first path it knows proves an address that the coin is not at.',
    source: 'entropylab 194: order of derivation records',
    clean,
    psbt: editInput(
      clean,
      0,
      editRecords(INPUT.derivation, (one, at) =>
        at === 4 ? { ...one, value: originWith(one.value, { [INDEX_STEP]: 9 }) } : one,
      ),
    ),
    combine: FIELDS,
  }),
  blocked('input-final', {
    id: 'input-final-already',
    title: 'An input brings a finished witness',
    attack:
      'Signatures inside a final witness are looked at by nobody; what is signed beside it is less than it seems.',
    source: 'BIP-174, Finalizer; Coldcard',
    clean,
    psbt: editInput(
      clean,
      0,
      put(record(INPUT.finalScriptWitness, [new Uint8Array(), new Uint8Array(71).fill(0x30)])),
    ),
    combine: FIELDS,
  }),
  warned('signer-not-named', {
    id: 'own-key-path-left-out',
    title: 'One input does not name the station’s own key',
    attack:
      'The device leaves the input out without a word; the coordinator sends the custodian back for another session.',
    source: 'HWI 671',
    clean,
    psbt: editInput(
      clean,
      0,
      editRecords(INPUT.derivation, (one) =>
        one.keyData.every((byte, i) => byte === own().at('receive', 0).publicKeys[0]![i])
          ? undefined
          : one,
      ),
    ),
    also: ['field-missing'],
    combine: null,
  }),
  noted('input-uneconomic', {
    id: 'dust-coin-spent-too',
    title: 'A coin of 600 satoshis is spent together with the others',
    attack:
      'Dust from a known address ties the reserve’s addresses together, and costs more than it brings.',
    source: 'dust attacks, 2018 on; Sparrow',
    clean,
    psbt: spend({
      coins: [coinAt('receive', 0), coinAt('change', 3), coinAt('receive', 9, 600n)],
      outputs: [payment(PAID), change(20n * BTC + 600n - PAID - 5n * FEE)],
    }),
  }),
];

const signatureAttacks: readonly HostileCase[] = [
  ...([SIGHASH.none, SIGHASH.single, SIGHASH.none | SIGHASH.anyoneCanPay] as const).map((flag) =>
    blocked('sighash-not-all', {
      id: `sighash-asked-${flag.toString(16).padStart(2, '0')}`,
      title: `An input asks for sighash type 0x${flag.toString(16).padStart(2, '0')}`,
      attack: 'A signature that does not bind the outputs: whoever holds it redirects the coin.',
      source: 'sighash poisoning; entropylab 88; Bitcoin Core, SIGHASH_MISMATCH',
      clean,
      psbt: editInput(clean, 0, put(record(INPUT.sighashType, flag))),
      combine: FIELDS,
    }),
  ),
  blocked('sighash-not-all', {
    id: 'sighash-all-anyone-can-pay',
    title: 'An input asks for ALL|ANYONECANPAY',
    attack:
      'Inputs can be added after the approval: the transaction, its id and its fee are no longer what was shown.',
    source: 'Bitcoin Core; drongo, PSBT.java, scale of sighash types',
    clean,
    psbt: editInput(clean, 0, put(record(INPUT.sighashType, 0x81))),
    combine: FIELDS,
  }),
  blocked('sighash-not-all', {
    id: 'sighash-carried-82',
    title: 'A cosigner’s signature carries NONE|ANYONECANPAY, and is good over that',
    attack:
      'Three such signatures are a blank cheque. bitcoinjs-lib takes them: it hashes with the flag of the signature.',
    source: 'bitcoinjs-lib 7.0.5, validateSignaturesOfInput; entropylab 88',
    clean: signed,
    psbt: holding(signed, signaturesBy(clean, 'Erlan', { flag: 0x82 })),
    combine: 'COORDINATOR_SIGNATURE_REFUSED',
  }),
  blocked('signature-stranger', {
    id: 'signature-of-a-stranger',
    title: 'A signature by a key that the policy has not',
    attack: 'Counted by number, it makes the quorum look full.',
    source: 'BIP-174, Combiner',
    clean: signed,
    psbt: editInput(
      signed,
      0,
      editRecords(INPUT.partialSignature, (one, at) =>
        at === 0 ? { ...one, keyData: swapped.at('receive', 0).publicKeys[4]! } : one,
      ),
    ),
    combine: 'COORDINATOR_SIGNATURE_REFUSED',
  }),
  blocked('signature-stranger', {
    id: 'signature-of-other-address',
    title: 'A cosigner’s signature by the key of another address',
    attack: 'The right person, the wrong key: good for a coin that this is not.',
    source: 'BIP-174, Combiner',
    clean: signed,
    psbt: editInput(
      signed,
      0,
      editRecords(INPUT.partialSignature, (one, at) =>
        at === 0 ? { ...one, keyData: own().at('receive', 7).publicKeys[1]! } : one,
      ),
    ),
    combine: 'COORDINATOR_SIGNATURE_REFUSED',
  }),
  blocked('signature-encoding', {
    id: 'signature-high-s',
    title: 'A signature with a high s',
    attack: 'Good to consensus, and relayed by nobody; a third party can change the wtxid.',
    source: 'BIP-146; BIP-62',
    clean: signed,
    psbt: garbled(signed, highS),
    combine: 'COORDINATOR_SIGNATURE_REFUSED',
  }),
  blocked('signature-encoding', {
    id: 'signature-not-der',
    title: 'A signature whose DER lengths do not add up',
    attack: 'A lax parser verifies it, a strict one refuses the finished transaction.',
    source: 'BIP-66',
    clean: signed,
    psbt: garbled(signed, (der) => der.map((byte, i) => (i === 1 ? byte + 1 : byte))),
    combine: 'COORDINATOR_SIGNATURE_REFUSED',
  }),
  blocked('signature-invalid', {
    id: 'signature-garbled',
    title: 'One bit of a signature is turned',
    attack:
      'Finalised unseen, it costs a ceremony. bitcoinjs-lib and @scure/btc-signer finalise it unless it is verified apart.',
    source: 'garbling; bitcoinjs-lib 7.0.5, @scure/btc-signer 2.4.1',
    clean: signed,
    psbt: garbled(signed, (der) => der.map((byte, i) => (i === 20 ? byte ^ 1 : byte))),
    combine: 'COORDINATOR_SIGNATURE_REFUSED',
  }),
  blocked('signature-invalid', {
    id: 'signature-under-other-name',
    title: 'Dana’s signature stands under Bolat’s key',
    attack: 'One person signs for two.',
    source: 'BIP-174, Combiner',
    clean: signed,
    psbt: editInput(signed, 0, (map) => {
      const dana = signaturesBy(clean, 'Dana')[0]!;
      const bolat = signaturesBy(clean, 'Bolat')[0]!;
      return put(record(INPUT.partialSignature, dana.signature, bolat.publicKey))(map);
    }),
    combine: 'COORDINATOR_SIGNATURE_REFUSED',
  }),
  blocked('signature-nonce-repeated', {
    id: 'nonce-of-two-cosigners',
    title: 'Two cosigners’ devices used one nonce',
    attack:
      'Both private keys follow from two signatures by school algebra, once they are on the chain.',
    source: 'PlayStation 3, 2010; Android, 2013; entropylab 87',
    clean,
    psbt: holding(
      holding(clean, signaturesBy(clean, 'Bolat', { nonce: 1000n })),
      signaturesBy(clean, 'Dana', { nonce: 1000n }),
    ),
    combine: 'COORDINATOR_NONCE_SHARED',
  }),
  blocked('signature-nonce-repeated', {
    id: 'nonce-of-two-inputs',
    title: 'One device used one nonce for two inputs',
    attack: 'The key follows from the two signatures.',
    source: 'Android, 2013 (CVE-2013-7372)',
    clean,
    psbt: holding(clean, [
      signaturesBy(clean, 'Bolat', { nonce: 1001n })[0]!,
      signaturesBy(clean, 'Bolat', { nonce: 1000n })[1]!,
    ]),
    combine: 'COORDINATOR_NONCE_SHARED',
  }),
];

export const inputAttacks: readonly HostileCase[] = [...fundAttacks, ...signatureAttacks];
export { garbled, lying };
