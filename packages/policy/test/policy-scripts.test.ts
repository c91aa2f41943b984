import { pbkdf2Sync } from 'node:crypto';
import { formatHex, type Network } from '@qoima/primitives';
import { payments } from 'bitcoinjs-lib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readVectors } from '../../../scripts/read-vectors.ts';
import {
  type Branch,
  type Cosigner,
  decodeAddress,
  encodeAddress,
  formatExtendedKey,
  HARDENED,
  locateDerivation,
  parseCosignerKey,
  parseExtendedKey,
  policyScripts,
  type ScriptKind,
  type WalletPolicy,
  walletPolicy,
} from '../src/index.ts';
import { bip32, bitcoinjsNetwork, codeOf, cosigner, samplePolicy } from './sample-policy.ts';

const addressAt = (policy: WalletPolicy, branch: Branch, index: number): string =>
  encodeAddress(policyScripts(policy).at(branch, index).scriptPubKey, policy.network);

const kinds: Readonly<Record<string, ScriptKind>> = {
  P2SH: 'sh',
  'P2SH-P2WSH': 'sh-wsh',
  P2WSH: 'wsh',
  p2sh: 'sh',
  'p2wsh-p2sh': 'sh-wsh',
  p2wsh: 'wsh',
};

describe('multisig/caravan-fixtures', () => {
  interface Derivation {
    path: string;
    pubkey: string;
  }
  interface CaravanEntry {
    id: string;
    kind: string;
    network: Network;
    type?: string;
    format?: string;
    address: string;
    bip32Path: string;
    publicKeys: string[];
    scriptHex: string;
    multisigScriptHex: string;
    redeemScriptHex?: string;
    witnessScriptHex?: string;
    extendedPublicKeys: { base58String: string; rootFingerprint: string; path: string }[];
    outputs: { address: string; bip32Derivation?: Derivation[] }[];
  }
  const { entries } = readVectors<CaravanEntry>('multisig/caravan-fixtures.json');
  const policyOf = (entry: CaravanEntry): WalletPolicy =>
    walletPolicy({
      name: 'Caravan',
      network: entry.network,
      scriptKind: kinds[entry.format ?? ''] as ScriptKind,
      sorted: true,
      quorum: { required: 2, total: 2 },
      cosigners: entry.extendedPublicKeys.map(({ base58String, rootFingerprint, path }) => ({
        name: rootFingerprint,
        ...parseCosignerKey(`[${rootFingerprint}/${path.slice(2)}]${base58String}`),
      })),
    });

  const addresses = entries.filter(({ kind }) => kind === 'multisig-address-and-psbt');
  for (const entry of entries.filter(({ kind }) => kind === 'multisig-transaction')) {
    const spent = addresses.find(
      ({ network, type }) => network === entry.network && type === entry.format,
    );

    it(`${entry.id}: the address that ${spent?.id} spends from`, () => {
      if (spent === undefined) throw new Error('each transaction has its address');
      const policy = policyOf(entry);
      const [branchNumber, index] = spent.bip32Path.split('/').slice(-2).map(Number);
      expect([branchNumber, index]).toEqual([0, 0]);
      const script = policyScripts(policy).at('receive', 0);
      expect(encodeAddress(script.scriptPubKey, policy.network)).toBe(spent.address);
      expect(formatHex(script.scriptPubKey)).toBe(spent.scriptHex);
      expect(formatHex(script.multisigScript)).toBe(spent.multisigScriptHex);
      expect(script.scriptKeys.map(formatHex)).toEqual(spent.publicKeys);
      expect(script.redeemScript && formatHex(script.redeemScript)).toBe(spent.redeemScriptHex);
      expect(script.witnessScript && formatHex(script.witnessScript)).toBe(spent.witnessScriptHex);
    });

    it(`${entry.id}: the change that it pays`, () => {
      const change = entry.outputs.filter(({ bip32Derivation }) => bip32Derivation !== undefined);
      expect(change.length).toBe(1);
      for (const { address, bip32Derivation = [] } of change) {
        const script = policyScripts(policyOf(entry)).at('change', 0);
        expect(encodeAddress(script.scriptPubKey, entry.network)).toBe(address);
        const keys = script.publicKeys.map(formatHex);
        for (const { pubkey } of bip32Derivation) expect(keys).toContain(pubkey);
      }
    });
  }
});

describe('multisig/electrum-wallets', () => {
  interface ElectrumEntry {
    id: string;
    kind: string;
    txin_type: string;
    cosigners: { electrum_seed?: string; xpub?: string; xprv?: string }[];
    addresses: { 'receiving_addresses[0]': string; 'change_addresses[0]': string };
  }
  /** Electrum's own seeds: the account is the master key, or its first hardened child for segwit. */
  const seededKey = (seed: string, txinType: string): string => {
    const bytes = pbkdf2Sync(seed, 'electrum', 2048, 64, 'sha512');
    const master = bip32.fromSeed(bytes);
    return (txinType === 'p2sh' ? master : master.deriveHardened(1)).neutered().toBase58();
  };
  /** SLIP-132's Yprv and Ypub. */
  const slip132 = {
    ...bitcoinjsNetwork('mainnet'),
    bip32: { private: 0x0295b005, public: 0x0295b43f },
  };

  it.each(readVectors<ElectrumEntry>('multisig/electrum-wallets.json').entries)('$id', (entry) => {
    const cosigners = entry.cosigners.map((one, i): Cosigner => {
      const text =
        one.xpub ??
        (one.xprv === undefined
          ? seededKey(one.electrum_seed ?? '', entry.txin_type)
          : bip32.fromBase58(one.xprv, slip132).neutered().toBase58());
      const key = parseExtendedKey(text);
      const name = `cosigner ${i + 1}`;
      if (key.depth < 2) return { name, ...parseCosignerKey(text) };
      // The file does not tell the origin of deeper keys; addresses do not depend on it.
      const path = [...Array<number>(key.depth - 1).fill(0), key.childNumber];
      return { name, key, origin: { fingerprint: Uint8Array.of(0, 0, 0, i), path } };
    });
    const policy = walletPolicy({
      name: 'Electrum',
      network: 'mainnet',
      scriptKind: kinds[entry.txin_type] as ScriptKind,
      sorted: true,
      quorum: { required: 2, total: 2 },
      cosigners,
    });
    expect(addressAt(policy, 'receive', 0)).toBe(entry.addresses['receiving_addresses[0]']);
    expect(addressAt(policy, 'change', 0)).toBe(entry.addresses['change_addresses[0]']);
  });
});

