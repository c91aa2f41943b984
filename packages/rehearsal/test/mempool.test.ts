import type { Transaction } from 'bitcoinjs-lib';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Verdict } from '../src/regtest/acceptance.ts';
import { type NodeState, nodeState } from '../src/regtest/node-state.ts';
import { type ChainTransaction, decodeTransaction } from '../src/regtest/transaction.ts';
import {
  faucetLegacyScript,
  faucetScript,
  signFaucetInput,
  signFaucetLegacyInput,
  TEST_TIME,
  type TestInput,
  type TestOutput,
  testWallet,
  unsignedTransaction,
} from './multisig-wallet.ts';

const REWARD = 5_000_000_000n;

const decoded = (transaction: Transaction): ChainTransaction => {
  const read = decodeTransaction(transaction.toBuffer());
  if (read === undefined) throw new Error('bitcoinjs-lib writes transactions');
  return read;
};

/** A chain of 110 blocks whose rewards go to the faucet. */
const chainOf110 = (): NodeState => {
  const state = nodeState(TEST_TIME);
  for (let i = 0; i < 110; i++) state.mine(faucetScript);
  return state;
};

const rewardOf = (state: NodeState, height: number): TestInput => {
  const txid = state.chain.blockAt(height)?.transactions[0]?.txid;
  if (txid === undefined) throw new Error('there is such a block');
  return { txid, vout: 0, amount: REWARD };
};

const signed = (
  inputs: readonly TestInput[],
  outputs: readonly TestOutput[],
  prepare: (transaction: Transaction) => void = () => undefined,
): ChainTransaction => {
  const transaction = unsignedTransaction(inputs, outputs);
  prepare(transaction);
  for (const [i, { amount }] of inputs.entries()) signFaucetInput(transaction, i, amount);
  return decoded(transaction);
};

const accept = (state: NodeState, transaction: ChainTransaction): ChainTransaction => {
  const verdict = state.mempool.judge(transaction);
  if (!verdict.accepted) throw new Error(verdict.reason);
  state.accept(transaction, verdict);
  return transaction;
};

const reasonOf = (verdict: Verdict): string => (verdict.accepted ? 'accepted' : verdict.reason);

