import {
  type PolicyScripts,
  parseDescriptor,
  policyScripts,
  type WalletPolicy,
  walletPolicy,
} from '@qoima/policy';
import { formatHex, parseHex, parseUtf8 } from '@qoima/primitives';
import {
  combinePsbts,
  decodeSignature,
  decodeTransaction,
  extractTransaction,
  finalizePsbt,
  type MatchedInput,
  matchPolicy,
  type PartialSignature,
  type Psbt,
  parsePsbt,
  partialSignaturesOf,
  signatureHashes,
  signPsbt,
  transactionId,
  verifySignatures,
} from '@qoima/psbt';
import { signECDSA } from '@scure/btc-signer/utils.js';
import { BIP32Factory } from 'bip32';
import * as secp256k1 from 'tiny-secp256k1';
import { describe, expect, it } from 'vitest';
import { readVectors, type VectorEntry } from '../../../scripts/read-vectors.ts';
import { masterKey } from '../src/extended-private-key.ts';
import { accountPath, cosignerOf, generateMnemonic, softwareSigner } from '../src/index.ts';
import { type SoftwareSigner, signerOf } from '../src/software-signer.ts';

interface Flow {
  readonly psbt_unsigned: string;
  readonly psbt_signed_by: readonly string[];
  readonly quorums: readonly { readonly signers: readonly number[]; readonly final_tx: string }[];
}

interface CoreVector extends VectorEntry {
  readonly type: string;
  readonly descriptor_multipath: string;
  readonly keys: readonly { readonly seed: string }[];
  readonly psbt_v0?: Flow;
  readonly psbt_v2?: Flow;
}

const { entries } = readVectors<CoreVector>('multisig/core-generated-3of5.json');

/** Taproot and unsorted policies are not ours to sign for. */
const flows = entries
  .filter(({ type }) => type.startsWith('p2') && type.endsWith('-sortedmulti'))
  .flatMap((entry) => [
    { ...entry, version: 'v0', flow: entry.psbt_v0 as Flow },
    { ...entry, version: 'v2', flow: entry.psbt_v2 as Flow },
  ]);

const psbtOf = (base64: string): Psbt => parsePsbt(parseUtf8(base64));

const scriptsOf = (descriptor: string): PolicyScripts =>
  policyScripts(parseDescriptor(descriptor, { network: 'regtest' }).policy);

const signersOf = (entry: CoreVector): SoftwareSigner[] =>
  entry.keys.map(({ seed }) => signerOf(masterKey(parseHex(seed)), 'regtest'));

const signaturesIn = (psbt: Psbt): PartialSignature[] =>
  psbt.inputs.flatMap((map, index) => [...partialSignaturesOf(map, index)]);

describe('a 3-of-5 made by Bitcoin Core', () => {
  it.each(flows)('$id $version: each of five signs every input as Core does', async (entry) => {
    const scripts = scriptsOf(entry.descriptor_multipath);
    const unsigned = psbtOf(entry.flow.psbt_unsigned);
    const match = matchPolicy(unsigned, scripts);
    const hashes = signatureHashes(match);
    for (const [at, signer] of signersOf(entry).entries()) {
      const { psbt, added } = await signPsbt(unsigned, scripts, signer);
      expect(added).toHaveLength(unsigned.inputs.length);
      expect(signaturesIn(psbt)).toHaveLength(unsigned.inputs.length);
      const byCore = signaturesIn(psbtOf(entry.flow.psbt_signed_by[at] as string));
      for (const { inputIndex, publicKey, signature } of added) {
        const { compact } = decodeSignature(signature);
        const { script } = match.inputs[inputIndex] as MatchedInput;
        const secret = secretAt(entry, match.policy, at, script);
        expect(formatHex(signature)).toBe(`${formatHex(signECDSA(hashes(inputIndex), secret))}01`);
        const core = byCore.find(
          (other) =>
            other.inputIndex === inputIndex && formatHex(other.publicKey) === formatHex(publicKey),
        );
        // Core tries again until r is low; where the first try is, there is nothing to try again.
        if ((compact[0] as number) < 0x80) expect(core?.signature).toEqual(signature);
        else expect(core?.signature).toBeDefined();
      }
    }
  });

  it.each(flows)('$id $version: three of five make the transaction of Core', async (entry) => {
    const scripts = scriptsOf(entry.descriptor_multipath);
    const unsigned = psbtOf(entry.flow.psbt_unsigned);
    const signers = signersOf(entry);
    for (const { signers: quorum, final_tx } of entry.flow.quorums) {
      const signed = await Promise.all(
        quorum.map(async (number) => {
          const signer = signers[number - 1] as SoftwareSigner;
          return (await signPsbt(unsigned, scripts, signer)).psbt;
        }),
      );
      const match = matchPolicy(unsigned, scripts);
      const final = finalizePsbt(verifySignatures(combinePsbts(signed), match));
      const ours = extractTransaction(final);
      const cores = parseHex(final_tx);
      expect(decodeTransaction(ours).outputs).toEqual(decodeTransaction(cores).outputs);
      // Without a witness, other signature bytes make another id.
      if (entry.type !== 'p2sh-sortedmulti') expect(transactionId(ours)).toBe(transactionId(cores));
    }
  });
});

