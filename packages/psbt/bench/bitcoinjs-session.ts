import { encodeExtendedKey, formatDerivationPath } from '@qoima/policy';
import { parseTxid, sha256 } from '@qoima/primitives';
import type { Coin } from '@qoima/psbt';
import { BIP32Factory, type BIP32Interface } from 'bip32';
import { networks, Psbt, payments, script as scripts } from 'bitcoinjs-lib';
import * as ecc from 'tiny-secp256k1';
import { masterNode } from '../test/wallet.ts';
import { stopwatch } from './calls.ts';
import type { Contestant } from './contestant.ts';
import type { Spend } from './spend.ts';

const network = networks.regtest;
const bip32 = BIP32Factory(ecc);

const OP_CHECKMULTISIG = 0xae;

/** How the same library is used: as its documents show, or as its source suggests. */
export type Use = 'idiomatic' | 'expert';

/**
 * bitcoinjs-lib. Idiomatic: `addInput` with everything in it, `signAllInputsHD` from the master key,
 * `payments` for the policy check. Expert: bare inputs and outputs first and then `updateInput`, because
 * `addInput` looks at all inputs before it; branch keys derived once; scripts put together by hand; no
 * check of the fee rate at the end.
 */
export const bitcoinjs = (use: Use): Contestant => ({
  session: async (spend) => {
    const { wallet, coins } = spend;
    const { calls, time } = stopwatch();
    const created = time('create', () => createPsbt(spend, use));
    const psbt = time('serialise', () => created.toBuffer());
    const masters = spend.signers.map((i) => nodeOf(masterNode(seedOf(i))));
    const branches = spend.branches.map(nodeOf);
    const returned = spend.signers.map((_, i) => {
      const received = time('parse', () => Psbt.fromBuffer(psbt, { network }));
      time('sign', () => {
        if (use === 'idiomatic') received.signAllInputsHD(masters[i]!);
        else {
          for (const [input, coin] of coins.entries()) {
            received.signInput(input, branches[i]!.derive(coin.index));
          }
        }
      });
      return time('serialise', () => received.toBuffer());
    });
    const combined = combine(returned, time);
    const accounts = wallet.policy.cosigners.map(({ key }) =>
      bip32.fromPublicKey(key.publicKey, key.chainCode, network),
    );
    time('policy check', () => checkPolicy(combined, coins, accounts, use));
    const allGood = time('verify', () =>
      combined.validateSignaturesOfAllInputs((key, hash, signature) =>
        ecc.verify(hash, key, signature),
      ),
    );
    if (!allGood) throw new Error('every signature was made just now');
    const transaction = finish(combined, use, time);
    return { calls, psbt, returned, transaction };
  },
  paperwork: (spend, signed) => {
    const { calls, time } = stopwatch();
    const created = time('create', () => createPsbt(spend, use));
    time('serialise', () => created.toBuffer());
    finish(combine(signed, time), use, time);
    return calls;
  },
});

type Time = ReturnType<typeof stopwatch>['time'];

const combine = (files: readonly Uint8Array[], time: Time): Psbt => {
  const [first, ...others] = files.map((file) =>
    time('parse', () => Psbt.fromBuffer(file, { network })),
  );
  if (first === undefined) throw new Error('somebody signs');
  return time('combine', () => first.combine(...others));
};

const finish = (psbt: Psbt, use: Use, time: Time): Uint8Array => {
  time('finalise', () => psbt.finalizeAllInputs());
  return time('extract', () => psbt.extractTransaction(use === 'expert').toBuffer());
};

const createPsbt = ({ wallet, coins, payment, change }: Spend, use: Use): Psbt => {
  const { policy } = wallet;
  const psbt = new Psbt({ network });
  psbt.setVersion(2);
  psbt.updateGlobal({
    globalXpub: policy.cosigners.map(({ key, origin }) => ({
      extendedPubkey: encodeExtendedKey(key),
      masterFingerprint: origin.fingerprint,
      path: `m/${formatDerivationPath(origin.path)}`,
    })),
  });
  const paths = policy.cosigners.map(({ origin }) => `m/${formatDerivationPath(origin.path)}`);
  const derivationsOf = (branch: 'receive' | 'change', index: number) =>
    wallet.scripts.at(branch, index).publicKeys.map((pubkey, i) => ({
      masterFingerprint: policy.cosigners[i]!.origin.fingerprint,
      path: `${paths[i]}/${branch === 'change' ? 1 : 0}/${index}`,
      pubkey,
    }));
  const bare = (coin: Coin) => ({
    hash: parseTxid(coin.outpoint.txid),
    index: coin.outpoint.vout,
    sequence: 0xfffffffd,
  });
  const rest = (coin: Coin) => {
    const { scriptPubKey, witnessScript } = wallet.scripts.at(coin.branch, coin.index);
    return {
      nonWitnessUtxo: coin.previousTransaction,
      witnessUtxo: { script: scriptPubKey, value: coin.amount },
      sighashType: 1,
      witnessScript: witnessScript!,
      bip32Derivation: derivationsOf(coin.branch, coin.index),
    };
  };
  const own = wallet.scripts.at('change', change.index);
  const ownRest = {
    witnessScript: own.witnessScript!,
    bip32Derivation: derivationsOf('change', change.index),
  };
  if (use === 'idiomatic') {
    for (const coin of coins) psbt.addInput({ ...bare(coin), ...rest(coin) });
    psbt.addOutput({ script: payment.script, value: payment.amount });
    psbt.addOutput({ script: own.scriptPubKey, value: change.amount, ...ownRest });
  } else {
    for (const coin of coins) psbt.addInput(bare(coin));
    psbt.addOutput({ script: payment.script, value: payment.amount });
    psbt.addOutput({ script: own.scriptPubKey, value: change.amount });
    for (const [i, coin] of coins.entries()) psbt.updateInput(i, rest(coin));
    psbt.updateOutput(1, ownRest);
  }
  return psbt;
};

/** Derives the script of every input anew and compares it with what is spent. */
const checkPolicy = (
  psbt: Psbt,
  coins: readonly Coin[],
  accounts: readonly BIP32Interface[],
  use: Use,
): void => {
  const branches = accounts.map((account) => account.derive(0));
  for (const [i, { index }] of coins.entries()) {
    const pubkeys =
      use === 'idiomatic'
        ? accounts.map((account) => account.derive(0).derive(index).publicKey)
        : branches.map((branch) => branch.derive(index).publicKey);
    pubkeys.sort(Buffer.compare);
    const spent = psbt.data.inputs[i]!.witnessUtxo!.script;
    if (Buffer.compare(scriptOf(pubkeys, use), spent) !== 0) throw new Error('not of this policy');
  }
};

const scriptOf = (pubkeys: Uint8Array[], use: Use): Uint8Array => {
  if (use === 'idiomatic') {
    return payments.p2wsh({ redeem: payments.p2ms({ m: 3, pubkeys, network }), network }).output!;
  }
  const multisig = scripts.compile([0x53, ...pubkeys, 0x55, OP_CHECKMULTISIG]);
  return scripts.compile([0, sha256(multisig)]);
};

const nodeOf = ({ secret, chainCode }: { secret: Uint8Array; chainCode: Uint8Array }) =>
  bip32.fromPrivateKey(secret, chainCode, network);

/** As of `testWallet`. */
const seedOf = (cosigner: number): Uint8Array => new Uint8Array(32).fill(16 + cosigner);
