import { concatBytes, formatHex, parseHex } from '@qoima/primitives';
import fc from 'fast-check';
import * as secp256k1 from 'tiny-secp256k1';
import { describe, expect, it } from 'vitest';
import {
  checkSignature,
  checkSignatures,
  combinePsbts,
  convertPsbt,
  createPsbt,
  decodePsbt,
  decodeSignature,
  encodePsbt,
  encodeSignature,
  fieldOf,
  finalizePsbt,
  GLOBAL,
  INPUT,
  matchPolicy,
  OUTPUT,
  type PartialSignature,
  type Psbt,
  partialSignaturesOf,
  record,
  type SignatureVerdict,
  type Signer,
  signatureHashes,
  signPsbt,
  takeSignatures,
  verifySignatures,
  withRecords,
} from '../src/index.ts';
import { nodeAt, strangerScript, testCoins, testWallet } from './wallet.ts';

const { scripts, policy, signers, accounts } = testWallet();
const create = (amount = 190_000n): Psbt =>
  createPsbt({
    scripts,
    coins: testCoins(scripts, 2),
    outputs: [
      { kind: 'payment', scriptPubKey: strangerScript(), amount: 1_000n },
      { kind: 'change', index: 0, amount },
    ],
  });
const base = create();
const match = matchPolicy(base, scripts);
const hashes = signatureHashes(match);
const sign = (i: number, psbt = base): Promise<readonly PartialSignature[]> =>
  signers[i]!.sign({ psbt, match: matchPolicy(psbt, scripts), scripts });
const signed = await Promise.all(signers.map((_, i) => sign(i)));
const [good, second] = signed[0]!;
const ofOther = (await sign(0, create(180_000n)))[0]!;
const ofStranger = (
  await testWallet({ seed: 2 }).signers[0]!.sign({
    psbt: base,
    scripts,
    match: {
      ...match,
      inputs: match.inputs.map((input, i) => ({
        ...input,
        script: testWallet({ seed: 2 }).scripts.at('receive', i),
      })),
    },
  })
)[0]!;

const order = BigInt('0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141');
const { compact } = decodeSignature(good!.signature);
const flipped = (): Uint8Array => {
  const s = order - BigInt(`0x${formatHex(compact.subarray(32))}`);
  return concatBytes(compact.subarray(0, 32), parseHex(s.toString(16).padStart(64, '0')));
};
const withFlag = (flag: number): Uint8Array =>
  concatBytes(good!.signature.subarray(0, -1), Uint8Array.of(flag));
const bent = (change: (der: Uint8Array) => Uint8Array): Uint8Array =>
  change(good!.signature.slice());