describe('a software signer', () => {
  const entry = flows[0] as CoreVector & { flow: Flow };
  const scripts = scriptsOf(entry.descriptor_multipath);
  const psbt = psbtOf(entry.flow.psbt_unsigned);
  const signer = (): SoftwareSigner => signersOf(entry)[0] as SoftwareSigner;

  it('signs the same bytes again', async () => {
    const first = await signPsbt(psbt, scripts, signer());
    expect(await signPsbt(psbt, scripts, signer())).toEqual(first);
  });

  it('refuses a policy that it has no key of', async () => {
    const mnemonic = generateMnemonic(new Uint8Array(16).fill(9));
    const stranger = softwareSigner({ mnemonic, network: 'regtest' });
    await expect(signPsbt(psbt, scripts, stranger)).rejects.toMatchObject({
      code: 'SIGNER_NOT_A_COSIGNER',
    });
  });

  it('is not misled by its own fingerprint on the key of another', async () => {
    const { publicKey, chainCode } = masterKey(new Uint8Array(32).fill(3));
    const { policy } = scripts;
    const swapped = walletPolicy({
      ...policy,
      cosigners: policy.cosigners.map((cosigner, at) =>
        at > 0 ? cosigner : { ...cosigner, key: { ...cosigner.key, publicKey, chainCode } },
      ),
    });
    const match = { ...matchPolicy(psbt, scripts), policy: swapped };
    await expect(signer().sign({ psbt, match, scripts })).rejects.toMatchObject({
      code: 'SIGNER_NOT_A_COSIGNER',
    });
  });

  it('refuses a policy of another network', async () => {
    const elsewhere = signerOf(masterKey(parseHex(entry.keys[0]?.seed ?? '')), 'signet');
    await expect(signPsbt(psbt, scripts, elsewhere)).rejects.toMatchObject({
      code: 'SIGNER_NETWORK_MISMATCH',
      details: { expected: 'signet', actual: 'regtest' },
    });
  });

  it('signs no more once it is closed', async () => {
    const closed = signer();
    await signPsbt(psbt, scripts, closed);
    closed.close();
    closed.close();
    await expect(signPsbt(psbt, scripts, closed)).rejects.toMatchObject({ code: 'SIGNER_CLOSED' });
  });

  it('wipes its master key when it is closed', () => {
    const master = masterKey(parseHex(entry.keys[0]?.seed ?? ''));
    signerOf(master, 'regtest').close();
    expect(master.privateKey).toEqual(new Uint8Array(32));
    expect(master.chainCode).toEqual(new Uint8Array(32));
  });

  it('signs with every key that it has in a policy', async () => {
    const mnemonic = generateMnemonic(new Uint8Array(16).fill(1));
    const own = policyScripts(twoOfThree(mnemonic));
    const inputs = psbt.transaction.inputs.map((_, index) => ({
      script: own.at('change', index),
      amount: 1000n,
    }));
    const match = { ...matchPolicy(psbt, scripts), policy: own.policy, inputs };
    const both = softwareSigner({ mnemonic, network: 'regtest' });
    const signatures = await both.sign({ psbt, match, scripts: own });
    expect(signatures.map(({ publicKey }) => formatHex(publicKey))).toEqual(
      inputs.flatMap(({ script }) => script.publicKeys.slice(0, 2).map(formatHex)),
    );
  });

  it('signs with its master key where the policy names that, and still has it afterwards', async () => {
    const mnemonic = generateMnemonic(new Uint8Array(16).fill(1));
    const { policy } = policyScripts(twoOfThree(mnemonic));
    const master = cosignerOf({ mnemonic, network: 'regtest', name: 'A', path: [] });
    const [, ...others] = policy.cosigners;
    const own = policyScripts(walletPolicy({ ...policy, cosigners: [master, ...others] }));
    const both = softwareSigner({ mnemonic, network: 'regtest' });
    for (const scriptsNow of [own, policyScripts(policy)]) {
      const inputs = [{ script: scriptsNow.at('receive', 4), amount: 1000n }];
      const match = { ...matchPolicy(psbt, scripts), policy: scriptsNow.policy, inputs };
      const signatures = await both.sign({ psbt, match, scripts: scriptsNow });
      expect(signatures.map(({ publicKey }) => formatHex(publicKey))).toEqual(
        inputs.flatMap(({ script }) => script.publicKeys.slice(0, 2).map(formatHex)),
      );
    }
  });

  it('shows nothing of its keys', () => {
    const mnemonic = generateMnemonic(new Uint8Array(16).fill(1));
    const shown = softwareSigner({ mnemonic, network: 'regtest' });
    expect(Object.keys(shown).sort()).toEqual(['close', 'fingerprint', 'sign']);
    expect(shown.fingerprint).toHaveLength(4);
  });
});

/** A policy of which one mnemonic holds two keys. */
const twoOfThree = (mnemonic: string): WalletPolicy => {
  const other = generateMnemonic(new Uint8Array(16).fill(2));
  const cosigner = (from: string, name: string, account: number): ReturnType<typeof cosignerOf> =>
    cosignerOf({
      mnemonic: from,
      network: 'regtest',
      name,
      path: accountPath('wsh', 'regtest', account),
    });
  return walletPolicy({
    name: 'Two of three',
    network: 'regtest',
    scriptKind: 'wsh',
    sorted: true,
    quorum: { required: 2, total: 3 },
    cosigners: [cosigner(mnemonic, 'A', 0), cosigner(mnemonic, 'B', 1), cosigner(other, 'C', 0)],
  });
};

/** The secret of a cosigner at a script, with nothing of ours between bip32 and the curve. */
const secretAt = (
  entry: CoreVector,
  policy: WalletPolicy,
  cosigner: number,
  script: { branch: 'receive' | 'change'; index: number },
): Uint8Array => {
  const seed = parseHex(entry.keys[cosigner]?.seed ?? '');
  const path = [
    ...(policy.cosigners[cosigner]?.origin.path ?? []),
    script.branch === 'change' ? 1 : 0,
  ];
  let node = BIP32Factory(secp256k1).fromSeed(seed);
  for (const step of [...path, script.index]) node = node.derive(step);
  return node.privateKey as Uint8Array;
};
