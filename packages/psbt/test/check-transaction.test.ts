import { concatBytes, equalBytes, parseHex } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import {
  checkTransaction,
  createPsbt,
  decodeSignature,
  decodeTransaction,
  encodeSignature,
  encodeTransaction,
  extractTransaction,
  finalizePsbt,
  INPUT,
  matchPolicy,
  type PolicyMatch,
  type Psbt,
  type PsbtRecord,
  partialSignaturesOf,
  record,
  SIGHASH,
  sharedNonces,
  signatureHashes,
  signPsbt,
  type TransactionInput,
  verifySignatures,
  withRecords,
} from '../src/index.ts';
import { signWithNonce } from './nonce-signer.ts';
import { nodeAt, strangerScript, type TestWallet, testCoins, testWallet } from './wallet.ts';

/** A 2-of-3 spend of two coins, signed by the first and the third. */
const spendOf = async (wallet: TestWallet) => {
  const psbt = createPsbt({
    scripts: wallet.scripts,
    coins: testCoins(wallet.scripts, 2),
    outputs: [
      { kind: 'payment', scriptPubKey: strangerScript(), amount: 1_000n },
      { kind: 'change', index: 0, amount: 190_000n },
    ],
  });
  let signed = psbt;
  for (const i of [0, 2])
    signed = (await signPsbt(signed, wallet.scripts, wallet.signers[i]!)).psbt;
  const match = matchPolicy(psbt, wallet.scripts);
  const bytes = extractTransaction(finalizePsbt(verifySignatures(signed, match)));
  return { wallet, psbt, match, bytes };
};

const quorum = { required: 2, total: 3 };
const spends = {
  wsh: await spendOf(testWallet({ quorum, scriptKind: 'wsh' })),
  'sh-wsh': await spendOf(testWallet({ quorum, scriptKind: 'sh-wsh' })),
  sh: await spendOf(testWallet({ quorum, scriptKind: 'sh' })),
} as const;
type Spend = (typeof spends)['wsh'];

/** The stack of an input, whichever way it travels. */
type Stack = readonly Uint8Array[];
const none = new Uint8Array();

const push = (item: Uint8Array): Uint8Array => {
  if (item.length <= 75) return concatBytes(Uint8Array.of(item.length), item);
  return item.length <= 0xff
    ? concatBytes(Uint8Array.of(0x4c, item.length), item)
    : concatBytes(Uint8Array.of(0x4d, item.length & 0xff, item.length >> 8), item);
};

const pushed = (scriptSig: Uint8Array): Stack => {
  const items: Uint8Array[] = [];
  for (let at = 0; at < scriptSig.length; ) {
    const opcode = scriptSig[at]!;
    const [skip, length] = opcode <= 75 ? [1, opcode] : [2, scriptSig[at + 1]!];
    items.push(scriptSig.subarray(at + skip, at + skip + length));
    at += skip + length;
  }
  return items;
};

const withInput = (
  { bytes }: Spend,
  index: number,
  edit: (input: TransactionInput) => Partial<TransactionInput>,
): Uint8Array => {
  const transaction = decodeTransaction(bytes);
  return encodeTransaction({
    ...transaction,
    inputs: transaction.inputs.map((input, i) =>
      i === index ? { ...input, ...edit(input) } : input,
    ),
  });
};

const withStack = (spend: Spend, edit: (stack: Stack) => Stack): Uint8Array =>
  withInput(spend, 1, ({ witness, scriptSig }) =>
    witness.length > 0
      ? { witness: edit(witness) }
      : { scriptSig: concatBytes(...edit(pushed(scriptSig)).map(push)) },
  );

const order = BigInt('0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141');
const bigOf = (bytes: Uint8Array): bigint =>
  BigInt(`0x${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`);

const highS = (signature: Uint8Array): Uint8Array => {
  const { compact, flag } = decodeSignature(signature);
  const s = (order - bigOf(compact.subarray(32))).toString(16).padStart(64, '0');
  return encodeSignature({ compact: concatBytes(compact.subarray(0, 32), parseHex(s)), flag });
};
const at =
  (index: number, edit: (item: Uint8Array) => Uint8Array) =>
  (stack: Stack): Stack =>
    stack.map((item, i) => (i === index ? edit(item) : item));

const kinds = Object.keys(spends) as (keyof typeof spends)[];

