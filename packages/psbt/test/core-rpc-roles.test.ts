import { publicKeyOf, signEcdsa } from '@qoima/curve/secret';
import { decodeAddress } from '@qoima/policy';
import { equalBytes, formatHex, parseBase64, parseBtc, parseTxid } from '@qoima/primitives';
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
  type PartialSignature,
  type Psbt,
  partialSignaturesOf,
  SIGHASH,
  signatureHashes,
  sortedMap,
  verifySignatures,
} from '../src/index.ts';
import { ownMatch } from './own-match.ts';
import { secretOfWif } from './wif.ts';

interface Entry {
  readonly id: string;
  readonly kind: string;
  readonly vector: {
    readonly inputs: readonly { txid: string; vout: number }[];
    readonly outputs: readonly Record<string, number>[];
    readonly privkeys: readonly string[];
    readonly psbt: string;
    readonly combine: readonly string[];
    readonly finalize: string;
    readonly extract: string;
    readonly result: string;
  };
}

const { entries } = readVectors<Entry>('psbt/core-rpc_psbt.json');
const decoded = (base64: string): Psbt => decodePsbt(parseBase64(base64));
const ofKind = (kind: string): Entry[] => entries.filter((entry) => entry.kind === kind);

/** Core keeps what it was given in memory by other keys than bytes: only the records are compared. */
const inOrder = ({ global, inputs, outputs, ...rest }: Psbt): Psbt => ({
  ...rest,
  global: sortedMap(global),
  inputs: inputs.map(sortedMap),
  outputs: outputs.map(sortedMap),
});

/** What Core's signer leaves unsigned without a word, because something in it is wrong. */
const refused: Readonly<Record<string, string>> = {
  // A witness UTXO on a non-witness input (P2PKH, beside P2SH-P2WPKH).
  'core-signer-02': 'PSBT_UTXO_MISMATCH',
  // A redeem script that does not hash to the scriptPubKey.
  'core-signer-04': 'PSBT_SCRIPT_MISMATCH',
  // A witness script that does not hash to the redeem script.
  'core-signer-05': 'PSBT_SCRIPT_MISMATCH',
};

describe('Bitcoin Core rpc_psbt.json, roles', () => {
  it.each(ofKind('creator'))('$id', ({ vector }) => {
    const inputs = vector.inputs.map(({ txid, vout }) => ({
      txid: parseTxid(txid),
      vout,
      sequence: 0xffffffff,
    }));
    const outputs = vector.outputs.flatMap((output) =>
      Object.entries(output).map(([address, btc]) => ({
        script: decodeAddress(address, 'regtest'),
        amount: parseBtc(String(btc)),
      })),
    );
    const maps = { global: [], inputs: inputs.map(() => []), outputs: outputs.map(() => []) };
    const psbt = assemblePsbt(0, { version: 2, lockTime: 0, inputs, outputs }, maps);
    expect(encodePsbt(psbt)).toStrictEqual(parseBase64(vector.result));
  });

  it.each(ofKind('signer').filter(({ id }) => refused[id] === undefined))('$id', ({ vector }) => {
    const before = decoded(vector.psbt);
    const after = decoded(vector.result);
    const match = ownMatch(before);
    const hashes = signatureHashes(match);
    for (const signature of after.inputs.flatMap(partialSignaturesOf)) {
      expect(checkSignature(signature, match, hashes)).toMatchObject({ good: true });
    }
    // Core grinds for a low r, so that its signatures need not be the ones that we make.
    const made = vector.privkeys.flatMap((wif) => {
      const secret = secretOfWif(wif);
      const publicKey = publicKeyOf(secret);
      return match.inputs.flatMap(({ script }, inputIndex): PartialSignature[] => {
        if (!script.publicKeys.some((own) => equalBytes(own, publicKey))) return [];
        const compact = signEcdsa(hashes(inputIndex), secret);
        const signature = encodeSignature({ compact, flag: SIGHASH.all });
        return [{ inputIndex, publicKey, signature }];
      });
    });
    const keysOf = (signatures: readonly PartialSignature[]): string[] =>
      signatures.map(({ inputIndex, publicKey }) => `${inputIndex} ${formatHex(publicKey)}`).sort();
    expect(keysOf(made)).toStrictEqual(keysOf(after.inputs.flatMap(partialSignaturesOf)));
    for (const signature of made) {
      expect(checkSignature(signature, match, hashes)).toMatchObject({ good: true });
    }
  });

  it.each(ofKind('signer').filter(({ id }) => refused[id] !== undefined))(
    '$id is refused',
    ({ id, vector }) => {
      // Core gives the PSBT back as it was.
      expect(vector.result).toBe(vector.psbt);
      expect(() => analyzePsbt(decoded(vector.psbt))).toThrow(
        expect.objectContaining({ code: refused[id] }),
      );
    },
  );

  it.each(ofKind('combiner'))('$id', ({ vector }) => {
    const combined = combinePsbts(vector.combine.map(decoded));
    expect(combined).toStrictEqual(inOrder(decoded(vector.result)));
  });

  it.each(ofKind('finalizer'))('$id', ({ vector }) => {
    const psbt = decoded(vector.finalize);
    const final = finalizePsbt(verifySignatures(psbt, ownMatch(psbt)));
    expect(encodePsbt(final)).toStrictEqual(parseBase64(vector.result));
  });

  it.each(ofKind('extractor'))('$id', ({ vector }) => {
    expect(formatHex(extractTransaction(decoded(vector.extract)))).toBe(vector.result);
  });

  it('leaves no role out', () => {
    const roles = new Set(entries.map(({ kind }) => kind));
    expect([...roles].sort()).toStrictEqual(
      ['combiner', 'creator', 'extractor', 'finalizer', 'invalid', 'signer', 'valid'].sort(),
    );
  });
});