/** Every way in which one signature is bad, with the code that says so. */
const bad: readonly [string, string, PartialSignature][] = [
  ['flag NONE', 'PSBT_SIGNATURE_FLAG', { ...good!, signature: withFlag(0x02) }],
  ['flag ALL | ANYONECANPAY', 'PSBT_SIGNATURE_FLAG', { ...good!, signature: withFlag(0x81) }],
  ['flag NONE | ANYONECANPAY', 'PSBT_SIGNATURE_FLAG', { ...good!, signature: withFlag(0x82) }],
  ['flag 0', 'PSBT_SIGNATURE_FLAG', { ...good!, signature: withFlag(0) }],
  ['no flag', 'PSBT_SIGNATURE_ENCODING', { ...good!, signature: good!.signature.slice(0, -1) }],
  [
    'a high s',
    'PSBT_SIGNATURE_ENCODING',
    { ...good!, signature: encodeSignature({ compact: flipped(), flag: 1 }) },
  ],
  [
    '64 bytes, not DER',
    'PSBT_SIGNATURE_ENCODING',
    { ...good!, signature: concatBytes(compact, Uint8Array.of(1)) },
  ],
  ['one byte', 'PSBT_SIGNATURE_ENCODING', { ...good!, signature: Uint8Array.of(1) }],
  ['nothing', 'PSBT_SIGNATURE_ENCODING', { ...good!, signature: new Uint8Array() }],
  [
    'a DER length that lies',
    'PSBT_SIGNATURE_ENCODING',
    { ...good!, signature: bent((der) => der.with(1, der[1]! + 1)) },
  ],
  [
    'a byte behind the DER',
    'PSBT_SIGNATURE_ENCODING',
    { ...good!, signature: bent((der) => concatBytes(der.subarray(0, -1), Uint8Array.of(0, 1))) },
  ],
  [
    'a changed r',
    'PSBT_SIGNATURE_INVALID',
    { ...good!, signature: bent((der) => der.with(9, der[9]! ^ 1)) },
  ],
  [
    'the key of another cosigner',
    'PSBT_SIGNATURE_INVALID',
    { ...good!, publicKey: signed[1]![0]!.publicKey },
  ],
  ['a signature of another transaction', 'PSBT_SIGNATURE_INVALID', ofOther],
  ['a key of a stranger', 'PSBT_SIGNATURE_STRANGER', ofStranger],
  ['the right key at another input', 'PSBT_SIGNATURE_STRANGER', { ...good!, inputIndex: 1 }],
  [
    'the signature of another input',
    'PSBT_SIGNATURE_INVALID',
    { ...second!, signature: good!.signature },
  ],
  [
    'an uncompressed key',
    'PSBT_SIGNATURE_STRANGER',
    { ...good!, publicKey: concatBytes(Uint8Array.of(4), new Uint8Array(64)) },
  ],
];

const without = (psbt: Psbt, index: number, type: number): Psbt => ({
  ...psbt,
  inputs: psbt.inputs.map((map, i) =>
    i === index ? map.filter((each) => each.type !== type) : map,
  ),
});
/** A PSBT with this signature in it, whatever it is worth. */
const holding = (signature: PartialSignature, psbt = base): Psbt => ({
  ...psbt,
  inputs: psbt.inputs.map((map, i) =>
    i === signature.inputIndex
      ? withRecords(map, [
          {
            type: INPUT.partialSignature.type,
            keyData: signature.publicKey,
            value: signature.signature,
          },
        ])
      : map,
  ),
});
const holdingAll = (...lists: readonly (readonly PartialSignature[])[]): Psbt =>
  lists.flat().reduce((psbt, signature) => holding(signature, psbt), base);

describe('checkSignature', () => {
  it('names the cosigner of a good one', () => {
    for (const [i, list] of signed.entries()) {
      for (const signature of list) {
        const verdict = checkSignature(signature, match, hashes);
        expect(verdict).toStrictEqual({ good: true, cosigner: policy.cosigners[i]!.name });
      }
    }
  });

  it.each(bad)('%s: %s', (_name, code, signature) => {
    const verdict = checkSignature(signature, match, hashes);
    expect(verdict).toMatchObject({ good: false, error: { code, kind: 'refused' } });
    if (verdict.good) return;
    expect('cosigner' in verdict).toBe(code !== 'PSBT_SIGNATURE_STRANGER');
    expect(verdict.error.details['map']).toBe(`input ${signature.inputIndex}`);
    expect(verdict.error.message).toContain(`Input ${signature.inputIndex}`);
  });
});

describe('checkSignatures', () => {
  const all = bad.flatMap(([, , signature], i) => [signed[i % 5]![i % 2]!, signature]);

  it.each([0, 1, 2])('judges each as alone, in their order, with %i workers', (workers) => {
    const verdicts = checkSignatures(all, match, hashes, { workers });
    expect(verdicts.map(told)).toStrictEqual(
      all.map((signature) => told(checkSignature(signature, match, hashes))),
    );
    expect(verdicts.map(({ good: isGood }) => isGood)).toEqual(all.map((_, i) => i % 2 === 0));
  });

  it('judges as many as are shared among threads', () => {
    const many = Array.from({ length: 50 }, () => all).flat();
    expect(many.length).toBeGreaterThan(1500);
    const alone = all.map((signature) => told(checkSignature(signature, match, hashes)));
    const verdicts = checkSignatures(many, match, hashes).map(told);
    expect(verdicts).toStrictEqual(many.map((_, i) => alone[i % all.length]));
  });

  it('of none gives none', () => {
    expect(checkSignatures([], match, hashes, { workers: 1 })).toEqual([]);
  });
});

