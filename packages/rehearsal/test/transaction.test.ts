import { concatBytes, formatHex, parseHex } from '@qoima/primitives';
import { Transaction } from 'bitcoinjs-lib';
import { describe, expect, it } from 'vitest';
import { outputType, pushes } from '../src/regtest/output-type.ts';
import { decodeTransaction, virtualSize } from '../src/regtest/transaction.ts';
import {
  faucetScript,
  signFaucetInput,
  signPolicyInput,
  testWallet,
  unsignedTransaction,
} from './multisig-wallet.ts';

const spend = (): Transaction => {
  const wallet = testWallet('sh-wsh');
  const inputs = ['01', '02'].map((byte) => ({ txid: byte.repeat(32), vout: 3, amount: 50_000n }));
  const outputs = [
    { script: faucetScript, amount: 0n },
    { script: wallet.at('change', 1).scriptPubKey, amount: 2_100_000_000_000_000n },
  ];
  const transaction = unsignedTransaction(inputs, outputs);
  transaction.locktime = 0xfffffffe;
  signPolicyInput(transaction, 0, wallet, { branch: 'receive', index: 0, amount: 50_000n });
  signFaucetInput(transaction, 1, 50_000n);
  return transaction;
};

describe('decodeTransaction', () => {
  it('reads what bitcoinjs-lib wrote, with the same ids and weight', () => {
    const written = spend();
    const bytes = written.toBuffer();
    const read = decodeTransaction(bytes);
    expect(read).toMatchObject({
      txid: written.getId(),
      wtxid: formatHex(written.getHash(true).toReversed()),
      weight: written.weight(),
      version: 2,
      lockTime: 0xfffffffe,
      outputs: [{ amount: 0n }, { amount: 2_100_000_000_000_000n }],
    });
    expect(read && virtualSize(read)).toBe(written.virtualSize());
    expect(read?.inputs.map(({ outpoint }) => outpoint)).toEqual([
      { txid: '01'.repeat(32), vout: 3 },
      { txid: '02'.repeat(32), vout: 3 },
    ]);
    expect(read?.inputs.map(({ witness }) => witness.length)).toEqual([5, 2]);
    expect(read?.inputs.map(({ scriptSig }) => scriptSig.length)).toEqual([35, 0]);
  });

  it('reads the old serialisation', () => {
    const unsigned = unsignedTransaction(
      [{ txid: '01'.repeat(32), vout: 0, amount: 1n }],
      [{ script: faucetScript, amount: 1n }],
    );
    expect(decodeTransaction(unsigned.toBuffer())).toMatchObject({
      txid: unsigned.getId(),
      wtxid: unsigned.getId(),
      weight: unsigned.weight(),
    });
  });

  it('refuses every cut and every byte too many', () => {
    const bytes = spend().toBuffer();
    for (let length = 0; length < bytes.length; length++) {
      expect(decodeTransaction(bytes.subarray(0, length))).toBeUndefined();
    }
    expect(decodeTransaction(concatBytes(bytes, Uint8Array.of(0)))).toBeUndefined();
  });

  it.each([
    [
      'a length that is not in its shortest form',
      '01000000fd0100' + '01'.repeat(32) + '0000000000ffffffff0100000000000000000000000000',
    ],
    [
      'a witness marker without a witness',
      '010000000001' +
        '01' +
        '01'.repeat(32) +
        '0000000000ffffffff01000000000000000000' +
        '00' +
        '00000000',
    ],
  ])('refuses %s', (_, hex) => {
    expect(decodeTransaction(parseHex(hex))).toBeUndefined();
  });
});

describe('outputType', () => {
  const hash20 = 'ab'.repeat(20);
  const hash32 = 'cd'.repeat(32);

  it.each([
    [`76a914${hash20}88ac`, 'pubkeyhash'],
    [`a914${hash20}87`, 'scripthash'],
    [`0014${hash20}`, 'witness_v0_keyhash'],
    [`0020${hash32}`, 'witness_v0_scripthash'],
    [`5120${hash32}`, 'witness_v1_taproot'],
    [`5114${hash20}`, 'witness_unknown'],
    [`6002abcd`, 'witness_unknown'],
    ['6a', 'nulldata'],
    ['6a0461626364', 'nulldata'],
    ['6a05616263', 'nonstandard'],
    ['6aac', 'nonstandard'],
    [`0015${hash20}00`, 'nonstandard'],
    [`0014${hash20}00`, 'nonstandard'],
    [`76a914${hash20}88ad`, 'nonstandard'],
    ['51', 'nonstandard'],
    ['', 'nonstandard'],
  ])('of %s is %s', (hex, type) => {
    expect(outputType(parseHex(hex))).toBe(type);
  });
});

describe('pushes', () => {
  it.each([
    ['', []],
    ['00', ['']],
    ['4f', ['81']],
    ['5160', ['01', '10']],
    ['02abcd', ['abcd']],
    ['4c01ab', ['ab']],
    ['4d0200abcd', ['abcd']],
    ['4e01000000ab', ['ab']],
  ])('of %s', (hex, expected) => {
    expect(pushes(parseHex(hex))?.map(formatHex)).toEqual(expected);
  });

  it.each(['02ab', '4c', '4c02ab', '4d02', '4effffffffab', 'ac', '0161'.concat('76')])(
    'of %s are none',
    (hex) => {
      expect(pushes(parseHex(hex))).toBeUndefined();
    },
  );
});
