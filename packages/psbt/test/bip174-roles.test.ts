import { publicKeyOf, signEcdsa } from '@qoima/curve/secret';
import { formatHex, parseBase64, parseBtc, parseHex, parseTxid } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import { readVectors } from '../../../scripts/read-vectors.ts';
import {
  analyzePsbt,
  assemblePsbt,
  checkSignature,
  combinePsbts,
  decodePsbt,
  encodePsbt,
  encodeSignature,
  extractTransaction,
  finalizePsbt,
  INPUT,
  OUTPUT,
  type PartialSignature,
  type Psbt,
  type PsbtRecord,
  partialSignaturesOf,
  record,
  SIGHASH,
  signatureHashes,
  sortedMap,
  spentOutput,
  verifySignatures,
} from '../src/index.ts';
import { ownMatch } from './own-match.ts';
import { secretOfWif } from './wif.ts';

interface File {
  readonly base64: string;
  readonly hex: string;
}

interface Walkthrough {
  readonly id: string;
  readonly kind: 'walkthrough';
  readonly steps: {
    readonly creator: {
      readonly inputs: readonly { txid: string; vout: number }[];
      readonly outputs: readonly { scriptPubKey: string; amount_btc: string }[];
      readonly result: File;
    };
    readonly updater: {
      readonly redeem_scripts: readonly string[];
      readonly witness_scripts: readonly string[];
      readonly previous_transactions: readonly string[];
      readonly result: File;
    };
    readonly updater_sighash_all: { readonly result: File };
    readonly signer_1: Signing;
    readonly signer_2: Signing;
    readonly combiner: { readonly result: File };
    readonly input_finalizer: { readonly result: File };
    readonly extractor: { readonly transaction_hex: string };
  };
}

interface Signing {
  readonly keys: readonly { readonly wif: string }[];
  readonly result: File;
}

interface Combination {
  readonly id: string;
  readonly kind: 'combiner';
  readonly combine: { readonly inputs: readonly File[]; readonly result: File };
}

const { entries } = readVectors<Walkthrough | Combination>('psbt/bip174-roundtrip.json');
const decoded = ({ base64 }: File): Psbt => decodePsbt(parseBase64(base64));
const hexOf = (psbt: Psbt): string => formatHex(encodePsbt(psbt));

const walkthrough = entries.find((entry) => entry.kind === 'walkthrough');
const combination = entries.find((entry) => entry.kind === 'combiner');

