import {
  encodeAddress,
  type PolicyScripts,
  parseCosignerKey,
  policyScripts,
  type ScriptKind,
  walletPolicy,
} from '@qoima/policy';
import { formatHex, type Network, parseBase64, parseHex } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import { readVectors } from '../../../scripts/read-vectors.ts';
import {
  analyzePsbt,
  checkSignature,
  decodePsbt,
  encodeUnsignedTransaction,
  fieldsOf,
  GLOBAL,
  matchPolicy,
  type Psbt,
  partialSignaturesOf,
  signatureHashes,
  takeSignatures,
  transactionId,
  updatePsbt,
} from '../src/index.ts';

interface Wallet {
  readonly id: string;
  readonly kind: 'multisig-address-and-psbt';
  readonly type: string;
  readonly network: Network;
  readonly address: string;
  readonly publicKeys: readonly string[];
  readonly changePublicKeys?: readonly string[];
  readonly multisigScriptHex: string;
  readonly utxos: readonly { readonly transactionHex: string; readonly amountSats: string }[];
  readonly psbtNoChange: string;
  readonly psbt: string;
  readonly psbtWithGlobalXpub: string;
  readonly psbtPartiallySigned: string;
  readonly psbtOrderedPartiallySigned?: string;
}

interface Spend {
  readonly id: string;
  readonly kind: 'multisig-transaction';
  readonly format: string;
  readonly network: Network;
  readonly hex: string;
  readonly psbt: string;
  readonly psbtWithGlobalXpub: string;
  readonly publicKeys: readonly string[];
  readonly extendedPublicKeys: readonly {
    readonly base58String: string;
    readonly path: string;
    readonly rootFingerprint: string;
  }[];
  readonly signature: readonly string[];
  readonly byteCeilingSignature: readonly string[];
}

const { entries } = readVectors<Wallet | Spend>('multisig/caravan-fixtures.json');
const wallets = entries.filter((entry) => entry.kind === 'multisig-address-and-psbt');
const spends = entries.filter((entry) => entry.kind === 'multisig-transaction');
const decoded = (base64: string): Psbt => decodePsbt(parseBase64(base64));

const kinds: Readonly<Record<string, ScriptKind>> = {
  P2SH: 'sh',
  'P2SH-P2WSH': 'sh-wsh',
  P2WSH: 'wsh',
};

const scriptsOf = ({ format, network, extendedPublicKeys }: Spend): PolicyScripts =>
  policyScripts(
    walletPolicy({
      name: 'Caravan',
      network,
      scriptKind: kinds[format]!,
      sorted: true,
      quorum: { required: 2, total: 2 },
      cosigners: extendedPublicKeys.map(({ base58String, path, rootFingerprint }, i) => ({
        name: i === 0 ? 'open source' : 'unchained',
        ...parseCosignerKey(`[${rootFingerprint}/${path.replace('m/', '')}]${base58String}`),
      })),
    }),
  );

const pairs = wallets.map((wallet, i) => ({ name: wallet.type, wallet, spend: spends[i]! }));

