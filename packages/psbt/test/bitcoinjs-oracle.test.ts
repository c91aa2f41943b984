import { formatHex, formatTxid } from '@qoima/primitives';
import { Psbt as BitcoinJsPsbt, initEccLib, Transaction } from 'bitcoinjs-lib';
import * as ecc from 'tiny-secp256k1';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  combinePsbts,
  createPsbt,
  decodePsbt,
  encodePsbt,
  extractTransaction,
  finalizePsbt,
  matchPolicy,
  type Psbt,
  signPsbt,
  takeSignatures,
  verifySignatures,
} from '../src/index.ts';
import {
  childNode,
  nodeAt,
  strangerScript,
  type TestWallet,
  testCoins,
  testWallet,
} from './wallet.ts';

beforeAll(() => initEccLib(ecc));

const create = (wallet: TestWallet): Psbt =>
  createPsbt({
    scripts: wallet.scripts,
    coins: testCoins(wallet.scripts, 3),
    outputs: [
      { kind: 'payment', scriptPubKey: strangerScript(), amount: 150_000n },
      { kind: 'change', index: 4, amount: 149_000n },
    ],
  });

/** The same signatures as ours, but made by bitcoinjs over what it reads out of the PSBT. */
const signWithBitcoinJs = (psbt: BitcoinJsPsbt, wallet: TestWallet, who: number): void => {
  const branch = childNode(wallet.accounts[who]!, 0);
  for (let i = 0; i < psbt.inputCount; i++) {
    const { secret } = nodeAt(branch, [i]);
    psbt.signInput(i, {
      publicKey: ecc.pointFromScalar(secret, true)!,
      sign: (hash: Uint8Array) => ecc.sign(hash, secret),
    });
  }
};
const valid = (publicKey: Uint8Array, hash: Uint8Array, signature: Uint8Array): boolean =>
  ecc.verify(hash, publicKey, signature);

describe.each(['wsh', 'sh-wsh', 'sh'] as const)('bitcoinjs-lib agrees: %s', (scriptKind) => {
  const wallet = testWallet({ scriptKind });
  const created = create(wallet);

  it('reads what createPsbt makes, and writes the same bytes', () => {
    const theirs = BitcoinJsPsbt.fromBuffer(encodePsbt(created));
    expect(formatHex(theirs.toBuffer())).toBe(formatHex(encodePsbt(created)));
    expect(theirs.inputCount).toBe(3);
    expect(theirs.txInputs.map(({ hash }) => formatTxid(hash))).toStrictEqual(
      testCoins(wallet.scripts, 3).map(({ outpoint }) => outpoint.txid),
    );
    for (const [i, input] of theirs.data.inputs.entries()) {
      const { publicKeys } = wallet.scripts.at('receive', i);
      expect(input.bip32Derivation).toHaveLength(5);
      for (const { path, pubkey } of input.bip32Derivation!) {
        expect(path).toBe(`m/48'/1'/0'/2'/0/${i}`);
        expect(publicKeys.map(formatHex)).toContain(formatHex(pubkey));
      }
    }
  });

  it('signs the same bytes and makes the same transaction', async () => {
    const theirs = BitcoinJsPsbt.fromBuffer(encodePsbt(created));
    let ours = created;
    for (const who of [3, 0, 2]) {
      signWithBitcoinJs(theirs, wallet, who);
      ours = (await signPsbt(ours, wallet.scripts, wallet.signers[who]!)).psbt;
    }
    expect(combinePsbts([decodePsbt(theirs.toBuffer())])).toStrictEqual(ours);
    expect(theirs.validateSignaturesOfAllInputs(valid)).toBe(true);
    const final = finalizePsbt(verifySignatures(ours, matchPolicy(ours, wallet.scripts)));
    const transaction = extractTransaction(final);
    const theirFinal = theirs.finalizeAllInputs();
    expect(formatHex(theirFinal.extractTransaction(true).toBuffer())).toBe(formatHex(transaction));
    expect(combinePsbts([decodePsbt(theirFinal.toBuffer())])).toStrictEqual(final);
    expect(formatHex(Transaction.fromBuffer(transaction).toBuffer())).toBe(formatHex(transaction));
    expect(matchPolicy(ours, wallet.scripts).fee).toBe(theirs.getFee());
  });

  it('its signatures are taken in, one custodian after the other', () => {
    let base = created;
    for (const who of [4, 1, 0]) {
      const theirs = BitcoinJsPsbt.fromBuffer(encodePsbt(created));
      signWithBitcoinJs(theirs, wallet, who);
      const intake = takeSignatures(base, decodePsbt(theirs.toBuffer()), wallet.scripts);
      expect(intake.taken).toHaveLength(3);
      expect(intake.refused).toStrictEqual([]);
      // What other programs write back contradicts nothing.
      expect(intake.injected.filter(({ how }) => how !== 'added')).toStrictEqual([]);
      base = intake.psbt;
    }
    const final = finalizePsbt(verifySignatures(base, matchPolicy(base, wallet.scripts)));
    expect(BitcoinJsPsbt.fromBuffer(encodePsbt(final)).extractTransaction(true).ins).toHaveLength(
      3,
    );
  });
});