describe('the rules of the mempool', () => {
  let state: NodeState;
  let reward: TestInput;
  beforeAll(() => {
    state = chainOf110();
    reward = rewardOf(state, 2);
  });

  /** One reward to one output, after a change. */
  const judged = (
    outputs: readonly Partial<TestOutput>[] = [{}],
    prepare?: (transaction: Transaction) => void,
    inputs: readonly TestInput[] = [reward],
  ): string => {
    const whole = outputs.map((each) => ({
      script: faucetScript,
      amount: 4_999_000_000n,
      ...each,
    }));
    return reasonOf(state.mempool.judge(signed(inputs, whole, prepare)));
  };

  it('let a plain payment through, with its size and fee', () => {
    const payment = signed([reward], [{ script: faucetScript, amount: 4_999_990_000n }]);
    const verdict = state.mempool.judge(payment);
    expect(verdict).toEqual({ accepted: true, fee: 10_000n, vsize: 110 });
  });

  it.each([
    [4, 'version'],
    [0, 'version'],
    [3, 'accepted'],
    [1, 'accepted'],
  ])('take version %i: %s', (version, expected) => {
    const prepare = (transaction: Transaction): void => {
      transaction.version = version;
    };
    expect(judged([{}], prepare)).toBe(expected);
  });

  it.each([
    ['no outputs', [], 'bad-txns-vout-empty'],
    ['more than there is', [{ amount: 2_100_000_000_000_001n }], 'bad-txns-vout-toolarge'],
    [
      'more than there is in sum',
      [{ amount: 2_100_000_000_000_000n }, { amount: 1n }],
      'bad-txns-txouttotal-toolarge',
    ],
    ['more than comes in', [{ amount: REWARD + 1n }], 'bad-txns-in-belowout'],
    ['all that comes in', [{ amount: REWARD }], 'min relay fee not met'],
    ['all but 10 satoshis', [{ amount: REWARD - 10n }], 'min relay fee not met'],
    ['all but 11 satoshis', [{ amount: REWARD - 11n }], 'accepted'],
    ['dust', [{}, { amount: 293n }], 'dust'],
    ['the least that is no dust', [{}, { amount: 294n }], 'accepted'],
    [
      'dust on P2WSH',
      [{}, { amount: 329n, script: testWallet().at('receive', 0).scriptPubKey }],
      'dust',
    ],
    [
      'the least on P2WSH',
      [{}, { amount: 330n, script: testWallet().at('receive', 0).scriptPubKey }],
      'accepted',
    ],
    ['dust on P2PKH', [{}, { amount: 545n, script: faucetLegacyScript }], 'dust'],
    ['the least on P2PKH', [{}, { amount: 546n, script: faucetLegacyScript }], 'accepted'],
    [
      'a script that anyone spends',
      [{}, { amount: 1000n, script: Uint8Array.of(0x51) }],
      'scriptpubkey',
    ],
    ['an empty OP_RETURN', [{}, { amount: 0n, script: Uint8Array.of(0x6a) }], 'accepted'],
  ] as const)('judge outputs: %s', (_, outputs, expected) => {
    expect(judged(outputs)).toBe(expected);
  });

  it.each([
    ['a height that comes', 110, 'accepted'],
    ['the height of the next block', 111, 'non-final'],
    ['a time that has passed', TEST_TIME, 'accepted'],
    ['a time to come', TEST_TIME + 10_000, 'non-final'],
  ])('wait for a lock time: %s', (_, lockTime, expected) => {
    const prepare = (transaction: Transaction): void => {
      transaction.locktime = lockTime;
    };
    expect(judged([{}], prepare)).toBe(expected);
  });

  it('do not wait for a lock time when every input is final', () => {
    const prepare = (transaction: Transaction): void => {
      transaction.locktime = 500;
      for (const input of transaction.ins) input.sequence = 0xffffffff;
    };
    expect(judged([{}], prepare)).toBe('accepted');
  });

  it.each([
    ['blocks that have come', 109, 'accepted'],
    ['one block more', 110, 'non-BIP68-final'],
    ['no time', 0x00400000, 'accepted'],
    ['512 seconds', 0x00400001, 'non-BIP68-final'],
    ['nothing, by the top bit', 0x80400fff, 'accepted'],
  ])('wait for a relative lock: %s', (_, sequence, expected) => {
    expect(judged([{}], undefined, [{ ...reward, sequence }])).toBe(expected);
  });

  it('know no relative lock before version 2', () => {
    const prepare = (transaction: Transaction): void => {
      transaction.version = 1;
    };
    expect(judged([{}], prepare, [{ ...reward, sequence: 110 }])).toBe('accepted');
  });

  it.each([
    ['twice in one transaction', () => [reward, reward], 'bad-txns-inputs-duplicate'],
    ['that was never there', () => [{ ...reward, vout: 1 }], 'bad-txns-inputs-missingorspent'],
    [
      'of a transaction that was never there',
      () => [{ ...reward, txid: 'ee'.repeat(32) }],
      'bad-txns-inputs-missingorspent',
    ],
    [
      'of a coinbase 99 blocks deep',
      () => [rewardOf(state, 12)],
      'bad-txns-premature-spend-of-coinbase',
    ],
    ['of a coinbase 100 blocks deep', () => [rewardOf(state, 11)], 'accepted'],
    ['of no transaction', () => [{ ...reward, txid: '0'.repeat(64) }], 'coinbase'],
    [
      'of no transaction beside another',
      () => [reward, { ...reward, txid: '0'.repeat(64) }],
      'bad-txns-prevout-null',
    ],
  ] as const)('judge an input %s', (_, inputs, expected) => {
    expect(judged([{}], undefined, inputs())).toBe(expected);
  });

  it('refuse what is larger than is relayed', () => {
    const outputs = Array.from({ length: 3300 }, () => ({ amount: 1000n }));
    expect(judged(outputs)).toBe('tx-size');
  });

  it('refuse what is so small that it could be mistaken for a node of a merkle tree', () => {
    expect(judged([{ amount: 0n, script: Uint8Array.of(0x6a) }])).toBe('tx-size-small');
  });

  it('refuse a scriptSig that does more than push, or pushes too much', () => {
    const withScriptSig = (scriptSig: Uint8Array) => (transaction: Transaction) =>
      transaction.setInputScript(0, scriptSig);
    expect(judged([{}], withScriptSig(Uint8Array.of(0x51, 0x76)))).toBe('scriptsig-not-pushonly');
    expect(judged([{}], withScriptSig(new Uint8Array(1651)))).toBe('scriptsig-size');
  });

  it('refuse what the interpreter refuses', () => {
    expect(judged([{}], undefined, [{ ...reward, amount: REWARD + 1n }])).toBe(
      'mempool-script-verify-flag-failed (SCRIPT_ERR_SIG_NULLFAIL, input 0)',
    );
  });
});

