import { formatHex, isQoimaError, type Network, networkNames, parseHex } from '@qoima/primitives';
import { address as bitcoinjs } from 'bitcoinjs-lib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readVectors } from '../../../scripts/read-vectors.ts';
import { decodeAddress, encodeAddress } from '../src/index.ts';
import { bitcoinjsNetwork, codeOf } from './sample-policy.ts';

interface AddressEntry {
  id: string;
  kind: string;
  address?: string;
  string?: string;
  scriptPubKey?: string;
}

/** Valid in BIP-173; BIP-350 gave witness versions from 1 on another checksum. */
const deviations: readonly string[] = ['bip173-address-02', 'bip173-address-03'];

const networkOf = (address: string): Network =>
  address.toLowerCase().startsWith('bc') ? 'mainnet' : 'testnet';

const refusedEverywhere = (text: string): void => {
  for (const network of networkNames) {
    expect(codeOf(() => decodeAddress(text, network))).toBe('POLICY_ADDRESS_INVALID');
  }
};

describe.each(['bip173', 'bip350'])('address/%s', (name) => {
  for (const { id, kind, address, string, scriptPubKey } of readVectors<AddressEntry>(
    `address/${name}.json`,
  ).entries) {
    it(`${id} (${kind})`, () => {
      if (kind !== 'valid-address' || deviations.includes(id)) {
        // The strings are checksum tests with prefixes of no network: none of them is an address.
        refusedEverywhere(address ?? string ?? '');
        return;
      }
      const text = address ?? '';
      const script = decodeAddress(text, networkOf(text));
      expect(formatHex(script)).toBe(scriptPubKey);
      expect(encodeAddress(script, networkOf(text))).toBe(text.toLowerCase());
    });
  }
});

describe('address/core-key_io', () => {
  interface KeyEntry {
    id: string;
    kind: string;
    text: string;
    hex: string;
    chain: string;
    tryCaseFlip?: boolean;
  }
  const networkOfChain: Readonly<Record<string, Network>> = {
    main: 'mainnet',
    test: 'testnet',
    testnet4: 'testnet',
    signet: 'signet',
    regtest: 'regtest',
  };
  for (const entry of readVectors<KeyEntry>('address/core-key_io.json').entries) {
    it(`${entry.id} (${entry.kind})`, () => {
      if (entry.kind !== 'valid-address') {
        refusedEverywhere(entry.text);
        return;
      }
      const network = networkOfChain[entry.chain] as Network;
      const script = decodeAddress(entry.text, network);
      expect(formatHex(script)).toBe(entry.hex);
      expect(encodeAddress(script, network)).toBe(entry.text);
      const flipped = entry.text.toUpperCase();
      if (entry.tryCaseFlip === true) expect(decodeAddress(flipped, network)).toEqual(script);
      const other = network === 'mainnet' ? 'testnet' : 'mainnet';
      expect(codeOf(() => decodeAddress(entry.text, other))).toBe('POLICY_ADDRESS_NETWORK');
    });
  }
});

describe('decodeAddress', () => {
  const bech32 = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';
  const base58 = '2N3sVXU7MZefmYnZhrVX2bA7LyH6vygFZZ7';

  it('reads upper case, and no mixture', () => {
    expect(decodeAddress(bech32.toUpperCase(), 'mainnet')).toEqual(
      decodeAddress(bech32, 'mainnet'),
    );
    refusedEverywhere(bech32.replace('q', 'Q'));
  });

  it('names the networks that an address is for', () => {
    try {
      decodeAddress(base58, 'mainnet');
      expect.unreachable();
    } catch (error) {
      if (!isQoimaError(error, 'POLICY_ADDRESS_NETWORK')) throw error;
      expect(error.details).toEqual({ expected: 'mainnet', actual: 'testnet, signet, regtest' });
    }
    for (const network of ['testnet', 'signet', 'regtest'] as const) decodeAddress(base58, network);
  });

  it.each([
    '',
    ' ',
    `${bech32} `,
    `${bech32}\n`,
    ` ${base58}`,
    'bc1',
    '1',
    '11111111111111111111',
    'x'.repeat(1_000_000),
    // A private key must neither pass nor be quoted.
    'L4rK1yDtCWekvXuE6oXD9jCYfFNV2cWRpVuPLBcCU2z8TrisoyY1',
    // Litecoin's prefix and versions.
    'ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9',
    'LVg2kJoFNg45Nbpy53h7Fe1wKyeXVRhMH9',
  ])('refuses %j', (text) => {
    expect(() => refusedEverywhere(text)).not.toThrow();
  });

  it('never quotes what it cannot read', () => {
    try {
      decodeAddress('L4rK1yDtCWekvXuE6oXD9jCYfFNV2cWRpVuPLBcCU2z8TrisoyY1', 'mainnet');
      expect.unreachable();
    } catch (error) {
      expect(String(error)).not.toContain('L4rK1y');
    }
  });
});

describe('encodeAddress', () => {
  it.each([
    ['nothing', ''],
    ['OP_RETURN', '6a0400000000'],
    ['a bare public key', `21${'02'.repeat(33)}ac`],
    ['witness version 0 with 31 bytes', `001f${'00'.repeat(31)}`],
    ['witness version 1 with 41 bytes', `5129${'00'.repeat(41)}`],
    ['witness version 1 with 1 byte', '510100'],
    ['no witness version', `6120${'00'.repeat(32)}`],
    ['OP_RESERVED, between no witness version and the first', `5020${'00'.repeat(32)}`],
    ['OP_1NEGATE', `4f20${'00'.repeat(32)}`],
    ['a byte after P2SH', `a914${'00'.repeat(20)}8700`],
    ['a non-minimal push in P2SH', `a94c14${'00'.repeat(20)}87`],
  ])('refuses %s', (_, hex) => {
    expect(codeOf(() => encodeAddress(parseHex(hex), 'mainnet'))).toBe('POLICY_ADDRESS_NONE');
  });

  it('writes what decodeAddress reads, and what bitcoinjs-lib writes', () => {
    const hash = fc.uint8Array({ minLength: 20, maxLength: 20 });
    const script = fc.oneof(
      hash.map((bytes) => Uint8Array.of(0x76, 0xa9, 20, ...bytes, 0x88, 0xac)),
      hash.map((bytes) => Uint8Array.of(0xa9, 20, ...bytes, 0x87)),
      hash.map((bytes) => Uint8Array.of(0, 20, ...bytes)),
      fc
        .uint8Array({ minLength: 32, maxLength: 32 })
        .map((bytes) => Uint8Array.of(0, 32, ...bytes)),
      fc
        .tuple(fc.integer({ min: 0x52, max: 0x60 }), fc.uint8Array({ minLength: 2, maxLength: 40 }))
        .map(([version, bytes]) => Uint8Array.of(version, bytes.length, ...bytes)),
    );
    fc.assert(
      fc.property(script, fc.constantFrom(...networkNames), (bytes, network) => {
        const text = encodeAddress(bytes, network);
        expect(decodeAddress(text, network)).toEqual(bytes);
        // From version 2 on bitcoinjs-lib prints a warning, so only the others are compared.
        if ((bytes[0] as number) < 0x52 || (bytes[0] as number) > 0x60) {
          expect(bitcoinjs.fromOutputScript(bytes, bitcoinjsNetwork(network))).toBe(text);
        }
      }),
    );
  });
});
