import { formatHex, parseHex } from '@qoima/primitives';
import { Block as BitcoinjsBlock, script as scripting } from 'bitcoinjs-lib';
import { describe, expect, it } from 'vitest';
import { assembleBlock, type Block, encodeBlock, genesisBlock } from '../src/regtest/block.ts';
import { blockSubsidy } from '../src/regtest/coinbase.ts';
import { type ChainTransaction, decodeTransaction } from '../src/regtest/transaction.ts';
import {
  faucetScript,
  signFaucetInput,
  TEST_TIME,
  unsignedTransaction,
} from './multisig-wallet.ts';

const coinbaseOf = ({ transactions }: Block): ChainTransaction => {
  const [coinbase] = transactions;
  if (coinbase === undefined) throw new Error('every block has a coinbase');
  return coinbase;
};

/** Transactions that spend nothing that exists: a block's form does not ask. */
const payments = (count: number): readonly ChainTransaction[] =>
  Array.from({ length: count }, (_, i) => {
    const input = { txid: `${i + 1}`.padStart(64, '0'), vout: 0, amount: 1000n };
    const transaction = unsignedTransaction([input], [{ script: faucetScript, amount: 900n }]);
    signFaucetInput(transaction, 0, 1000n);
    const decoded = decodeTransaction(transaction.toBuffer());
    if (decoded === undefined) throw new Error('bitcoinjs-lib writes transactions');
    return decoded;
  });

describe('the genesis block', () => {
  it('is the one of every regtest', () => {
    expect(genesisBlock()).toMatchObject({
      hash: '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
      merkleRoot: '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b',
      height: 0,
      nonce: 2,
    });
  });
});

describe('a block', () => {
  /** Made by Bitcoin Core v31.99.0 with `setmocktime 1700000000` and `generatetoaddress`. */
  it('is the one that Bitcoin Core makes, byte for byte', () => {
    const script = parseHex('0014670caa79e51d78ed0c583b89ff39d9c49b7199e7');
    const first = assembleBlock(genesisBlock(), 1_700_000_000, [], 0n, script);
    expect(first.hash).toBe('577c2fded1a48ff110f4f691c38d5620e61e06786dbb43592c2a36a65f5a3a76');
    expect(coinbaseOf(first).txid).toBe(
      'a5769e00ba40dc6e6eae594743e22907c4f25c1b6dfa4bad08986947409cdac7',
    );
    const second = assembleBlock(first, 1_700_000_001, [], 0n, script);
    expect(second.hash).toBe('1a18841827352ab666664336272f795524ff781af7d5a619011ee5f1a60d5f9a');
  });

  it.each([0, 1, 2, 3, 6, 7])('of %i payments is sound to bitcoinjs-lib', (count) => {
    const block = assembleBlock(genesisBlock(), TEST_TIME, payments(count), 7n, faucetScript);
    const parsed = BitcoinjsBlock.fromBuffer(Buffer.from(encodeBlock(block)));
    expect(parsed.checkTxRoots()).toBe(true);
    expect(parsed.checkProofOfWork()).toBe(true);
    expect(parsed.getId()).toBe(block.hash);
    expect(parsed.transactions).toHaveLength(count + 1);
    expect(parsed.timestamp).toBe(TEST_TIME);
    expect(block.header).toHaveLength(80);
  });

  it('pays subsidy and fees to the script', () => {
    const block = assembleBlock(genesisBlock(), TEST_TIME, [], 123n, faucetScript);
    expect(coinbaseOf(block).outputs[0]).toEqual({ amount: 5_000_000_123n, script: faucetScript });
  });

  it.each([1, 2, 16, 17, 127, 128, 255, 256, 32_767, 32_768, 65_535, 65_536, 8_388_608])(
    'tells its height %i as BIP-34 wants it',
    (height) => {
      const parent = { ...genesisBlock(), height: height - 1 };
      const block = assembleBlock(parent, TEST_TIME, [], 0n, faucetScript);
      const scriptSig = coinbaseOf(block).inputs[0]?.scriptSig ?? new Uint8Array();
      const pushed = height <= 16 ? [0x50 + height, 0] : [scripting.number.encode(height)];
      expect(formatHex(scriptSig)).toBe(formatHex(scripting.compile(pushed)));
      expect(coinbaseOf(block).lockTime).toBe(height - 1);
    },
  );

  it('is the same whenever it is made the same way', () => {
    const make = (): Block =>
      assembleBlock(genesisBlock(), TEST_TIME, payments(2), 5n, faucetScript);
    expect(formatHex(encodeBlock(make()))).toBe(formatHex(encodeBlock(make())));
  });
});

describe('the subsidy', () => {
  it.each([
    [1, 5_000_000_000n],
    [149, 5_000_000_000n],
    [150, 2_500_000_000n],
    [300, 1_250_000_000n],
    [150 * 33, 0n],
    [150 * 64, 0n],
  ])('of block %i on regtest', (height, expected) => {
    expect(blockSubsidy(height)).toBe(expected);
  });
});