describe('what waits', () => {
  it('goes into the next block in its order, and the miner has the fees', () => {
    const state = chainOf110();
    const parent = accept(
      state,
      signed([rewardOf(state, 1)], [{ script: faucetScript, amount: 4_000_000_000n }]),
    );
    const child = accept(
      state,
      signed(
        [{ txid: parent.txid, vout: 0, amount: 4_000_000_000n }],
        [{ script: faucetLegacyScript, amount: 3_999_000_000n }],
      ),
    );
    expect(state.mempool.entries().map(({ transaction }) => transaction)).toEqual([parent, child]);
    const block = state.mine(faucetScript);
    expect(block.transactions.slice(1)).toEqual([parent, child]);
    expect(block.transactions[0]?.outputs[0]?.amount).toBe(REWARD + 1_001_000_000n);
    expect(state.mempool.entries()).toEqual([]);
    expect(state.chain.coin({ txid: parent.txid, vout: 0 })).toBeUndefined();
    expect(state.chain.coin({ txid: child.txid, vout: 0 })).toMatchObject({ height: 111 });
  });

  it('is not taken again, nor what conflicts with it, nor what is in a block', () => {
    const state = chainOf110();
    const reward = rewardOf(state, 1);
    const first = accept(
      state,
      signed([reward], [{ script: faucetScript, amount: 4_000_000_000n }]),
    );
    const rival = signed([reward], [{ script: faucetScript, amount: 3_000_000_000n }]);
    expect(reasonOf(state.mempool.judge(first))).toBe('txn-already-in-mempool');
    expect(reasonOf(state.mempool.judge(rival))).toBe('txn-mempool-conflict');
    state.mine(faucetScript);
    expect(reasonOf(state.mempool.judge(first))).toBe('bad-txns-inputs-missingorspent');
    expect(reasonOf(state.mempool.judge(rival))).toBe('bad-txns-inputs-missingorspent');
  });

  it('leaves with its children when a block holds its rival', () => {
    const state = chainOf110();
    const reward = rewardOf(state, 1);
    const loser = accept(
      state,
      signed([reward], [{ script: faucetScript, amount: 4_000_000_000n }]),
    );
    accept(
      state,
      signed(
        [{ txid: loser.txid, vout: 0, amount: 4_000_000_000n }],
        [{ script: faucetScript, amount: 3_000_000_000n }],
      ),
    );
    const other = accept(
      state,
      signed([rewardOf(state, 2)], [{ script: faucetScript, amount: 4_000_000_000n }]),
    );
    const rival = signed([reward], [{ script: faucetScript, amount: 2_000_000_000n }]);
    state.mineOnly(faucetScript, [rival]);
    expect(state.mempool.entries().map(({ transaction }) => transaction)).toEqual([other]);
    expect(state.chain.transaction(rival.txid)?.block.height).toBe(111);
  });

  it('spends P2PKH with exactly a signature and a key', () => {
    const state = chainOf110();
    const paid = accept(
      state,
      signed([rewardOf(state, 1)], [{ script: faucetLegacyScript, amount: 4_000_000_000n }]),
    );
    const spend = unsignedTransaction(
      [{ txid: paid.txid, vout: 0, amount: 4_000_000_000n }],
      [{ script: faucetScript, amount: 3_000_000_000n }],
    );
    signFaucetLegacyInput(spend, 0);
    expect(reasonOf(state.mempool.judge(decoded(spend)))).toBe('accepted');
    const [input] = spend.ins;
    spend.setInputScript(0, Buffer.from([0x51, ...(input?.script ?? [])]));
    expect(reasonOf(state.mempool.judge(decoded(spend)))).toBe('bad-txns-nonstandard-inputs');
  });

  it('spends no Taproot output: nothing here could check it', () => {
    const state = chainOf110();
    const taproot = Uint8Array.of(0x51, 32, ...new Uint8Array(32).fill(2));
    const paid = accept(
      state,
      signed([rewardOf(state, 1)], [{ script: taproot, amount: 4_000_000_000n }]),
    );
    const spend = signed(
      [{ txid: paid.txid, vout: 0, amount: 4_000_000_000n }],
      [{ script: faucetScript, amount: 3_000_000_000n }],
    );
    expect(reasonOf(state.mempool.judge(spend))).toBe('bad-txns-nonstandard-inputs');
  });
});

describe('a block that is filled by hand', () => {
  it.each([
    [
      'spends the same twice',
      (reward: TestInput) => [signed([reward], [out(1n)]), signed([reward], [out(2n)])],
    ],
    ['is not signed', (reward: TestInput) => [decoded(unsignedTransaction([reward], [out(1n)]))]],
    ['makes money', (reward: TestInput) => [signed([reward], [out(REWARD + 1n)])]],
  ])('is refused when it %s, and the chain stays as it was', (_, make) => {
    const state = chainOf110();
    expect(() => state.mineOnly(faucetScript, make(rewardOf(state, 1)))).toThrow(
      /TestBlockValidity failed/,
    );
    expect(state.chain.tip().height).toBe(110);
  });
});

function out(amount: bigint): TestOutput {
  return { script: faucetScript, amount };
}

describe('the clock', () => {
  it('stands still, and blocks are a second past the median of eleven', () => {
    const state = chainOf110();
    const times = [1, 2, 3, 6, 7, 8, 12, 13].map((height) => state.chain.blockAt(height)?.time);
    expect(times.map((time) => (time ?? 0) - TEST_TIME)).toEqual([0, 1, 1, 2, 2, 3, 3, 3]);
  });

  it('moves with setmocktime', () => {
    const state = chainOf110();
    state.setMockTime(TEST_TIME + 5000);
    expect(state.mine(faucetScript).time).toBe(TEST_TIME + 5000);
    state.setMockTime(0);
    expect(state.now()).toBe(TEST_TIME);
  });
});
