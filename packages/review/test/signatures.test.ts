import { formatHex, parseHex } from '@qoima/primitives';
import {
  convertPsbt,
  decodeSignature,
  encodeSignature,
  fieldsOf,
  INPUT,
  matchPolicy,
  type Psbt,
  type PsbtMap,
  record,
  signatureHashes,
} from '@qoima/psbt';
import { generateMnemonic } from '@qoima/signer-software';
import { BIP32Factory } from 'bip32';
import { mnemonicToSeedSync } from 'bip39';
import * as curve from 'tiny-secp256k1';
import { describe, expect, it } from 'vitest';
import { reportJson, reviewPsbt, signingSheet } from '../src/index.ts';
import { type Breach, breachTable, findingsIn } from './breach.ts';
import { signedSpend } from './signed.ts';
import {
  cleanSpend,
  cosigners,
  editInput,
  editRecords,
  editTransaction,
  foreign,
  own,
  put,
  without,
} from './spend.ts';

const inFirst = (edit: (map: PsbtMap) => PsbtMap, psbt: Psbt): Psbt => editInput(psbt, 0, edit);

const one = await signedSpend([1]);
const three = await signedSpend([0, 1, 2]);

const [ownSignature] = fieldsOf(one.inputs[0] as PsbtMap, INPUT.partialSignature);
const { key, value } = ownSignature as NonNullable<typeof ownSignature>;
const otherKey = own.wsh.at('receive', 0).publicKeys[3] as Uint8Array;
const strangerKey = foreign.at('receive', 0).publicKeys[4] as Uint8Array;

/** The first input's signature, changed; or another in its place. */
const signature = (bytes: Uint8Array, by = key): Psbt =>
  inFirst(put(record(INPUT.partialSignature, bytes, by)), one);

const flagged = (flag: number): Uint8Array => Uint8Array.of(...value.subarray(0, -1), flag);