describe.each(pairs)('Caravan’s $wallet.network $name wallet', ({ wallet, spend }) => {
  const scripts = scriptsOf(spend);
  const base = decoded(spend.psbt);

  it('has the address and scripts that the policy derives', () => {
    const script = scripts.at('receive', 0);
    expect(encodeAddress(script.scriptPubKey, wallet.network)).toBe(wallet.address);
    expect(formatHex(script.multisigScript)).toBe(wallet.multisigScriptHex);
    expect(script.scriptKeys.map(formatHex)).toStrictEqual(wallet.publicKeys);
  });

  it('its PSBTs are matched: three inputs of one address, one output of change', () => {
    const fee = BigInt(wallet.utxos.reduce((sum, { amountSats }) => sum + Number(amountSats), 0));
    for (const text of [
      spend.psbt,
      spend.psbtWithGlobalXpub,
      wallet.psbt,
      wallet.psbtWithGlobalXpub,
    ]) {
      const psbt = decoded(text);
      const match = matchPolicy(psbt, scripts);
      expect(match.inputs).toHaveLength(3);
      expect(match.inputs.every(({ script }) => script === scripts.at('receive', 0))).toBe(true);
      expect(match.outputs).toStrictEqual([undefined, scripts.at('change', 0)]);
      const paid = psbt.transaction.outputs.reduce((sum, { amount }) => sum + amount, 0n);
      expect(match.fee).toBe(fee - paid);
    }
    expect(fieldsOf(decoded(spend.psbtWithGlobalXpub).global, GLOBAL.extendedKey)).toHaveLength(2);
    expect(formatHex(encodeUnsignedTransaction(base.transaction))).toBe(spend.hex);
  });

  it('its signatures are good, with the first nonce and with a ground one', () => {
    const match = matchPolicy(base, scripts);
    const hashes = signatureHashes(match);
    for (const list of [spend.signature, spend.byteCeilingSignature]) {
      for (const [inputIndex, hex] of list.entries()) {
        const bytes = parseHex(hex);
        const signature = {
          inputIndex,
          publicKey: parseHex(spend.publicKeys[inputIndex]!),
          signature: bytes,
        };
        expect(checkSignature(signature, match, hashes)).toMatchObject({
          good: true,
          cosigner: 'open source',
        });
      }
    }
  });

  it('its partially signed PSBT is taken in', () => {
    const texts = [wallet.psbtPartiallySigned, wallet.psbtOrderedPartiallySigned ?? []].flat();
    for (const text of texts) {
      const returned = decoded(text);
      const intake = takeSignatures(base, returned, scripts);
      expect(intake.refused).toStrictEqual([]);
      // What other programs write back contradicts nothing.
      expect(intake.injected.filter(({ how }) => how !== 'added')).toStrictEqual([]);
      expect(intake.taken.map(({ cosigner }) => cosigner)).toStrictEqual(
        Array.from({ length: 3 }, () => 'open source'),
      );
      expect(intake.taken.map(({ signature }) => formatHex(signature))).toStrictEqual(
        returned.inputs.flatMap(partialSignaturesOf).map(({ signature }) => formatHex(signature)),
      );
      expect(analyzePsbt(intake.psbt, scripts)).toMatchObject({
        next: 'signer',
        inputs: [{ signedBy: ['open source'], missing: ['unchained'] }, {}, {}],
      });
    }
  });

  it('a PSBT without previous transactions is completed, or refused for its fingerprint', () => {
    // Made when the second key had another fingerprint: a contradiction, and never overwritten.
    const psbt = decoded(wallet.psbtNoChange);
    const previous = new Map(
      wallet.utxos.map(({ transactionHex }) => {
        const bytes = parseHex(transactionHex);
        return [transactionId(bytes), bytes];
      }),
    );
    const code = wallet.type === 'P2SH' ? 'PSBT_DERIVATION_WRONG' : 'PSBT_PREVIOUS_TX_MISSING';
    expect(() => matchPolicy(psbt, scripts)).toThrow(expect.objectContaining({ code }));
    expect(() => updatePsbt(psbt, scripts, previous)).toThrow(
      expect.objectContaining({ code: 'PSBT_FIELD_CONFLICT' }),
    );
    const bare = {
      ...psbt,
      inputs: psbt.inputs.map((map) => map.filter(({ type }) => type !== 6)),
    };
    const updated = updatePsbt(bare, scripts, previous, (script) =>
      formatHex(script) === formatHex(scripts.at('receive', 0).scriptPubKey)
        ? { branch: 'receive', index: 0 }
        : undefined,
    );
    expect(matchPolicy(updated, scripts).outputs).toStrictEqual([undefined]);
    expect(analyzePsbt(updated, scripts).next).toBe('signer');
  });
});
