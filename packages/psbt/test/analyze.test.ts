import { formatHex, parseBase64 } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import { readVectors } from '../../../scripts/read-vectors.ts';
import {
  analyzePsbt,
  createPsbt,
  decodePsbt,
  extractTransaction,
  finalizePsbt,
  INPUT,
  matchPolicy,
  type Psbt,
  signPsbt,
  transactionVsize,
  verifySignatures,
  withoutTypes,
} from '../src/index.ts';
import { strangerScript, testCoins, testWallet } from './wallet.ts';

const { scripts, signers } = testWallet();
const created = createPsbt({
  scripts,
  coins: testCoins(scripts, 2),
  outputs: [{ kind: 'payment', scriptPubKey: strangerScript(), amount: 190_000n }],
});
const drop = (psbt: Psbt, ...types: readonly number[]): Psbt => ({
  ...psbt,
  inputs: psbt.inputs.map((map) => withoutTypes(map, new Set(types))),
});

describe('analyzePsbt', () => {
  it('follows a spend from role to role', async () => {
    let psbt = created;
    const names = ['custodian 1', 'custodian 2', 'custodian 3', 'custodian 4', 'custodian 5'];
    for (const [i, signer] of signers.slice(0, 3).entries()) {
      const analysis = analyzePsbt(psbt, scripts);
      expect(analysis.next).toBe('signer');
      expect(analysis.inputs[1]).toStrictEqual({
        hasUtxo: true,
        isFinal: false,
        next: 'signer',
        required: 3,
        signedBy: names.slice(0, i),
        missing: names.slice(i),
      });
      psbt = (await signPsbt(psbt, scripts, signer)).psbt;
    }
    const analysis = analyzePsbt(psbt, scripts);
    expect(analysis).toMatchObject({ next: 'finalizer', feeSats: 10_000n });
    const final = finalizePsbt(verifySignatures(psbt, matchPolicy(psbt, scripts)));
    const vsize = transactionVsize(extractTransaction(final));
    expect(analyzePsbt(final, scripts)).toStrictEqual({
      next: 'extractor',
      inputs: [0, 1].map(() => ({
        hasUtxo: true,
        isFinal: true,
        next: 'extractor',
        signedBy: [],
        missing: [],
      })),
      feeSats: 10_000n,
      vsize,
      feeRate: 10_000_000n / BigInt(vsize),
    });
    expect(analysis.vsize).toBeGreaterThanOrEqual(vsize);
  });

  it('without a policy calls keys by their bytes', async () => {
    const { psbt } = await signPsbt(created, scripts, signers[2]!);
    const { publicKeys, scriptKeys } = scripts.at('receive', 0);
    const analysis = analyzePsbt(psbt);
    expect(analysis.inputs[0]).toMatchObject({
      required: 3,
      signedBy: [formatHex(publicKeys[2]!)],
      missing: scriptKeys.map(formatHex).filter((key) => key !== formatHex(publicKeys[2]!)),
    });
    expect(analysis.vsize).toBe(analyzePsbt(psbt, scripts).vsize);
    expect(analysis.feeRate).toBe(analyzePsbt(psbt, scripts).feeRate);
  });

  it.each<[string, Psbt, object]>([
    ['no UTXO', drop(created, 0, 1), { next: 'updater', inputs: [{ hasUtxo: false }, {}] }],
    ['a witness UTXO alone', drop(created, 0), { next: 'signer', feeSats: 10_000n }],
    ['no witness script', drop(created, 5), { next: 'updater', feeSats: 10_000n }],
    [
      'no outputs',
      { ...created, outputs: [], transaction: { ...created.transaction, outputs: [] } },
      { next: 'creator' },
    ],
  ])('%s', (_name, psbt, expected) => {
    expect(analyzePsbt(psbt)).toMatchObject(expected);
  });

  it('an own PSBT that lacks its scripts still waits for an updater', () => {
    expect(analyzePsbt(drop(created, 5), scripts).next).toBe('updater');
    const nested = testWallet({ scriptKind: 'sh-wsh' });
    const psbt = createPsbt({
      scripts: nested.scripts,
      coins: testCoins(nested.scripts, 1),
      outputs: [{ kind: 'change', index: 0, amount: 1n }],
    });
    expect(analyzePsbt(drop(psbt, INPUT.redeemScript.type)).next).toBe('updater');
    expect(analyzePsbt(psbt).next).toBe('signer');
  });

  it('tells no fee and no size that it does not know', () => {
    expect('feeSats' in analyzePsbt(drop(created, 0, 1))).toBe(false);
    expect('vsize' in analyzePsbt(drop(created, 5))).toBe(false);
  });

  it('refuses what is not the policy’s, and what contradicts itself', () => {
    expect(() => analyzePsbt(created, testWallet({ seed: 3 }).scripts)).toThrow(
      expect.objectContaining({ code: 'PSBT_NOT_THIS_POLICY' }),
    );
  });
});

interface RealWorld {
  readonly id: string;
  readonly kind: string;
  readonly base64: string;
  readonly summary: {
    readonly inputs: readonly {
      readonly m?: number;
      readonly n?: number;
      readonly partial_sigs: number;
    }[];
  };
}

describe('PSBTs of other wallets', () => {
  const { entries } = readVectors<RealWorld>('multisig/real-world-psbts.json');

  /** What is wrong with a PSBT that some wallet takes. */
  const refused: Readonly<Record<string, string>> = {
    // Caravan's fixtures of its RBF and CPFP templates: the witness UTXO is not a part of the previous
    // transaction beside it (other amount; other script, cut or begun four bytes off).
    'rw-009': 'PSBT_UTXO_MISMATCH',
    'rw-013': 'PSBT_UTXO_MISMATCH',
    'rw-015': 'PSBT_UTXO_MISMATCH',
    'rw-016': 'PSBT_UTXO_MISMATCH',
    // Not decoded: see real-world-psbts.test.ts.
    'rw-027': 'PSBT_FIELD_INVALID',
  };

  it.each(entries.filter(({ id }) => refused[id] !== undefined))('$id is refused', (entry) => {
    expect(() => analyzePsbt(decodePsbt(parseBase64(entry.base64)))).toThrow(
      expect.objectContaining({ code: refused[entry.id] }),
    );
  });

  it.each(entries.filter(({ id }) => refused[id] === undefined))('$id', ({ base64, summary }) => {
    const { inputs, next } = analyzePsbt(decodePsbt(parseBase64(base64)));
    for (const [i, input] of inputs.entries()) {
      const { m, n, partial_sigs: signatures } = summary.inputs[i]!;
      if (input.isFinal || input.required === undefined) continue;
      expect(input.required).toBe(m);
      expect(input.signedBy.length + input.missing.length).toBe(n);
      expect(input.signedBy).toHaveLength(signatures);
    }
    expect(['updater', 'signer', 'finalizer', 'extractor']).toContain(next);
  });
});