/** An error as what it says, without where it was made. */
const told = (verdict: SignatureVerdict): unknown => {
  if (verdict.good) return verdict;
  const { code, message, details, kind } = verdict.error;
  return { ...verdict, error: { code, message, details, kind } };
};

describe('takeSignatures', () => {
  it.each(bad)('refuses %s by name and takes the rest: %s', (_name, code, signature) => {
    // The file has a good signature by somebody else beside the bad one.
    const returned = holdingAll([signature], signed[2]!);
    const intake = takeSignatures(base, returned, scripts);
    expect(intake.taken.map(({ cosigner }) => cosigner)).toStrictEqual([
      'custodian 3',
      'custodian 3',
    ]);
    expect(intake.refused).toHaveLength(1);
    expect(intake.refused[0]).toMatchObject({ inputIndex: signature.inputIndex, code });
    expect(intake.psbt).toStrictEqual(holdingAll(signed[2]!));
    expect(intake.injected).toStrictEqual([]);
    expect(intake.repeated).toStrictEqual([]);
  });

  it('changes nothing when nothing is good', () => {
    const before = encodePsbt(base);
    const intake = takeSignatures(base, holding(ofStranger), scripts);
    expect(intake.psbt).toBe(base);
    expect(encodePsbt(base)).toStrictEqual(before);
    expect(intake.refused.map(({ code, cosigner }) => ({ code, cosigner }))).toStrictEqual([
      { code: 'PSBT_SIGNATURE_STRANGER', cosigner: undefined },
    ]);
  });

  it('takes all five and keeps the map in order', () => {
    const all = signed.reduce(
      (psbt, list) => takeSignatures(psbt, holdingAll(list), scripts).psbt,
      base,
    );
    expect(all).toStrictEqual(holdingAll(...signed));
    expect(decodePsbt(encodePsbt(all))).toStrictEqual(all);
  });

  it('passes over what it has, and keeps the first of two good ones', () => {
    const ground = regrind();
    const held = holdingAll(signed[0]!);
    expect(takeSignatures(held, held, scripts)).toStrictEqual({
      psbt: held,
      taken: [],
      repeated: signed[0]!.map((each) => ({ ...each, cosigner: 'custodian 1', same: true })),
      refused: [],
      injected: [],
    });
    const again = takeSignatures(held, holding(ground), scripts);
    expect(again.psbt).toStrictEqual(held);
    expect(again.repeated).toStrictEqual([{ ...ground, cosigner: 'custodian 1', same: false }]);
  });

  it.each(
    bad.filter(
      ([, code, { publicKey }]) =>
        code !== 'PSBT_SIGNATURE_STRANGER' && publicKey === good!.publicKey,
    ),
  )('calls %s a conflict beside a good one: %s', (_name, code, signature) => {
    const held = holdingAll(signed[0]!);
    const intake = takeSignatures(held, holding(signature), scripts);
    expect(intake.psbt).toBe(held);
    expect(intake.refused).toMatchObject([{ code, cosigner: 'custodian 1', conflicts: true }]);
    expect(takeSignatures(base, holding(signature), scripts).refused).toMatchObject([
      { code, conflicts: false },
    ]);
  });

  it('gives the same whatever the order of the files, and however often they come', () => {
    const grains = [...signed.flat(), ...bad.map(([, , signature]) => signature)];
    const files = fc.array(fc.uniqueArray(fc.nat(grains.length - 1), { maxLength: 6 }), {
      minLength: 1,
      maxLength: 5,
    });
    const fileOf = (chosen: readonly number[]): Psbt =>
      // The later of two for one key stands in the file.
      chosen.reduce((psbt, i) => holding(grains[i]!, psbt), base);
    const takeAll = (from: Psbt, all: readonly Psbt[]): Psbt =>
      all.reduce((psbt, file) => takeSignatures(psbt, file, scripts).psbt, from);
    fc.assert(
      fc.property(files, (lists) => {
        const all = lists.map(fileOf);
        const once = encodePsbt(takeAll(base, all));
        expect(encodePsbt(takeAll(base, all.toReversed()))).toStrictEqual(once);
        expect(encodePsbt(takeAll(takeAll(base, all), all))).toStrictEqual(once);
        // What one coordinator has gathered is a file like any other to a second.
        const [first, ...others] = all;
        const parts = [takeAll(base, [first!]), takeAll(base, others)];
        expect(encodePsbt(takeAll(base, parts))).toStrictEqual(once);
        expect(() => verifySignatures(decodePsbt(once), match)).not.toThrow();
      }),
      { numRuns: 60 },
    );
  });

  it('has the same cosigners whichever of two good signatures of a key comes first', () => {
    const files = [holding(regrind()), holding(good!), holding(signed[1]![0]!)];
    const whoOf = (all: readonly Psbt[]) =>
      partialSignaturesOf(
        all.reduce((psbt, file) => takeSignatures(psbt, file, scripts).psbt, base).inputs[0]!,
        0,
      ).map(({ publicKey }) => formatHex(publicKey));
    expect(whoOf(files)).toStrictEqual(whoOf(files.toReversed()));
  });

  it('refuses another transaction as a whole', () => {
    const other = create(180_000n);
    expect(() => takeSignatures(base, other, scripts)).toThrow(
      expect.objectContaining({
        code: 'PSBT_TRANSACTION_DIFFERS',
        details: { difference: 'output 1' },
      }),
    );
  });

  it('leaves every other thing that comes back, and says what it was', () => {
    const returned: Psbt = {
      ...holdingAll(signed[0]!),
      global: [...base.global, { type: 0xf1, keyData: new Uint8Array(), value: Uint8Array.of(1) }],
      inputs: holdingAll(signed[0]!).inputs.map((map, i) =>
        i === 0
          ? withRecords(map, [
              record(INPUT.witnessUtxo, { amount: 5n, script: strangerScript() }),
              record(INPUT.finalScriptWitness, [new Uint8Array()]),
              record(INPUT.sighashType, 0x82),
            ])
          : map,
      ),
      outputs: base.outputs.map((map) =>
        withRecords(map, [record(OUTPUT.witnessScript, Uint8Array.of(1))]),
      ),
    };
    const intake = takeSignatures(base, returned, scripts);
    expect(intake.psbt).toStrictEqual(holdingAll(signed[0]!));
    expect(intake.injected).toStrictEqual([
      { place: 'global', index: 0, field: '0xf1', how: 'added' },
      { place: 'input', index: 0, field: 'PSBT_IN_WITNESS_UTXO', how: 'altered' },
      { place: 'input', index: 0, field: 'PSBT_IN_SIGHASH_TYPE', how: 'sighash' },
      { place: 'input', index: 0, field: 'PSBT_IN_FINAL_SCRIPTWITNESS', how: 'final' },
      { place: 'output', index: 0, field: 'PSBT_OUT_WITNESS_SCRIPT', how: 'added' },
      { place: 'output', index: 1, field: 'PSBT_OUT_WITNESS_SCRIPT', how: 'altered' },
    ]);
  });

  it('reads what comes back in the other version', () => {
    const two = convertPsbt(base, 2);
    const modifiable = { ...two, global: withRecords(two.global, [record(GLOBAL.modifiable, 3)]) };
    expect(takeSignatures(base, holdingAllOn(two), scripts).taken).toHaveLength(2);
    expect(takeSignatures(two, holdingAll(signed[0]!), scripts).taken).toHaveLength(2);
    const intake = takeSignatures(modifiable, holdingAll(signed[0]!), scripts);
    expect(fieldOf(intake.psbt.global, GLOBAL.modifiable)).toBe(0);
  });

  it('does not trust its own base more than it should', () => {
    const lying = {
      ...base,
      inputs: base.inputs.map((map) =>
        withRecords(map, [record(INPUT.witnessUtxo, { amount: 1n, script: strangerScript() })]),
      ),
    };
    expect(() => takeSignatures(lying, holdingAll(signed[0]!), scripts)).toThrow(
      expect.objectContaining({ code: 'PSBT_UTXO_MISMATCH' }),
    );
  });
});

