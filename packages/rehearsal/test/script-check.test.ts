import type { ScriptKind } from '@qoima/policy';
import { concatBytes } from '@qoima/primitives';
import type { Transaction } from 'bitcoinjs-lib';
import { describe, expect, it } from 'vitest';
import { scriptFailure } from '../src/regtest/script-check.ts';
import { type ChainOutput, decodeTransaction } from '../src/regtest/transaction.ts';
import {
  faucetLegacyScript,
  faucetScript,
  policySignatures,
  setStack,
  signFaucetInput,
  signFaucetLegacyInput,
  signPolicyInput,
  testWallet,
  unsignedTransaction,
  withHighS,
} from './multisig-wallet.ts';

const AMOUNT = 1_500_000n;
const inputs = ['aa', 'bb'].map((byte) => ({ txid: byte.repeat(32), vout: 1, amount: AMOUNT }));
const outputs = [{ script: faucetScript, amount: 2_990_000n }];
const place = { branch: 'receive', index: 7, amount: AMOUNT } as const;

const failureOf = (transaction: Transaction, spent: readonly ChainOutput[]): string | undefined => {
  const decoded = decodeTransaction(transaction.toBuffer());
  if (decoded === undefined) throw new Error('bitcoinjs-lib writes transactions');
  return scriptFailure(decoded, spent);
};

const flipped = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

/** Positive numbers with a needless zero before them: BER, not DER. */
const padded = (signature: Uint8Array): Uint8Array => {
  const [, total = 0, , rLength = 0] = signature;
  const header = Uint8Array.of(0x30, total + 1, 2, rLength + 1, 0);
  return concatBytes(header, signature.slice(4));
};

type Stack = readonly Uint8Array[];

/** Dummy, three signatures, script: what is done to them, and what the interpreter says. */
const DEFECTS: readonly [what: string, spoil: (stack: Stack) => Stack, verdict: string][] = [
  ['a signature with a wrong bit', (s) => replaced(s, 2, (x) => flipped(x, 20)), 'NULLFAIL'],
  ['two signatures swapped', ([d, a, b, c, x]) => stackOf(d, b, a, c, x), 'NULLFAIL'],
  ['a signature twice', ([d, a, b, , x]) => stackOf(d, a, b, b, x), 'NULLFAIL'],
  ['an empty signature', (s) => replaced(s, 1, () => new Uint8Array()), 'NULLFAIL'],
  ['another flag than was signed', (s) => replaced(s, 1, (x) => withFlag(x, 2)), 'NULLFAIL'],
  ['an unknown flag', (s) => replaced(s, 1, (x) => withFlag(x, 4)), 'SIG_HASHTYPE'],
  ['the flag zero', (s) => replaced(s, 3, (x) => withFlag(x, 0)), 'SIG_HASHTYPE'],
  ['a high s', (s) => replaced(s, 1, withHighS), 'SIG_DER_HIGH_S'],
  ['a needless zero in DER', (s) => replaced(s, 1, padded), 'SIG_DER_INVALID_FORMAT'],
  ['a signature without its flag', (s) => replaced(s, 1, (x) => x.slice(0, -1)), 'SIG_DER'],
  ['no dummy', (s) => s.slice(1), 'INVALID_STACK_OPERATION'],
  ['a dummy that is not empty', (s) => replaced(s, 0, () => Uint8Array.of(1)), 'NULLDUMMY'],
  ['two signatures', ([d, a, b, , x]) => stackOf(d, a, b, x), 'INVALID_STACK_OPERATION'],
];

const stackOf = (...items: readonly (Uint8Array | undefined)[]): Stack =>
  items.map((item) => item ?? new Uint8Array());

const replaced = (stack: Stack, at: number, change: (item: Uint8Array) => Uint8Array): Stack =>
  stack.map((item, i) => (i === at ? change(item) : item));

const withFlag = (signature: Uint8Array, flag: number): Uint8Array =>
  concatBytes(signature.slice(0, -1), Uint8Array.of(flag));