/** n − s in the place of s: as good to consensus, and another signature. */
const highS = (): Uint8Array => {
  const { compact } = decodeSignature(value);
  const hex = Buffer.from(compact.subarray(32)).toString('hex');
  const s = Buffer.from((ORDER - BigInt(`0x${hex}`)).toString(16).padStart(64, '0'), 'hex');
  // By hand, because nothing in the house writes it.
  const integer = (of: Uint8Array): number[] => {
    const bytes = [...of].slice([...of].findIndex((byte) => byte !== 0));
    return [
      2,
      bytes.length + ((bytes[0] as number) >> 7),
      ...((bytes[0] as number) > 127 ? [0] : []),
      ...bytes,
    ];
  };
  const body = [...integer(compact.subarray(0, 32)), ...integer(s)];
  return Uint8Array.of(0x30, body.length, ...body, 1);
};

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${formatHex(bytes)}`);

const modulo = (number: bigint): bigint => ((number % ORDER) + ORDER) % ORDER;

/** Fermat: number^(n − 2) modulo n. */
const inverse = (number: bigint): bigint => {
  let [result, base] = [1n, modulo(number)];
  for (let exponent = ORDER - 2n; exponent > 0n; exponent >>= 1n) {
    if ((exponent & 1n) === 1n) result = modulo(result * base);
    base = modulo(base * base);
  }
  return result;
};

/** Custodian 2 signs input 1 with the nonce of input 0, which their first signature and key give. */
const sharedNonce = (): Psbt => {
  const hashes = signatureHashes(matchPolicy(cleanSpend(), own.wsh));
  const account = BIP32Factory(curve)
    .fromSeed(mnemonicToSeedSync(generateMnemonic(new Uint8Array(16).fill(2))))
    .derivePath("m/48'/1'/0'/2'");
  const secretAt = (path: string): bigint =>
    numberOf(account.derivePath(path).privateKey as Uint8Array);
  const { compact } = decodeSignature(value);
  const [r, s] = [numberOf(compact.subarray(0, 32)), numberOf(compact.subarray(32))];
  const nonce = modulo(inverse(s) * (numberOf(hashes(0)) + r * secretAt('0/0')));
  const second = modulo(inverse(nonce) * (numberOf(hashes(1)) + r * secretAt('1/3')));
  const low = second > ORDER / 2n ? ORDER - second : second;
  const bytes = Uint8Array.of(
    ...compact.subarray(0, 32),
    ...parseHex(low.toString(16).padStart(64, '0')),
  );
  return editInput(
    one,
    1,
    editRecords(INPUT.partialSignature, (before) => ({
      ...before,
      value: encodeSignature({ compact: bytes, flag: 1 }),
    })),
  );
};

const breaches = breachTable([
  ...[0x82, 0x03, 0x02, 0x81, 0, 0x101].map(
    (type): Breach => [
      `sighash type ${type} is asked for`,
      'block sighash-not-all, input 0',
      () => inFirst(put(record(INPUT.sighashType, type)), cleanSpend()),
    ],
  ),
  ...[0x82, 0x03, 0x02, 0x81, 0].map(
    (flag): Breach => [
      `a signature carries the flag ${flag}`,
      'block sighash-not-all, input 0',
      () => signature(flagged(flag)),
    ],
  ),
  [
    'a good signature of a stranger',
    'block signature-stranger, input 0',
    () => signature(value, strangerKey),
  ],
  [
    'a signature by the key of another cosigner',
    'block signature-invalid, input 0',
    () => signature(value, otherKey),
  ],
  [
    'a signature of another input',
    'block signature-invalid, input 0',
    () => {
      const [other] = fieldsOf(one.inputs[1] as PsbtMap, INPUT.partialSignature);
      return signature((other as NonNullable<typeof other>).value);
    },
  ],
  [
    'a signature of a sibling with a lower fee',
    'block signature-invalid, input 0',
    () =>
      inFirst(
        put(record(INPUT.partialSignature, value, key)),
        editTransaction(cleanSpend(), (transaction) => ({
          ...transaction,
          outputs: transaction.outputs.map((output, i) =>
            i === 1 ? { ...output, amount: output.amount + 100n } : output,
          ),
        })),
      ),
  ],
  [
    'a signature with one byte too many',
    'block signature-encoding, input 0',
    () => signature(Uint8Array.of(...value.subarray(0, -1), 0, 1)),
  ],
  ['a signature with a high s', 'block signature-encoding, input 0', () => signature(highS())],
  [
    'a signature of one byte',
    'block signature-encoding, input 0',
    () => signature(Uint8Array.of(1)),
  ],
  ['as many signatures as it takes', 'note signatures-complete, transaction', () => three],
  [
    'a signer who has signed',
    'note signer-has-signed, transaction',
    () => one,
    { context: { signer: cosigners[1] } },
  ],
  [
    'a signer who is no cosigner',
    'block signer-not-involved, transaction',
    () => cleanSpend(),
    { context: { signer: cosigners[5] } },
  ],
]);

describe('signatures', () => {
  it.each(breaches)('$breach: $found', ({ found, psbt, judgedBy }) => {
    expect(findingsIn(psbt(), judgedBy)).toEqual([found]);
  });

  it('warns a signer whom an input does not name', () => {
    const psbt = inFirst(
      editRecords(INPUT.derivation, (derivation) =>
        Buffer.from(derivation.keyData).equals(key) ? undefined : derivation,
      ),
      cleanSpend(),
    );
    expect(findingsIn(psbt, { context: { signer: cosigners[1] } })).toEqual([
      'note field-missing, input 0',
      'warn signer-not-named, input 0',
    ]);
    expect(findingsIn(psbt, { context: { signer: cosigners[2] } })).toEqual([
      'note field-missing, input 0',
    ]);
  });

  it('block two that share a nonce, though each of them holds', () => {
    expect(findingsIn(sharedNonce())).toEqual(['block signature-nonce-repeated, input 1']);
  });

  it.each(['wsh', 'sh-wsh', 'sh'] as const)('are no finding if good: %s', async (kind) => {
    const signed = await signedSpend([4, 2], cleanSpend(kind), kind);
    expect(findingsIn(signed, { kind })).toEqual([]);
    expect(findingsIn(convertPsbt(signed, 2), { kind })).toEqual([]);
  });

  it('are not judged where the coin is not proven', () => {
    expect(findingsIn(inFirst(without(INPUT.nonWitnessUtxo), one))).toEqual([
      'block previous-transaction-missing, input 0',
    ]);
  });

  it('leave the digest as it was if good, and not if bad', () => {
    const digest = (psbt: Psbt): string => reviewPsbt(psbt, own.wsh).digest;
    const clean = digest(cleanSpend());
    expect(digest(one)).toBe(clean);
    expect(digest(three)).toBe(clean);
    expect(digest(signature(flagged(3)))).not.toBe(clean);
    expect(digest(signature(value, otherKey))).not.toBe(clean);
  });

  it('are counted by name', () => {
    const { signing } = reviewPsbt(inFirst(without(INPUT.partialSignature), three), own.wsh);
    expect(signing).toEqual({
      required: 3,
      cosigners: cosigners.slice(0, 5).map(({ name }, i) => ({ name, inputs: i < 3 ? 1 : 0 })),
    });
    const lines = (psbt: Psbt): string =>
      signingSheet(reviewPsbt(psbt, own.wsh)).find(([label]) => label === 'Signed')?.[1] ?? '';
    expect(lines(cleanSpend())).toBe('by nobody yet; 3 more of 5 must');
    expect(lines(one)).toBe('by Custodian 2; 2 more of 5 must');
    expect(lines(three)).toBe('by Custodian 1, Custodian 2, Custodian 3; nobody is missing');
    expect(lines(inFirst(without(INPUT.partialSignature), one))).toBe(
      'by Custodian 2 (1 of 2 coins); 3 more of 5 must',
    );
    expect(reportJson(reviewPsbt(one, own.wsh))['signing']).toMatchObject({ required: 3 });
  });

  it('say which of their findings another machine does not share', () => {
    const [finding] = reportJson(reviewPsbt(three, own.wsh))['findings'] as unknown[];
    expect(finding).toMatchObject({ rule: 'signatures-complete', local: true });
    expect(reviewPsbt(three, own.wsh).digest).toBe(reviewPsbt(cleanSpend(), own.wsh).digest);
  });
});