describe('BIP-174 walk-through: two inputs, P2SH and P2SH-P2WSH 2-of-2', () => {
  if (walkthrough === undefined) throw new Error('the walk-through is there');
  const { steps } = walkthrough;
  const created = decoded(steps.creator.result);
  const updated = decoded(steps.updater_sighash_all.result);
  const unsignedMatch = ownMatch(updated);

  it('Creator: the same bytes from inputs and outputs', () => {
    const inputs = steps.creator.inputs.map(({ txid, vout }) => ({
      txid: parseTxid(txid),
      vout,
      sequence: 0xffffffff,
    }));
    const outputs = steps.creator.outputs.map(({ scriptPubKey, amount_btc }) => ({
      script: parseHex(scriptPubKey),
      amount: parseBtc(amount_btc),
    }));
    const psbt = assemblePsbt(
      0,
      { version: 2, lockTime: 0, inputs, outputs },
      { global: [], inputs: inputs.map(() => []), outputs: outputs.map(() => []) },
    );
    expect(hexOf(psbt)).toBe(steps.creator.result.hex);
    expect(analyzePsbt(psbt).next).toBe('updater');
  });

  it('Updater: the same records', () => {
    const { redeem_scripts, witness_scripts, previous_transactions } = steps.updater;
    const [first, second] = previous_transactions.map(parseHex);
    const spent = spentOutput(
      created.transaction.inputs[1]!,
      [record(INPUT.nonWitnessUtxo, first!)],
      'Input 1',
    );
    const derivations = (psbt: Psbt) =>
      psbt.inputs.map((map) => map.filter(({ type }) => type === INPUT.derivation.type));
    const [from0 = [], from1 = []] = derivations(updated);
    const outputMaps = updated.outputs.map((map) =>
      map.filter(({ type }) => type === OUTPUT.derivation.type),
    );
    const all = record(INPUT.sighashType, SIGHASH.all);
    const inputMaps: PsbtRecord[][] = [
      [
        record(INPUT.nonWitnessUtxo, second!),
        record(INPUT.redeemScript, parseHex(redeem_scripts[0]!)),
        ...from0,
      ],
      [
        record(INPUT.witnessUtxo, { amount: spent!.amount, script: spent!.script }),
        record(INPUT.redeemScript, parseHex(redeem_scripts[1]!)),
        record(INPUT.witnessScript, parseHex(witness_scripts[0]!)),
        ...from1,
      ],
    ];
    const withMaps = (inputs: readonly PsbtRecord[][]): Psbt => ({
      ...created,
      inputs,
      outputs: outputMaps,
    });
    expect(hexOf(withMaps(inputMaps))).toBe(steps.updater.result.hex);
    expect(hexOf(withMaps(inputMaps.map((map) => [...sortedMap([...map, all])])))).toBe(
      steps.updater_sighash_all.result.hex,
    );
    expect(analyzePsbt(updated)).toMatchObject({
      next: 'signer',
      feeSats: 10_000n,
      inputs: [
        { hasUtxo: true, next: 'signer', required: 2, signedBy: [] },
        { hasUtxo: true, next: 'signer', required: 2, signedBy: [] },
      ],
    });
  });

  it.each(['signer_1', 'signer_2'] as const)('%s: the same signatures, each found good', (step) => {
    const hashes = signatureHashes(unsignedMatch);
    const expected = decoded(steps[step].result).inputs.flatMap(partialSignaturesOf);
    const made = steps[step].keys.map(({ wif }, inputIndex): PartialSignature => {
      const secret = secretOfWif(wif);
      const compact = signEcdsa(hashes(inputIndex), secret);
      const signature = encodeSignature({ compact, flag: SIGHASH.all });
      return { inputIndex, publicKey: publicKeyOf(secret), signature };
    });
    expect(made).toStrictEqual(expected);
    for (const signature of expected) {
      expect(checkSignature(signature, unsignedMatch, hashes).good).toBe(true);
    }
  });

  const combined = combinePsbts([decoded(steps.signer_1.result), decoded(steps.signer_2.result)]);

  // In the BIP's result the two signatures of input 1 stand in another order than that of their keys,
  // which the same BIP asks of a Combiner and its other vector has. Ours are in order.
  it('Combiner: the same records, in the order of their keys', () => {
    const { global, inputs, outputs, ...rest } = decoded(steps.combiner.result);
    expect(combined).toStrictEqual({
      ...rest,
      global: sortedMap(global),
      inputs: inputs.map(sortedMap),
      outputs: outputs.map(sortedMap),
    });
    expect(analyzePsbt(combined).next).toBe('finalizer');
  });

  it('Input Finalizer and Transaction Extractor: the same bytes', () => {
    const verified = verifySignatures(combined, ownMatch(combined));
    const final = finalizePsbt(verified);
    expect(hexOf(final)).toBe(steps.input_finalizer.result.hex);
    expect(analyzePsbt(final)).toMatchObject({ next: 'extractor', feeSats: 10_000n });
    expect(formatHex(extractTransaction(final))).toBe(steps.extractor.transaction_hex);
  });
});

describe('BIP-174 Combiner', () => {
  if (combination === undefined) throw new Error('the combination is there');
  it('keeps unknown records, in the order of their keys', () => {
    const { inputs, result } = combination.combine;
    expect(hexOf(combinePsbts(inputs.map(decoded)))).toBe(result.hex);
  });
});

interface MustFail {
  readonly id: string;
  readonly kind: string;
  readonly description: string;
  readonly base64: string;
}

describe('BIP-174: a Signer must refuse', () => {
  const { entries: cases } = readVectors<MustFail>('psbt/bip174-signer-must-fail.json');
  const codes: Readonly<Record<string, string>> = {
    'bip174-signerfail-00': 'PSBT_UTXO_MISMATCH',
    'bip174-signerfail-02': 'PSBT_SCRIPT_MISMATCH',
    'bip174-signerfail-03': 'PSBT_SCRIPT_MISMATCH',
  };

  it('every case is here', () => {
    expect(cases.map(({ id }) => id).sort()).toStrictEqual(Object.keys(codes).sort());
  });

  it.each(cases)('$description', ({ id, base64 }) => {
    const psbt = decodePsbt(parseBase64(base64));
    const refusals = psbt.transaction.inputs.map((input, index) => {
      try {
        spentOutput(input, psbt.inputs[index] ?? [], `Input ${index}`);
        return 'none';
      } catch (error) {
        return (error as { code?: string }).code;
      }
    });
    expect(refusals).toContain(codes[id]);
    expect(() => analyzePsbt(psbt)).toThrow(expect.objectContaining({ code: codes[id] }));
  });
});
