import { isQoimaError } from '@qoima/primitives';
import { Psbt as OraclePsbt } from 'bitcoinjs-lib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  convertPsbt,
  decodePsbt,
  encodePsbt,
  encodeUnsignedTransaction,
  type Psbt,
  parsePsbt,
  sortedMap,
} from '../src/index.ts';
import { anyPsbt } from './generated-psbt.ts';

const inOrder = (psbt: Psbt): Psbt => ({
  ...psbt,
  global: sortedMap(psbt.global),
  inputs: psbt.inputs.map(sortedMap),
  outputs: psbt.outputs.map(sortedMap),
});

describe('decode and encode', () => {
  it('give the same bytes and the same transaction back', () => {
    fc.assert(
      fc.property(anyPsbt(0, 2), (psbt) => {
        const bytes = encodePsbt(psbt);
        const decoded = decodePsbt(bytes);
        expect(decoded).toEqual(psbt);
        expect(encodePsbt(decoded)).toEqual(bytes);
      }),
      { numRuns: 200 },
    );
  });

  it('never throw an untyped error on damaged bytes, nor change what they take', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(anyPsbt(0, 2), damage, fc.option(fc.nat()), (psbt, changes, cut) => {
        const bytes = encodePsbt(psbt);
        for (const [at, value] of changes) bytes[5 + (at % (bytes.length - 5))] = value;
        const damaged = bytes.subarray(0, cut === null ? undefined : cut % bytes.length);
        let decoded: Psbt;
        try {
          decoded = parsePsbt(damaged);
        } catch (error) {
          if (!isQoimaError(error)) throw error;
          expect(error.code).toMatch(/^PSBT_/);
          return;
        }
        expect(encodePsbt(decoded)).toEqual(damaged);
      }),
      { numRuns: 1000 },
    );
  });

  it('agree with bitcoinjs-lib on what version 0 says', () => {
    fc.assert(
      fc.property(anyPsbt(0), (psbt) => {
        const oracle = OraclePsbt.fromBuffer(encodePsbt(psbt));
        const { transaction } = decodePsbt(encodePsbt(psbt));
        expect(oracle.data.getTransaction()).toEqual(encodeUnsignedTransaction(transaction));
        // It reads the version as unsigned; BIP-370 and consensus have it signed.
        expect(oracle.version | 0).toBe(transaction.version);
        expect(oracle.locktime).toBe(transaction.lockTime);
        oracle.txInputs.forEach((input, i) => {
          const { txid, vout, sequence } = transaction.inputs[i] ?? {};
          expect([input.hash, input.index, input.sequence]).toEqual([txid, vout, sequence]);
        });
        oracle.txOutputs.forEach(({ value, script }, i) => {
          expect({ amount: value, script }).toEqual(transaction.outputs[i]);
        });
      }),
      { numRuns: 200 },
    );
  });
});

describe('convertPsbt', () => {
  it('goes to version 2 and back without loss', () => {
    fc.assert(
      fc.property(anyPsbt(0), (psbt) => {
        const converted = convertPsbt(psbt, 2);
        expect(converted.version).toBe(2);
        expect(decodePsbt(encodePsbt(converted))).toEqual(converted);
        expect(convertPsbt(converted, 0)).toEqual(inOrder(psbt));
      }),
      { numRuns: 100 },
    );
  });
});
