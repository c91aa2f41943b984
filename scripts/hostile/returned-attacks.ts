import { encodePsbt, GLOBAL, INPUT, OUTPUT, type Psbt, record, SIGHASH } from '@qoima/psbt';
import {
  editGlobal,
  editInput,
  editOutput,
  editRecords,
  put,
} from '../../packages/review/test/spend.ts';
import type { HostileCase, Step, Story } from './hostile-case.ts';
import { garbled, highS, lying } from './input-attacks.ts';
import {
  BTC,
  CHANGE,
  change,
  cosignerNamed,
  holding,
  own,
  PAID,
  payment,
  signaturesBy,
  signedBy,
  spend,
  thief,
} from './reserve.ts';

const sent = spend();
const clean = signedBy(sent, 'Bolat');
const sibling = spend({ outputs: [payment(PAID), change(CHANGE - 5_000n)] });

interface ReturnedAttack extends Story {
  readonly psbt: Psbt | Uint8Array;
  readonly earlier?: readonly Psbt[];
  readonly also?: readonly string[];
  /** What the coordinator says; null if it sets the field aside and goes on. */
  readonly code: string | null;
  readonly refused?: readonly string[];
  /** What the station’s `inspect` and `sign` say, if no rule blocks. */
  readonly station?: readonly Step[];
}

const BLOCKED: readonly Step[] = [
  { command: 'inspect', code: 'STATION_REVIEW_BLOCKED', exit: 3 },
  { command: 'sign', code: 'STATION_REVIEW_BLOCKED', exit: 3 },
];

const SHOWN: readonly Step[] = [{ command: 'inspect', code: null, exit: 0 }];

const returned = (rule: string | null, one: ReturnedAttack): HostileCase => {
  const { id, title, attack, source, psbt, earlier, also = [], code, refused } = one;
  const combine: Step = { command: 'combine', code, exit: code === null ? 0 : 3 };
  return {
    id,
    title,
    attack,
    source,
    kind: 'returned',
    policy: 'wsh',
    expected: {
      rule,
      also,
      station: one.station ?? BLOCKED,
      coordinator: [refused === undefined ? combine : { ...combine, refused }],
    },
    files: {
      sent: encodePsbt(sent),
      clean: encodePsbt(clean),
      attack: psbt instanceof Uint8Array ? psbt : encodePsbt(psbt),
      ...(earlier === undefined ? {} : { earlier: earlier.map(encodePsbt) }),
    },
  };
};

const badSignature = (
  rule: string,
  refused: string,
  one: Omit<ReturnedAttack, 'code'>,
): HostileCase =>
  returned(rule, { ...one, code: 'COORDINATOR_SIGNATURE_REFUSED', refused: [refused] });

const contradiction = (rule: string, one: Omit<ReturnedAttack, 'code'>): HostileCase =>
  returned(rule, { ...one, code: 'COORDINATOR_FIELDS_REFUSED' });

const setAside = (rule: string, one: Omit<ReturnedAttack, 'code'>): HostileCase =>
  returned(rule, { ...one, code: null });

const own0 = own().at('receive', 0);
const xpub = sent.global.find(({ type }) => type === GLOBAL.extendedKey.type);

