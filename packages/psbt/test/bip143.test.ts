import { formatHex, parseBtc, parseHex } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import { readVectors, type VectorEntry } from '../../../scripts/read-vectors.ts';
import {
  bip143Midstates,
  decodeTransaction,
  decodeUnsignedTransaction,
  encodeUnsignedTransaction,
  SIGHASH,
  witnessSighash,
} from '../src/index.ts';

interface SighashEntry extends VectorEntry {
  readonly title: string;
  readonly unsigned_tx: string;
  readonly inputs: readonly { readonly value_btc: string }[];
  readonly preimages: readonly string[];
  readonly sighashes: readonly string[];
  readonly signed_tx?: string;
}

/** The parts of a preimage that are not the transaction's: BIP-143 lists them in this order. */
const partsOf = (preimage: string): { outpoint: string; scriptCode: string; flag: number } => {
  const scriptAt = (4 + 32 + 32 + 36) * 2;
  const length = Number.parseInt(preimage.slice(scriptAt, scriptAt + 2), 16);
  return {
    outpoint: preimage.slice(scriptAt - 72, scriptAt),
    scriptCode: preimage.slice(scriptAt + 2, scriptAt + 2 + length * 2),
    flag: Number.parseInt(preimage.slice(-8, -6), 16),
  };
};

describe('BIP-143', () => {
  for (const entry of readVectors<SighashEntry>('script/bip143.json').entries) {
    describe(`${entry.id}: ${entry.title}`, () => {
      const transaction = decodeUnsignedTransaction(parseHex(entry.unsigned_tx));
      const midstates = bip143Midstates(transaction);
      entry.preimages.forEach((preimage, i) => {
        const { outpoint, scriptCode, flag } = partsOf(preimage);
        it(`sighash with flag 0x${flag.toString(16)}`, () => {
          const index = transaction.inputs.findIndex(({ txid, vout }) =>
            outpoint.startsWith(`${formatHex(txid)}0${vout}`),
          );
          const amount = parseBtc(entry.inputs[index]?.value_btc ?? '');
          const hash = witnessSighash(midstates, index, parseHex(scriptCode), amount, flag);
          expect(formatHex(hash)).toBe(entry.sighashes[i]);
        });
      });
      it('the unsigned transaction is the signed one without its signatures', () => {
        expect(formatHex(encodeUnsignedTransaction(transaction))).toBe(entry.unsigned_tx);
        if (entry.signed_tx === undefined) return;
        const signed = decodeTransaction(parseHex(entry.signed_tx));
        expect(formatHex(encodeUnsignedTransaction(signed))).toBe(entry.unsigned_tx);
      });
    });
  }

  it('an input that is not there is a mistake of the program', () => {
    const midstates = bip143Midstates({ version: 2, lockTime: 0, inputs: [], outputs: [] });
    expect(() => witnessSighash(midstates, 0, new Uint8Array(), 0n, SIGHASH.all)).toThrow(
      /is there/,
    );
  });
});
