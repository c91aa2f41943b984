import { formatHex, parseHex, type Sats } from '@qoima/primitives';
import { networks, Psbt, payments } from 'bitcoinjs-lib';
import { ECPairFactory } from 'ecpair';
import * as secp256k1 from 'tiny-secp256k1';
import { askNode } from './node-rpc.ts';
import type { RunningNode } from './running-node.ts';

/**
 * A miner who pays deposits. Made of bitcoinjs-lib, and of nothing of Qoima's, so that the first coins
 * of a rehearsal come from somebody else's code.
 */
export interface Faucet {
  readonly address: string;
  /** Pays all outputs with the coinbase of a block that this faucet mined; gives the transaction's id. */
  pay(blockHash: string, outputs: readonly Deposit[]): Promise<string>;
}

export interface Deposit {
  readonly address: string;
  readonly amount: Sats;
}

const network = networks.regtest;
const FEE: Sats = 10_000n;

/** `secret`: 32 bytes; regtest only. */
export const openFaucet = (node: RunningNode, secret: Uint8Array): Faucet => {
  const key = ECPairFactory(secp256k1).fromPrivateKey(secret, { network });
  const { address, output } = payments.p2wpkh({ pubkey: key.publicKey, network });
  if (address === undefined || output === undefined) {
    throw new Error('a public key always has a p2wpkh address');
  }
  return {
    address,
    pay: async (blockHash, outputs) => {
      const { tx } = (await askNode(node, 'getblock', [blockHash, 1])) as { tx: string[] };
      const txid = tx[0] ?? '';
      const previous = String(await askNode(node, 'getrawtransaction', [txid, 0, blockHash]));
      const psbt = new Psbt({ network }).addInput({
        hash: txid,
        index: 0,
        nonWitnessUtxo: parseHex(previous),
      });
      for (const { address: to, amount } of outputs) psbt.addOutput({ address: to, value: amount });
      const paid = outputs.reduce((sum, { amount }) => sum + amount, FEE);
      psbt.addOutput({ script: output, value: BLOCK_SUBSIDY - paid });
      const transaction = psbt.signAllInputs(key).finalizeAllInputs().extractTransaction();
      return String(await askNode(node, 'sendrawtransaction', [formatHex(transaction.toBuffer())]));
    },
  };
};

/** Of the first 150 blocks on regtest. */
const BLOCK_SUBSIDY: Sats = 5_000_000_000n;
