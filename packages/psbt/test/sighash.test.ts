import { Transaction as OracleTransaction } from 'bitcoinjs-lib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bip143Midstates,
  encodeTransaction,
  legacySighash,
  legacyTemplate,
  SIGHASH,
  witnessSighash,
} from '../src/index.ts';
import { anyTransaction } from './generated-psbt.ts';

const flags = [SIGHASH.all, SIGHASH.none, SIGHASH.single].flatMap((flag) => [
  flag,
  flag | SIGHASH.anyoneCanPay,
]);

describe('sighashes of any transaction are those of bitcoinjs-lib', () => {
  const amount = fc.bigInt(0n, 2_100_000_000_000_000n);
  const script = fc.uint8Array({ minLength: 1, maxLength: 700 }).map((bytes) =>
    // bitcoinjs-lib cuts OP_CODESEPARATOR out; ours leaves that to scripts that have one.
    bytes.map((byte) => (byte === 0xab ? 0xac : byte)),
  );

  it('with a witness (BIP-143)', () => {
    fc.assert(
      fc.property(anyTransaction, script, amount, (transaction, scriptCode, value) => {
        const oracle = OracleTransaction.fromBuffer(encodeTransaction(transaction));
        const midstates = bip143Midstates(transaction);
        transaction.inputs.forEach((_, index) => {
          for (const flag of flags) {
            expect(witnessSighash(midstates, index, scriptCode, value, flag)).toEqual(
              oracle.hashForWitnessV0(index, scriptCode, value, flag),
            );
          }
        });
      }),
      { numRuns: 100 },
    );
  });

  it('without', () => {
    // A script that parses: bitcoinjs-lib compiles it again.
    const pushes = fc
      .array(fc.uint8Array({ minLength: 2, maxLength: 60 }), { minLength: 1, maxLength: 12 })
      .map((items) => Uint8Array.from(items.flatMap((item) => [item.length, ...item])));
    fc.assert(
      fc.property(anyTransaction, pushes, (transaction, scriptCode) => {
        const oracle = OracleTransaction.fromBuffer(encodeTransaction(transaction));
        const template = legacyTemplate(transaction);
        transaction.inputs.forEach((_, index) => {
          for (const flag of flags) {
            const ours = legacySighash(template, index, scriptCode, flag);
            if ((flag & 0x1f) === SIGHASH.single && index >= transaction.outputs.length) {
              // Core hashes to uint256::ONE, whose first byte is 1; bitcoinjs-lib sets the last.
              expect(ours).toEqual(Uint8Array.of(1, ...new Uint8Array(31)));
            } else {
              expect(ours).toEqual(oracle.hashForSignature(index, scriptCode, flag));
            }
          }
        });
      }),
      { numRuns: 100 },
    );
  });

  it('without, from 253 inputs on, where the count is longer', () => {
    const transaction = {
      version: 2,
      lockTime: 0,
      inputs: Array.from({ length: 300 }, (_, vout) => ({
        txid: new Uint8Array(32).fill(7),
        vout,
        sequence: 0xfffffffd,
        scriptSig: new Uint8Array(),
        witness: [],
      })),
      outputs: [{ amount: 1n, script: Uint8Array.of(0x51) }],
    };
    const oracle = OracleTransaction.fromBuffer(encodeTransaction(transaction));
    const scriptCode = Uint8Array.of(2, 7, 7);
    const template = legacyTemplate(transaction);
    for (const index of [0, 252, 299]) {
      expect(legacySighash(template, index, scriptCode, SIGHASH.all)).toEqual(
        oracle.hashForSignature(index, scriptCode, SIGHASH.all),
      );
    }
  });
});