describe('checkTransaction', () => {
  it.each(kinds)('takes what finalizePsbt makes of %s, also of all signatures', async (kind) => {
    const { wallet, psbt, match, bytes } = spends[kind];
    expect(() => checkTransaction(bytes, match)).not.toThrow();
    let all: Psbt = psbt;
    for (const signer of wallet.signers) all = (await signPsbt(all, wallet.scripts, signer)).psbt;
    const final = extractTransaction(finalizePsbt(verifySignatures(all, match)));
    expect(() => checkTransaction(final, match)).not.toThrow();
  });

  it.each([
    { required: 1, total: 1 },
    { required: 3, total: 5 },
    { required: 15, total: 15 },
  ])('takes $required of $total, keys in the order given too', async (of) => {
    const wallet = testWallet({ quorum: of, sorted: false, seed: 1 });
    let psbt = createPsbt({
      scripts: wallet.scripts,
      coins: testCoins(wallet.scripts, 1),
      outputs: [{ kind: 'change', index: 0, amount: 90_000n }],
    });
    for (const signer of wallet.signers.toReversed().slice(0, of.required)) {
      ({ psbt } = await signPsbt(psbt, wallet.scripts, signer));
    }
    const match = matchPolicy(psbt, wallet.scripts);
    const final = extractTransaction(finalizePsbt(verifySignatures(psbt, match)));
    expect(() => checkTransaction(final, match)).not.toThrow();
  });

  const stranger = testWallet({ quorum, seed: 5 }).scripts.at('receive', 1).multisigScript;
  const WRONG = 'PSBT_FINAL_SCRIPT_WRONG';
  /** For every kind: what is done to the stack of input 1, and what is said of it. */
  const faults: readonly [string, string, (stack: Stack) => Stack][] = [
    ['no dummy', WRONG, (stack) => stack.slice(1)],
    ['a dummy that is not empty (BIP-147)', WRONG, at(0, () => Uint8Array.of(0x51))],
    ['a dummy that is a zero byte', WRONG, at(0, () => Uint8Array.of(0))],
    ['two dummies', WRONG, (stack) => [none, ...stack]],
    ['an item behind the signatures', WRONG, (stack) => [...stack.slice(0, 3), none, stack[3]!]],
    ['a signature too few', WRONG, (stack) => [stack[0]!, ...stack.slice(2)]],
    ['a signature too many', WRONG, (stack) => [...stack.slice(0, 2), ...stack.slice(1)]],
    ['signatures in the other order', WRONG, ([a, b, c, d]) => [a!, c!, b!, d!]],
    ['one signature twice', WRONG, ([a, b, , d]) => [a!, b!, b!, d!]],
    ['no script', WRONG, (stack) => stack.slice(0, -1)],
    ['the script of a stranger', WRONG, at(3, () => stranger)],
    ['a script with a byte more', WRONG, at(3, (script) => concatBytes(script, Uint8Array.of(0)))],
    ['nothing at all', WRONG, () => [none]],
    ['an empty signature', 'PSBT_SIGNATURE_ENCODING', at(2, () => none)],
    ['a high s (BIP-146)', 'PSBT_SIGNATURE_ENCODING', at(1, highS)],
    [
      'a signature with padding (BIP-66)',
      'PSBT_SIGNATURE_ENCODING',
      at(1, (item) => concatBytes(item, Uint8Array.of(1))),
    ],
    ...[0, 2, 3, 0x81, 0x82, 0x83].map((flag): [string, string, (stack: Stack) => Stack] => [
      `the flag ${flag}`,
      'PSBT_SIGNATURE_FLAG',
      at(1, (item) => item.with(item.length - 1, flag)),
    ]),
    ['a signature with one bit turned', WRONG, at(2, (item) => item.with(12, item[12]! ^ 1))],
  ];
  const cases = kinds.flatMap((kind) =>
    faults.map(([name, code, edit]) => ({ kind, name, code, edit })),
  );
  it.each(cases)('$kind: refuses $name with $code', ({ kind, code, edit }) => {
    const spend = spends[kind];
    expect(() => checkTransaction(withStack(spend, edit), spend.match)).toThrow(
      expect.objectContaining({ code, details: expect.objectContaining({ map: 'input 1' }) }),
    );
  });

  it.each<[string, keyof typeof spends, (input: TransactionInput) => Partial<TransactionInput>]>([
    ['a scriptSig beside a witness', 'wsh', () => ({ scriptSig: Uint8Array.of(0) })],
    ['no scriptSig', 'sh-wsh', () => ({ scriptSig: none })],
    [
      'a push before the program',
      'sh-wsh',
      ({ scriptSig }) => ({ scriptSig: concatBytes(Uint8Array.of(0), scriptSig) }),
    ],
    [
      'the program pushed in a longer way',
      'sh-wsh',
      ({ scriptSig }) => ({ scriptSig: concatBytes(Uint8Array.of(0x4c), scriptSig) }),
    ],
    [
      'another program',
      'sh-wsh',
      ({ scriptSig }) => ({ scriptSig: scriptSig.with(5, scriptSig[5]! ^ 1) }),
    ],
    ['a witness', 'sh', () => ({ witness: [Uint8Array.of(1)] })],
    [
      'an operation among the pushes',
      'sh',
      ({ scriptSig }) => ({ scriptSig: concatBytes(Uint8Array.of(0x61), scriptSig) }),
    ],
    [
      'a signature pushed in a longer way (BIP-62)',
      'sh',
      ({ scriptSig }) => ({
        scriptSig: concatBytes(Uint8Array.of(0, 0x4c), scriptSig.subarray(1)),
      }),
    ],
    [
      'a push that ends beyond the script',
      'sh',
      ({ scriptSig }) => ({ scriptSig: concatBytes(scriptSig, Uint8Array.of(0x4d, 0xff)) }),
    ],
  ])('refuses %s: %s', (_name, kind, edit) => {
    const spend = spends[kind];
    expect(() => checkTransaction(withInput(spend, 1, edit), spend.match)).toThrow(
      expect.objectContaining({ code: 'PSBT_FINAL_SCRIPT_WRONG' }),
    );
  });

  it('refuses what nodes do not relay', () => {
    const { match, bytes } = spends.wsh;
    const above = (stack: Stack) => () =>
      checkTransaction(
        withInput(spends.wsh, 1, () => ({ witness: stack })),
        match,
      );
    const refused = (name: string, expected: number, actual: number): unknown =>
      expect.objectContaining({
        code: 'PSBT_NOT_STANDARD',
        message: expect.stringContaining(name),
        details: expect.objectContaining({ expected, actual, input: 1 }),
      });
    expect(above([none, new Uint8Array(3601)])).toThrow(refused('witness script', 3600, 3601));
    expect(above([new Uint8Array(81), none])).toThrow(refused('witness item', 80, 81));
    expect(above(Array.from({ length: 102 }, () => none))).toThrow(refused('items', 100, 101));
    const { inputs, ...rest } = decodeTransaction(bytes);
    const heavy = {
      ...rest,
      inputs,
      outputs: [{ amount: 1n, script: new Uint8Array(100_000) }],
    };
    const heavyMatch: PolicyMatch = { ...match, transaction: heavy };
    expect(() => checkTransaction(encodeTransaction(heavy), heavyMatch)).toThrow(
      expect.objectContaining({
        code: 'PSBT_NOT_STANDARD',
        details: { expected: 400_000, actual: expect.any(Number) },
      }),
    );
    expect(() =>
      checkTransaction(
        withInput(spends.sh, 1, () => ({ scriptSig: new Uint8Array(1651) })),
        spends.sh.match,
      ),
    ).toThrow(expect.objectContaining({ code: 'PSBT_NOT_STANDARD' }));
    const long = push(new Uint8Array(521).fill(9));
    expect(() =>
      checkTransaction(
        withInput(spends.sh, 1, () => ({ scriptSig: long })),
        spends.sh.match,
      ),
    ).toThrow(expect.objectContaining({ code: 'PSBT_NOT_STANDARD' }));
  });

  it.each(kinds)('refuses %s with any byte changed, by an error with a code', (kind) => {
    const { match, bytes } = spends[kind];
    for (let i = 0; i < bytes.length; i++) {
      const changed = bytes.with(i, bytes[i]! ^ (1 << (i % 8)));
      expect(() => checkTransaction(changed, match), `byte ${i}`).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^PSBT_/) }),
      );
    }
  });

  it('refuses another transaction', () => {
    const { match, bytes } = spends.wsh;
    const { outputs, ...rest } = decodeTransaction(bytes);
    const other = encodeTransaction({ ...rest, outputs: outputs.slice(0, 1) });
    expect(() => checkTransaction(other, match)).toThrow(
      expect.objectContaining({ code: 'PSBT_TRANSACTION_DIFFERS' }),
    );
    expect(() => checkTransaction(bytes.subarray(0, -1), match)).toThrow(
      expect.objectContaining({ code: 'PSBT_TRANSACTION_INVALID' }),
    );
    // The coins are those of a policy with other keys.
    const theirs = spends['sh-wsh'].match;
    expect(() => checkTransaction(bytes, { ...match, inputs: theirs.inputs })).toThrow(
      expect.objectContaining({ code: 'PSBT_FINAL_SCRIPT_WRONG' }),
    );
  });
});