describe('policyScripts', () => {
  it('agrees with bitcoinjs-lib and bip32 on policies of any kind', () => {
    const parts = fc.record({
      scriptKind: fc.constantFrom('wsh' as const, 'sh-wsh' as const, 'sh' as const),
      sorted: fc.boolean(),
      network: fc.constantFrom<Network>('mainnet', 'testnet', 'signet', 'regtest'),
      seeds: fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 15 }),
      draw: fc.nat(),
      branch: fc.constantFrom<Branch>('receive', 'change'),
      index: fc.integer({ min: 0, max: HARDENED - 1 }),
    });
    fc.assert(
      fc.property(parts, ({ scriptKind, sorted, network, seeds, draw, branch, index }) => {
        const required = 1 + (draw % seeds.length);
        const policy = samplePolicy({
          scriptKind,
          sorted,
          network,
          quorum: { required, total: seeds.length },
          cosigners: seeds.map((seed) => cosigner(seed, network)),
        });
        const theirNetwork = bitcoinjsNetwork(network);
        const derived = policy.cosigners.map(
          ({ key }) =>
            bip32
              .fromBase58(formatExtendedKey(key), theirNetwork)
              .derive(branch === 'receive' ? 0 : 1)
              .derive(index).publicKey,
        );
        const pubkeys = sorted ? derived.toSorted((a, b) => Buffer.compare(a, b)) : derived;
        const multisig = payments.p2ms({ m: required, pubkeys, network: theirNetwork });
        const inner =
          scriptKind === 'sh'
            ? multisig
            : payments.p2wsh({ redeem: multisig, network: theirNetwork });
        const outer =
          scriptKind === 'wsh' ? inner : payments.p2sh({ redeem: inner, network: theirNetwork });

        const ours = policyScripts(policy).at(branch, index);
        expect(ours.publicKeys).toEqual(derived);
        expect(ours.scriptKeys).toEqual(pubkeys);
        expect(ours.multisigScript).toEqual(multisig.output);
        expect(ours.scriptPubKey).toEqual(outer.output);
        expect(ours.redeemScript).toEqual(scriptKind === 'wsh' ? undefined : inner.output);
        expect(ours.witnessScript).toEqual(scriptKind === 'sh' ? undefined : multisig.output);
        const address = encodeAddress(ours.scriptPubKey, network);
        expect(address).toBe(outer.address);
        expect(decodeAddress(address, network)).toEqual(ours.scriptPubKey);
      }),
      { numRuns: 15 },
    );
  });

  it('makes a script once', () => {
    const scripts = policyScripts(samplePolicy());
    expect(scripts.at('receive', 7)).toBe(scripts.at('receive', 7));
    expect(scripts.at('change', 7)).not.toBe(scripts.at('receive', 7));
    expect(scripts.at('change', 7)).toMatchObject({ branch: 'change', index: 7 });
  });

  it.each([-1, 0.5, Number.NaN, HARDENED])('refuses the index %s', (index) => {
    const code = codeOf(() => policyScripts(samplePolicy()).at('receive', index));
    expect(code).toBe('POLICY_INDEX_INVALID');
  });
});

describe('locateDerivation', () => {
  const policy = samplePolicy();
  const origin = policy.cosigners[0]?.origin.path ?? [];

  it('reads branch and index behind the origin', () => {
    const receive = { branch: 'receive', index: 7 };
    expect(locateDerivation(policy, 0, [...origin, 0, 7])).toEqual(receive);
    const last = { branch: 'change', index: HARDENED - 1 };
    expect(locateDerivation(policy, 4, [...origin, 1, HARDENED - 1])).toEqual(last);
  });

  it.each([
    ['the origin alone', 0, origin],
    ['one step only', 0, [...origin, 0]],
    ['a step too many', 0, [...origin, 0, 0, 0]],
    ['no branch of ours', 0, [...origin, 2, 0]],
    ['a hardened branch', 0, [...origin, HARDENED, 0]],
    ['a hardened index', 0, [...origin, 0, HARDENED]],
    ['another account', 0, [...origin.with(2, HARDENED + 1), 0, 0]],
    ['an unhardened origin', 0, [...origin.map((step) => step % HARDENED), 0, 0]],
    ['no such cosigner', 5, [...origin, 0, 0]],
  ])('finds nothing for %s', (_, cosignerIndex, path) => {
    expect(locateDerivation(policy, cosignerIndex, path)).toBeUndefined();
  });
});