export const returnedAttacks: readonly HostileCase[] = [
  ...[0x00, SIGHASH.none, SIGHASH.single, 0x81, 0x82, 0x83].map((flag) =>
    badSignature('sighash-not-all', 'PSBT_SIGNATURE_FLAG', {
      id: `returned-sighash-${flag.toString(16).padStart(2, '0')}`,
      title: `A signature with the flag 0x${flag.toString(16).padStart(2, '0')}, good over it`,
      attack:
        'It does not bind what was approved: with enough of them, anybody changes the transaction.',
      source: 'sighash poisoning; bitcoinjs-lib 7.0.5; entropylab 88',
      psbt: holding(sent, signaturesBy(sent, 'Bolat', { flag })),
    }),
  ),
  badSignature('signature-invalid', 'PSBT_SIGNATURE_INVALID', {
    id: 'returned-garbled',
    title: 'One bit of a signature is turned',
    attack: 'The finished transaction is refused by every node, after everybody has gone home.',
    source: 'garbling; bitcoinjs-lib 7.0.5, @scure/btc-signer 2.4.1',
    psbt: garbled(clean, (der) => der.map((byte, i) => (i === 20 ? byte ^ 1 : byte))),
  }),
  badSignature('signature-encoding', 'PSBT_SIGNATURE_ENCODING', {
    id: 'returned-high-s',
    title: 'A signature with a high s',
    attack: 'Good to consensus, relayed by nobody; a third party made it of a good one.',
    source: 'BIP-146; BIP-62',
    psbt: garbled(clean, highS),
  }),
  badSignature('signature-encoding', 'PSBT_SIGNATURE_ENCODING', {
    id: 'returned-no-signature',
    title: 'One byte where a signature belongs',
    attack: 'The count of signatures is right.',
    source: 'BIP-66',
    psbt: garbled(clean, () => Uint8Array.of(1)),
  }),
  badSignature('signature-stranger', 'PSBT_SIGNATURE_STRANGER', {
    id: 'returned-stranger',
    title: 'A signature by a key that is nobody’s here',
    attack: 'The count of signatures is right.',
    source: 'BIP-174, Combiner',
    psbt: editInput(
      clean,
      0,
      editRecords(INPUT.partialSignature, (one) => ({
        ...one,
        keyData: cosignerNamed('Kairat').key.publicKey,
      })),
    ),
  }),
  badSignature('signature-invalid', 'PSBT_SIGNATURE_INVALID', {
    id: 'returned-replay-of-sibling',
    title: 'Bolat’s signatures are those for another proposal of the same coins',
    attack:
      'What he signed for the one is passed off for the other; the coordinator says for which it was made.',
    source: 'replay on an RBF sibling; BIP-125',
    psbt: holding(sent, signaturesBy(sibling, 'Bolat')),
    earlier: [sibling],
  }),
  badSignature('sighash-not-all', 'PSBT_SIGNATURE_FLAG', {
    id: 'returned-good-and-poisoned',
    title: 'A good signature and a poisoned one in one file',
    attack: 'Whoever takes files whole takes both, or refuses the good one too.',
    source: 'sighash poisoning; denial of service',
    psbt: holding(clean, signaturesBy(sent, 'Dana', { flag: 0x82 })),
  }),
  returned('signature-nonce-repeated', {
    id: 'returned-nonce-shared',
    title: 'Bolat’s and Dana’s signatures share their nonce',
    attack: 'Both private keys follow from them once they are on the chain.',
    source: 'PlayStation 3, 2010; entropylab 87',
    psbt: holding(
      holding(sent, signaturesBy(sent, 'Erlan', { nonce: 2000n })),
      signaturesBy(sent, 'Dana', { nonce: 2000n }),
    ),
    code: 'COORDINATOR_NONCE_SHARED',
  }),
  contradiction('input-final', {
    id: 'returned-final-witness',
    title: 'An input comes back finished',
    attack: 'The witness is the sender’s: who is in it, and over what, is not looked at.',
    source: 'BIP-174, Finalizer',
    psbt: editInput(
      clean,
      0,
      put(record(INPUT.finalScriptWitness, [new Uint8Array(), own0.witnessScript!])),
    ),
  }),
  contradiction('witness-utxo-amount', {
    id: 'returned-witness-utxo',
    title: 'The witness UTXO comes back with another amount',
    attack: 'A combiner that merges maps takes it over, and the next signer believes it.',
    source: 'BIP-174, Combiner; CVE-2020-14199',
    psbt: lying(clean, 9n * BTC),
  }),
  contradiction('witness-script', {
    id: 'returned-witness-script',
    title: 'The witness script comes back with another quorum',
    attack: 'A combiner that merges maps finalises another script.',
    source: 'BIP-174, Combiner',
    psbt: editInput(
      clean,
      0,
      editRecords(INPUT.witnessScript, (one) => ({
        ...one,
        value: Uint8Array.of(0x52, ...one.value.subarray(1)),
      })),
    ),
  }),
  contradiction('sighash-not-all', {
    id: 'returned-sighash-escalated',
    title: 'The sighash type of an input comes back as NONE',
    attack: 'The next signer is asked for a blank cheque.',
    source: 'drongo, verifyCombinedSigHashes',
    psbt: editInput(clean, 0, put(record(INPUT.sighashType, SIGHASH.none))),
  }),
  contradiction('change-not-proven', {
    id: 'returned-change-path',
    title: 'The key paths of the change come back changed',
    attack: 'The next station is shown another truth than the first.',
    source: 'BIP-174, Combiner; injected output paths',
    psbt: editOutput(
      clean,
      1,
      editRecords(OUTPUT.derivation, (one) => ({
        ...one,
        value: one.value.map((byte, i, all) => (i === all.length - 4 ? 9 : byte)),
      })),
    ),
  }),
  setAside('change-not-proven', {
    id: 'returned-payment-claimed',
    title: 'The payment comes back with key paths of ours',
    attack: 'The next station would hide it as change.',
    source: 'injected output paths',
    psbt: editOutput(
      clean,
      0,
      put(...clean.outputs[1]!.filter(({ type }) => type === OUTPUT.derivation.type)),
    ),
  }),
  setAside('xpub-foreign', {
    id: 'returned-global-xpub',
    title: 'A sixth global xpub comes back',
    attack: 'The next station would take a stranger for a cosigner.',
    source: 'injected global xpubs',
    psbt: editGlobal(clean, (map) => [
      ...map,
      { ...xpub!, keyData: xpub!.keyData.map((byte, i) => (i === 20 ? byte ^ 1 : byte)) },
    ]),
  }),
  returned(null, {
    id: 'returned-other-transaction',
    title: 'What comes back is well signed, and pays the thief',
    attack: 'A file of the right name: who combines by name adopts it.',
    source: 'removable media swap',
    psbt: signedBy(spend({ outputs: [payment(PAID, thief), change(CHANGE)] }), 'Bolat'),
    code: 'COORDINATOR_STRANGE_PSBT',
    station: [...SHOWN, { command: 'sign', code: 'STATION_ID_MISMATCH', exit: 3 }],
  }),
  returned(null, {
    id: 'returned-second-signature',
    title: 'Bolat’s key has signed again, not as RFC 6979 has it',
    attack:
      'Both are good. A signer that makes two tells something of its nonces, or is not the one it was; it is told, and the first stays.',
    source: 'RFC 6979; conflicts hidden by bitcoinjs-lib’s combine',
    psbt: holding(sent, signaturesBy(sent, 'Bolat', { nonce: 3000n })),
    code: null,
    station: SHOWN,
  }),
  returned(null, {
    id: 'returned-signature-twice',
    title: 'Two signatures under one key in one map',
    attack: 'One reader verifies the first and stores the last.',
    source: 'BIP-174: "there must be no duplicate keys"',
    psbt: editInput(clean, 0, (map) => [
      ...map,
      {
        ...map.find(({ type }) => type === INPUT.partialSignature.type)!,
        value: Uint8Array.of(0x30),
      },
    ]),
    code: 'PSBT_DUPLICATE_KEY',
    station: [
      { command: 'inspect', code: 'PSBT_DUPLICATE_KEY', exit: 3 },
      { command: 'sign', code: 'PSBT_DUPLICATE_KEY', exit: 3 },
    ],
  }),
];
