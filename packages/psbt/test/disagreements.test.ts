import { readFileSync } from 'node:fs';
import { formatHex } from '@qoima/primitives';
import { Transaction as ScureTransaction } from '@scure/btc-signer';
import { Psbt as BitcoinJsPsbt, networks, Transaction } from 'bitcoinjs-lib';
import * as ecc from 'tiny-secp256k1';
import { describe, expect, it } from 'vitest';
import { parserDisagreements } from '../fuzz/disagreements.ts';
import {
  assemblePsbt,
  combinePsbts,
  convertPsbt,
  createPsbt,
  decodePsbt,
  encodePsbt,
  encodeSignature,
  encodeUnsignedTransaction,
  extractTransaction,
  finalizePsbt,
  INPUT,
  matchPolicy,
  type Psbt,
  type PsbtRecord,
  record,
  signPsbt,
  verifySignatures,
  withoutTypes,
} from '../src/index.ts';
import { childNode, nodeAt, strangerScript, testCoins, testWallet } from './wallet.ts';

/**
 * Where bitcoinjs-lib 7.0.5 and @scure/btc-signer 2.4.1 do otherwise, and are not followed: the table
 * of `docs/fuzzing.md`, one test for each row. When one of them changes its mind, this says so.
 */
const wallet = testWallet();
const { scripts, signers, accounts } = wallet;
const created = createPsbt({
  scripts,
  coins: testCoins(scripts, 1),
  outputs: [{ kind: 'payment', scriptPubKey: strangerScript(), amount: 99_000n }],
});

const signedBy = async (...who: readonly number[]): Promise<Psbt> => {
  let psbt = created;
  for (const i of who) psbt = (await signPsbt(psbt, scripts, signers[i]!)).psbt;
  return psbt;
};

const edited = (psbt: Psbt, edit: (record: PsbtRecord) => PsbtRecord): Psbt => ({
  ...psbt,
  inputs: psbt.inputs.map((map) => map.map(edit)),
});

const isSignature = ({ type }: PsbtRecord): boolean => type === INPUT.partialSignature.type;

/** The last byte of s changed: strict DER still, and good for nothing. */
const garbled = (psbt: Psbt): Psbt =>
  edited(psbt, (each) => {
    if (!isSignature(each)) return each;
    const value = each.value.slice();
    value[value.length - 2] = (value.at(-2) as number) ^ 1;
    return { ...each, value };
  });

/** Lets whoever holds it pay the coin to anybody. */
const NONE_ANYONECANPAY = 0x82;

const bitcoinjs = (psbt: Psbt): BitcoinJsPsbt => BitcoinJsPsbt.fromBuffer(encodePsbt(psbt));
const scure = (psbt: Psbt): ScureTransaction => ScureTransaction.fromPSBT(encodePsbt(psbt));
const valid = (key: Uint8Array, hash: Uint8Array, signature: Uint8Array): boolean =>
  ecc.verify(hash, key, signature);
const refused = (code: string): Error => expect.objectContaining({ code }) as Error;
const finalOf = (psbt: Psbt): Psbt =>
  finalizePsbt(verifySignatures(psbt, matchPolicy(psbt, scripts)));

it('docs/fuzzing.md has every disagreement of the parsers', () => {
  const page = readFileSync(new URL('../../../docs/fuzzing.md', import.meta.url), 'utf8');
  for (const { library, does, subject, because } of parserDisagreements) {
    expect(page).toContain(`| ${library} | ${does} ${subject} | ${because} |`);
  }
});

describe('bitcoinjs-lib', () => {
  it('reads no version 2', () => {
    expect(() => bitcoinjs(convertPsbt(created, 2))).toThrow(/./);
  });

  it('takes a signature with another flag for valid, where no sighash type is asked for', () => {
    const [input] = matchPolicy(created, scripts).inputs;
    const { multisigScript, publicKeys } = input!.script;
    const unsigned = Transaction.fromBuffer(encodeUnsignedTransaction(created.transaction));
    const hash = unsigned.hashForWitnessV0(0, multisigScript, input!.amount, NONE_ANYONECANPAY);
    const { secret } = nodeAt(childNode(accounts[0]!, 0), [0]);
    const compact = ecc.sign(hash, secret);
    const signature = record(
      INPUT.partialSignature,
      encodeSignature({ compact, flag: NONE_ANYONECANPAY }),
      publicKeys[0]!,
    );
    const [map] = created.inputs;
    const psbt: Psbt = {
      ...created,
      inputs: [[...withoutTypes(map!, new Set([INPUT.sighashType.type])), signature]],
    };
    expect(bitcoinjs(psbt).validateSignaturesOfAllInputs(valid)).toBe(true);
    expect(() => verifySignatures(psbt, matchPolicy(psbt, scripts))).toThrow(
      refused('PSBT_SIGNATURE_FLAG'),
    );
  });

  it('wants exactly as many signatures as the quorum, and refuses more', async () => {
    const four = await signedBy(0, 1, 2, 3);
    expect(() => bitcoinjs(four).finalizeAllInputs()).toThrow(/Too many signatures|Can not/);
    expect(extractTransaction(finalOf(four)).length).toBeGreaterThan(0);
  });

  it('finalises signatures that it has not verified', async () => {
    const bad = garbled(await signedBy(0, 1, 2));
    expect(() => bitcoinjs(bad).finalizeAllInputs()).not.toThrow();
    expect(bitcoinjs(bad).validateSignaturesOfAllInputs(valid)).toBe(false);
    expect(() => finalOf(bad)).toThrow(refused('PSBT_SIGNATURE_INVALID'));
  });

  it('combines two signatures of one key without a word', async () => {
    const good = await signedBy(0);
    const combined = bitcoinjs(good).combine(bitcoinjs(garbled(good)));
    expect(combined.data.inputs[0]?.partialSig).toHaveLength(1);
    expect(() => combinePsbts([good, garbled(good)])).toThrow(refused('PSBT_FIELD_CONFLICT'));
  });

  it('reads the version of a transaction without its sign', () => {
    const psbt = assemblePsbt(0, { ...created.transaction, version: -1 }, created);
    expect(bitcoinjs(psbt).version).toBe(0xffffffff);
    expect(decodePsbt(encodePsbt(psbt)).transaction.version).toBe(-1);
  });

  it('writes an empty map after a PSBT without outputs', () => {
    const empty = new BitcoinJsPsbt({ network: networks.regtest });
    empty.addInput({ hash: new Uint8Array(32).fill(1), index: 0 });
    const bytes = empty.toBuffer();
    expect(formatHex(bytes.subarray(-2))).toBe('0000');
  });
});

describe('@scure/btc-signer', () => {
  it('finalises signatures that it has not verified', async () => {
    const bad = garbled(await signedBy(0, 1, 2));
    expect(() => scure(bad).finalize()).not.toThrow();
    expect(() => finalOf(bad)).toThrow(refused('PSBT_SIGNATURE_INVALID'));
  });

  it('drops records that it does not know, unless told to keep them', () => {
    const odd: PsbtRecord = {
      type: 0xf0,
      keyData: Uint8Array.of(7),
      value: Uint8Array.of(8),
    };
    const psbt = { ...created, inputs: created.inputs.map((map) => [...map, odd]) };
    const kept = formatHex(scure(psbt).toPSBT(0));
    expect(kept).not.toContain('02f0070108');
    expect(formatHex(encodePsbt(convertPsbt(convertPsbt(psbt, 2), 0)))).toContain('02f0070108');
  });
});
