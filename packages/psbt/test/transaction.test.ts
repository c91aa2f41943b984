import { concatBytes, formatHex, parseHex } from '@qoima/primitives';
import { Transaction as OracleTransaction } from 'bitcoinjs-lib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readVectors, type VectorEntry } from '../../../scripts/read-vectors.ts';
import {
  decodeTransaction,
  decodeUnsignedTransaction,
  encodeTransaction,
  encodeUnsignedTransaction,
  transactionId,
  transactionOutput,
  transactionVsize,
  transactionWeight,
  witnessTransactionId,
} from '../src/index.ts';
import { anyTransaction } from './generated-psbt.ts';
import { codeOf } from './psbt-vectors.ts';

describe('Bitcoin Core tx_valid.json and tx_invalid.json', () => {
  // Those called invalid break script rules; as transactions they are well formed.
  interface Entry extends VectorEntry {
    readonly tx: string;
    readonly prevouts: readonly { readonly txid: string; readonly vout: number }[];
  }
  for (const { id, tx, prevouts } of readVectors<Entry>('script/core-tx-multisig.json').entries) {
    it(id, () => {
      const transaction = decodeTransaction(parseHex(tx));
      expect(formatHex(encodeTransaction(transaction))).toBe(tx);
      const spent = transaction.inputs.map(
        ({ txid, vout }) => `${formatHex(txid.slice().reverse())}:${vout}`,
      );
      expect(spent).toHaveLength(prevouts.length);
      for (const prevout of prevouts) expect(spent).toContain(`${prevout.txid}:${prevout.vout}`);
    });
  }
});

describe('transactions that Bitcoin Core made', () => {
  interface Spend {
    readonly quorums: readonly {
      readonly final_tx: string;
      readonly txid: string;
      readonly wtxid: string;
      readonly vsize: number;
    }[];
  }
  interface Entry extends VectorEntry {
    readonly psbt_v0: Spend;
    readonly psbt_v2?: Spend;
  }
  for (const { id, psbt_v0, psbt_v2 } of readVectors<Entry>('multisig/core-generated-3of5.json')
    .entries) {
    it(`${id}: txid, wtxid, vsize`, () => {
      for (const { final_tx, txid, wtxid, vsize } of [psbt_v0, psbt_v2].flatMap(
        (spend) => spend?.quorums ?? [],
      )) {
        const bytes = parseHex(final_tx);
        expect(transactionId(bytes)).toBe(txid);
        expect(witnessTransactionId(bytes)).toBe(wtxid);
        expect(transactionVsize(bytes)).toBe(vsize);
        expect(encodeTransaction(decodeTransaction(bytes))).toEqual(bytes);
      }
    });
  }
});

describe('any transaction', () => {
  it('is the same to bitcoinjs-lib', () => {
    fc.assert(
      fc.property(anyTransaction, (transaction) => {
        const bytes = encodeTransaction(transaction);
        expect(decodeTransaction(bytes)).toEqual(transaction);
        const oracle = OracleTransaction.fromBuffer(bytes);
        expect(transactionId(bytes)).toBe(oracle.getId());
        expect(witnessTransactionId(bytes)).toBe(
          formatHex(oracle.getHash(oracle.hasWitnesses()).slice().reverse()),
        );
        expect(transactionWeight(bytes)).toBe(oracle.weight());
        expect(transactionVsize(bytes)).toBe(oracle.virtualSize());
        transaction.outputs.forEach((output, vout) => {
          expect(transactionOutput(bytes, vout)).toEqual(output);
        });
        expect(transactionOutput(bytes, transaction.outputs.length)).toBeUndefined();
        const unsigned = decodeUnsignedTransaction(encodeUnsignedTransaction(transaction));
        expect(unsigned.outputs).toEqual(transaction.outputs);
      }),
      { numRuns: 300 },
    );
  });
});

it('a transaction with its witness has the id of bitcoinjs-lib, however large', () => {
  const input = { txid: new Uint8Array(32).fill(7), vout: 0, sequence: 1, scriptSig: none };
  const output = { amount: 1000n, script: new Uint8Array(34).fill(9) };
  const transactions = [1, 45, 46, 47, 48, 200].map((outputs) => ({
    version: 2,
    lockTime: outputs,
    inputs: [{ ...input, witness: [Uint8Array.of(outputs)] }],
    outputs: Array.from({ length: outputs }, () => output),
  }));
  for (const transaction of transactions) {
    const bytes = encodeTransaction(transaction);
    expect(transactionId(bytes)).toBe(OracleTransaction.fromBuffer(bytes).getId());
  }
});

const none = new Uint8Array();

const legacy = parseHex(
  `0200000001${'07'.repeat(32)}0000000000ffffffff01e803000000000000015100000000`,
);

describe('decodeTransaction refuses', () => {
  const segwit = concatBytes(
    legacy.subarray(0, 4),
    parseHex('0001'),
    legacy.subarray(4, -4),
    parseHex('0101aa'),
    legacy.subarray(-4),
  );

  it('none of these', () => {
    expect(decodeTransaction(legacy).inputs[0]?.witness).toEqual([]);
    expect(decodeTransaction(segwit).inputs[0]?.witness).toEqual([Uint8Array.of(0xaa)]);
    expect(transactionId(segwit)).toBe(transactionId(legacy));
  });

  const at = (bytes: Uint8Array, offset: number, hex: string): Uint8Array => {
    const changed = bytes.slice();
    changed.set(parseHex(hex), offset);
    return changed;
  };

  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(), 'PSBT_TRANSACTION_INVALID'],
    ['a cut one', legacy.subarray(0, -1), 'PSBT_TRANSACTION_INVALID'],
    ['a byte too many', concatBytes(legacy, Uint8Array.of(0)), 'PSBT_TRANSACTION_INVALID'],
    ['no inputs', parseHex('020000000001e803000000000000015100000000'), 'PSBT_TRANSACTION_INVALID'],
    ['another segwit flag', at(segwit, 5, '02'), 'PSBT_TRANSACTION_INVALID'],
    ['an empty witness', at(segwit, segwit.length - 7, '00'), 'PSBT_TRANSACTION_INVALID'],
    [
      'a witness with nothing in it',
      concatBytes(segwit.subarray(0, -7), Uint8Array.of(0), segwit.subarray(-4)),
      'PSBT_TRANSACTION_INVALID',
    ],
    ['2^32 inputs', parseHex('02000000ff0000000001000000'), 'PSBT_TRANSACTION_INVALID'],
    ['a count in a longer form', parseHex('02000000fd0100'), 'PSBT_TRANSACTION_INVALID'],
    ['an amount of -1', at(legacy, 47, 'ffffffffffffffff'), 'PSBT_AMOUNT_OUT_OF_RANGE'],
    ['21 million bitcoin and one', at(legacy, 47, '0140075af0750700'), 'PSBT_AMOUNT_OUT_OF_RANGE'],
    ['more than a block holds', new Uint8Array(4_000_001), 'PSBT_TRANSACTION_INVALID'],
  ])('%s', (_, bytes, code) => {
    expect(codeOf(() => decodeTransaction(bytes))).toBe(code);
    expect(codeOf(() => transactionId(bytes))).toBe(code);
  });

  it('but takes 21 million bitcoin', () => {
    const most = at(legacy, 47, '0040075af0750700');
    expect(decodeTransaction(most).outputs[0]?.amount).toBe(2_100_000_000_000_000n);
  });
});