const withMap = (psbt: Psbt, index: number, added: PsbtRecord): Psbt => ({
  ...psbt,
  inputs: psbt.inputs.map((map, i) => (i === index ? withRecords(map, [added]) : map)),
});

describe('signatures that share their nonce', () => {
  const { wallet, psbt, match } = spends.wsh;
  const hashes = signatureHashes(match);
  const nonce = 0x1234567890abcdefn;
  /** Signatures with nonces of our choice, by cosigner and input. */
  const signed = (nonces: readonly (readonly [number, number, bigint])[]): Psbt =>
    nonces.reduce((held, [cosigner, input, k]) => {
      const { secret } = nodeAt(wallet.accounts[cosigner]!, [0, input]);
      const compact = signWithNonce(hashes(input), secret, k);
      const signature = encodeSignature({ compact, flag: SIGHASH.all });
      const key = match.inputs[input]!.script.publicKeys[cosigner]!;
      return withMap(held, input, record(INPUT.partialSignature, signature, key));
    }, psbt);
  const all = (held: Psbt) => held.inputs.flatMap((map, i) => partialSignaturesOf(map, i));

  it.each<
    [string, readonly (readonly [number, number, bigint])[], readonly (readonly [string, number])[]]
  >([
    [
      'of one custodian on two inputs',
      [
        [0, 0, nonce],
        [1, 0, 3n],
        [0, 1, nonce],
        [1, 1, 4n],
      ],
      [
        ['custodian 1', 0],
        ['custodian 1', 1],
      ],
    ],
    [
      'of two on one input',
      [
        [0, 0, nonce],
        [1, 0, nonce],
        [0, 1, 3n],
        [1, 1, 4n],
      ],
      [
        ['custodian 1', 0],
        ['custodian 2', 0],
      ],
    ],
    [
      'of two on two inputs',
      [
        [0, 0, nonce],
        [1, 0, 5n],
        [0, 1, 3n],
        [1, 1, nonce],
      ],
      [
        ['custodian 1', 0],
        ['custodian 2', 1],
      ],
    ],
    [
      'one being the negative of the other',
      [
        [0, 0, nonce],
        [1, 0, 5n],
        [0, 1, 3n],
        [1, 1, order - nonce],
      ],
      [
        ['custodian 1', 0],
        ['custodian 2', 1],
      ],
    ],
  ])('%s: each is valid alone, and they are refused together', (_what, nonces, who) => {
    const held = signed(nonces);
    const verified = verifySignatures(held, match);
    const final = extractTransaction(finalizePsbt(verified));
    const expected = who.map(([cosigner, input]) => ({ cosigner, input }));
    expect(() => checkTransaction(final, match)).toThrow(
      expect.objectContaining({
        code: 'PSBT_NONCE_SHARED',
        details: {
          signatures: expect.arrayContaining(expected),
        },
      }),
    );
    expect(sharedNonces(all(held))).toHaveLength(1);
  });

  it('are not one signature that is there twice', () => {
    const held = all(
      signed([
        [0, 0, nonce],
        [1, 0, 3n],
      ]),
    );
    expect(sharedNonces([...held, ...held])).toStrictEqual([]);
    expect(sharedNonces([])).toStrictEqual([]);
  });

  it('come in groups, in the order in which they were given', () => {
    const held = all(
      signed([
        [0, 0, nonce],
        [1, 0, 3n],
        [2, 0, nonce],
        [0, 1, nonce],
        [1, 1, 3n],
      ]),
    );
    const groups = sharedNonces(held).map((group) => group.map(({ inputIndex }) => inputIndex));
    expect(groups.toSorted((a, b) => b.length - a.length)).toStrictEqual([
      [0, 0, 1],
      [0, 1],
    ]);
    for (const group of sharedNonces(held)) {
      expect(
        group.every((each) => held.some(({ signature }) => equalBytes(signature, each.signature))),
      ).toBe(true);
    }
  });
});