describe('signPsbt', () => {
  it('adds what the signer gives, in order, and leaves the original alone', async () => {
    const before = encodePsbt(base);
    const { psbt, added } = await signPsbt(base, scripts, signers[0]!);
    expect(added).toStrictEqual(signed[0]);
    expect(psbt).toStrictEqual(holdingAll(signed[0]!));
    expect(encodePsbt(base)).toStrictEqual(before);
  });

  it('puts signatures into a map that is not in order without moving anything', async () => {
    const shuffled = { ...base, inputs: base.inputs.map((map) => map.toReversed()) };
    const { psbt } = await signPsbt(shuffled, scripts, signers[0]!);
    for (const [i, map] of psbt.inputs.entries()) {
      expect(map.filter(({ type }) => type !== 2)).toStrictEqual(shuffled.inputs[i]);
    }
  });

  it('keeps a signature that is there', async () => {
    const held = holding(regrind());
    const { psbt, added } = await signPsbt(held, scripts, signers[0]!);
    expect(added.map(({ inputIndex }) => inputIndex)).toStrictEqual([1]);
    expect(partialSignaturesOf(psbt.inputs[0]!, 0)).toStrictEqual(
      partialSignaturesOf(held.inputs[0]!, 0),
    );
  });

  it('clears the modifiable flags of version 2 (BIP-370)', async () => {
    const two = convertPsbt(base, 2);
    const open = { ...two, global: withRecords(two.global, [record(GLOBAL.modifiable, 0b111)]) };
    const { psbt } = await signPsbt(open, scripts, signers[0]!);
    expect(fieldOf(psbt.global, GLOBAL.modifiable)).toBe(0b100);
  });

  it('gives back the same PSBT when the signer has nothing', async () => {
    const silent: Signer = { fingerprint: new Uint8Array(4), sign: async () => [] };
    expect(await signPsbt(base, scripts, silent)).toStrictEqual({ psbt: base, added: [] });
  });

  it.each(bad)('refuses a signer that gives %s: %s', async (_name, code, signature) => {
    const faulty: Signer = {
      fingerprint: new Uint8Array(4),
      sign: async () => [...signed[1]!, signature],
    };
    await expect(signPsbt(base, scripts, faulty)).rejects.toMatchObject({ code });
  });

  it('refuses another sighash type, and what is final', async () => {
    const asking = {
      ...base,
      inputs: base.inputs.map((map) => withRecords(map, [record(INPUT.sighashType, 3)])),
    };
    await expect(signPsbt(asking, scripts, signers[0]!)).rejects.toMatchObject({
      code: 'PSBT_SIGHASH_TYPE',
    });
    const absent = without(base, 0, INPUT.sighashType.type);
    expect((await signPsbt(absent, scripts, signers[0]!)).added).toHaveLength(2);
    const verified = verifySignatures(holdingAll(signed[0]!, signed[1]!, signed[2]!), match);
    await expect(signPsbt(finalizePsbt(verified), scripts, signers[0]!)).rejects.toMatchObject({
      code: 'PSBT_ALREADY_FINAL',
    });
  });

  it('does not ask the signer about what cannot be proven', async () => {
    let asked = false;
    const signer: Signer = {
      fingerprint: new Uint8Array(4),
      sign: async () => {
        asked = true;
        return [];
      },
    };
    const bare = without(base, 1, INPUT.nonWitnessUtxo.type);
    await expect(signPsbt(bare, scripts, signer)).rejects.toMatchObject({
      code: 'PSBT_PREVIOUS_TX_MISSING',
    });
    expect(asked).toBe(false);
  });
});