describe.each(['wsh', 'sh-wsh', 'sh'] as const)('a 3-of-5 in %s', (kind: ScriptKind) => {
  const wallet = testWallet(kind);
  const policyScript = wallet.at('receive', 7);
  const spent = [
    { amount: AMOUNT, script: policyScript.scriptPubKey },
    { amount: AMOUNT, script: faucetScript },
  ];

  /** Input 0 of the policy, input 1 of a single key. */
  const signed = (spoil: (stack: Stack) => Stack = (stack) => stack): Transaction => {
    const transaction = unsignedTransaction(inputs, outputs);
    const signatures = policySignatures(transaction, 0, wallet, place);
    const stack = [new Uint8Array(), ...signatures, policyScript.multisigScript];
    setStack(transaction, 0, wallet, place, spoil(stack));
    signFaucetInput(transaction, 1, AMOUNT);
    return transaction;
  };

  it.each([[[0, 1, 2]], [[2, 3, 4]], [[0, 2, 4]]])('is spent by cosigners %j', (signers) => {
    const transaction = unsignedTransaction(inputs, outputs);
    signPolicyInput(transaction, 0, wallet, { ...place, signers });
    signFaucetInput(transaction, 1, AMOUNT);
    expect(failureOf(transaction, spent)).toBeUndefined();
  });

  it.each([0x81, 0x02, 0x83])('is spent with the flag %i, which consensus allows', (flag) => {
    const transaction = unsignedTransaction(inputs, outputs);
    signPolicyInput(transaction, 0, wallet, { ...place, flag });
    signFaucetInput(transaction, 1, AMOUNT);
    expect(failureOf(transaction, spent)).toBeUndefined();
  });

  it.each(DEFECTS)('is not spent with %s', (_, spoil, verdict) => {
    const failure = failureOf(signed(spoil), spent);
    expect(failure).toContain(verdict);
    expect(failure).toMatch(/, input 0$/);
  });

  it('is not spent with four signatures', () => {
    const transaction = unsignedTransaction(inputs, outputs);
    signPolicyInput(transaction, 0, wallet, { ...place, signers: [0, 1, 2, 3] });
    signFaucetInput(transaction, 1, AMOUNT);
    expect(failureOf(transaction, spent)).toContain('NULLDUMMY');
  });

  it('is not spent with the script of another index', () => {
    const other = wallet.at('receive', 8).multisigScript;
    const failure = failureOf(
      signed((stack) => replaced(stack, 4, () => other)),
      spent,
    );
    expect(failure).toContain(kind === 'sh' ? 'EVAL_FALSE' : 'WITNESS_PROGRAM_MISMATCH');
  });

  it('is not spent with signatures of another index', () => {
    const transaction = unsignedTransaction(inputs, outputs);
    const signatures = policySignatures(transaction, 0, wallet, { ...place, index: 8 });
    setStack(transaction, 0, wallet, place, [
      new Uint8Array(),
      ...signatures,
      policyScript.multisigScript,
    ]);
    signFaucetInput(transaction, 1, AMOUNT);
    expect(failureOf(transaction, spent)).toContain('NULLFAIL');
  });

  it('is not spent once an output is changed, nor the sequence, nor the lock time', () => {
    const changes: readonly ((transaction: Transaction) => void)[] = [
      (transaction) => {
        for (const output of transaction.outs) output.value += 1n;
      },
      (transaction) => {
        for (const input of transaction.ins) input.sequence -= 1;
      },
      (transaction) => {
        transaction.locktime = 5;
      },
    ];
    for (const change of changes) {
      const transaction = signed();
      change(transaction);
      expect(failureOf(transaction, spent)).toContain('NULLFAIL');
    }
  });

  it('is not spent with an item below the dummy', () => {
    const failure = failureOf(
      signed((stack) => [Uint8Array.of(9), ...stack]),
      spent,
    );
    expect(failure).toContain(kind === 'sh' ? 'CLEANSTACK' : 'EVAL_FALSE');
  });

  it('reports the second input', () => {
    const transaction = signed();
    signFaucetInput(transaction, 1, AMOUNT + 1n);
    expect(failureOf(transaction, spent)).toBe('SCRIPT_ERR_SIG_NULLFAIL, input 1');
  });

  if (kind !== 'sh') {
    it('is not spent when the amount that was signed is not the one that is spent', () => {
      const lies = spent.map(({ script, amount }) => ({ script, amount: amount + 1n }));
      expect(failureOf(signed(), lies)).toContain('NULLFAIL');
    });

    it('is not spent with a scriptSig that should not be there', () => {
      const transaction = signed();
      const scriptSig = transaction.ins[0]?.script ?? new Uint8Array();
      transaction.setInputScript(0, concatBytes(Uint8Array.of(0x51), scriptSig));
      expect(failureOf(transaction, spent)).toContain('WITNESS_MALLEATED');
    });

    it('is not spent without a witness', () => {
      const transaction = signed();
      transaction.setWitness(0, []);
      expect(failureOf(transaction, spent)).toContain('WITNESS_PROGRAM_WITNESS_EMPTY');
    });
  }
});

describe('a single key', () => {
  const spent = [faucetScript, faucetLegacyScript].map((script) => ({ amount: AMOUNT, script }));

  const signed = (): Transaction => {
    const transaction = unsignedTransaction(inputs, outputs);
    signFaucetInput(transaction, 0, AMOUNT);
    signFaucetLegacyInput(transaction, 1);
    return transaction;
  };

  it('spends P2WPKH and P2PKH', () => {
    expect(failureOf(signed(), spent)).toBeUndefined();
  });

  it('does not spend what was paid to another', () => {
    const transaction = signed();
    const swapped = spent.toReversed();
    expect(failureOf(transaction, swapped)).toBeDefined();
  });

  it('does not spend P2PKH with a wrong bit', () => {
    const transaction = signed();
    const script = transaction.ins[1]?.script ?? new Uint8Array();
    transaction.setInputScript(1, flipped(script, 30));
    expect(failureOf(transaction, spent)).toBe('SCRIPT_ERR_SIG_NULLFAIL, input 1');
  });

  it('does not spend P2PKH with a witness beside it', () => {
    const transaction = signed();
    transaction.setWitness(1, [Uint8Array.of(1)]);
    expect(failureOf(transaction, spent)).toBe('SCRIPT_ERR_WITNESS_UNEXPECTED, input 1');
  });
});

it('refuses scripts that do not parse, and does not throw', () => {
  const transaction = unsignedTransaction(inputs, outputs);
  transaction.setInputScript(0, Uint8Array.of(0x4c));
  const spent = [{ amount: AMOUNT, script: Uint8Array.of(0x05, 1) }];
  expect(failureOf(transaction, spent)).toContain('SCRIPT_ERR_UNKNOWN_ERROR');
});