describe('verifySignatures', () => {
  it('takes any number of good ones', () => {
    for (let k = 0; k <= 5; k++) {
      expect(verifySignatures(holdingAll(...signed.slice(0, k)), match).inputs).toHaveLength(2);
    }
  });

  it.each(bad)('refuses %s among good ones: %s', (_name, code, signature) => {
    const psbt = holding(signature, holdingAll(signed[3]!, signed[4]!));
    expect(() => verifySignatures(psbt, match)).toThrow(expect.objectContaining({ code }));
  });

  it.each([0, 2])('names what comes first in the file, with %i workers', (workers) => {
    const firstBad = bad.find(([name]) => name === 'a changed r')![2];
    const final = record(INPUT.finalScriptWitness, [new Uint8Array(1)]);
    const finalAt = (index: number, psbt: Psbt): Psbt => ({
      ...psbt,
      inputs: psbt.inputs.map((map, i) => (i === index ? withRecords(map, [final]) : map)),
    });
    const held = holdingAll(signed[3]!, signed[4]!);
    const atSecond = { ...signed[0]![1]!, signature: good!.signature };
    const verify = (psbt: Psbt) => () => verifySignatures(psbt, match, { workers });
    expect(verify(finalAt(1, holding(firstBad, held)))).toThrow(
      expect.objectContaining({ code: 'PSBT_SIGNATURE_INVALID' }),
    );
    expect(verify(finalAt(0, holding(atSecond, held)))).toThrow(
      expect.objectContaining({ code: 'PSBT_ALREADY_FINAL' }),
    );
    expect(verify(holding(atSecond, holding(firstBad, held)))).toThrow(/^Input 0, /);
    expect(verify(holding(atSecond, held))).toThrow(/^Input 1, /);
    expect(verify(held)).not.toThrow();
  });

  it('refuses the match of another PSBT, and what is final', () => {
    const other = create(180_000n);
    expect(() => verifySignatures(other, match)).toThrow(
      expect.objectContaining({ code: 'PSBT_TRANSACTION_DIFFERS' }),
    );
    const final = finalizePsbt(verifySignatures(holdingAll(...signed), match));
    expect(() => verifySignatures(final, match)).toThrow(
      expect.objectContaining({ code: 'PSBT_ALREADY_FINAL' }),
    );
    expect(() => takeSignatures(final, base, scripts)).toThrow(
      expect.objectContaining({ code: 'PSBT_ALREADY_FINAL' }),
    );
  });

  it('refuses signatures with ALL where another sighash type is asked for (BIP-174)', () => {
    const held = holdingAll(signed[0]!);
    const asking = {
      ...held,
      inputs: held.inputs.map((map) => withRecords(map, [record(INPUT.sighashType, 3)])),
    };
    expect(() => verifySignatures(asking, match)).toThrow(
      expect.objectContaining({ code: 'PSBT_SIGHASH_TYPE' }),
    );
  });

  it('a combination of files keeps the bad one, and this finds it', () => {
    const combined = combinePsbts([
      holdingAll(signed[0]!),
      holding(ofStranger),
      holdingAll(signed[1]!),
    ]);
    expect(() => verifySignatures(combined, match)).toThrow(
      expect.objectContaining({ code: 'PSBT_SIGNATURE_STRANGER' }),
    );
  });
});

/** Another good signature of custodian 1 for input 0: the same key, another nonce. */
const regrind = (): PartialSignature => {
  const { secret } = nodeAt(accounts[0]!, [0, 0]);
  const other = secp256k1.sign(hashes(0), secret, new Uint8Array(32).fill(1));
  const signature = encodeSignature({ compact: other, flag: 1 });
  return { inputIndex: 0, publicKey: good!.publicKey, signature };
};

/** The first custodian's signatures in a PSBT of any version. */
const holdingAllOn = (psbt: Psbt): Psbt =>
  signed[0]!.reduce((held, signature) => holding(signature, held), psbt);
