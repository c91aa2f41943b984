import { compareBytes, formatHex, parseHex } from '@qoima/primitives';
import { script as bitcoinjsScript } from 'bitcoinjs-lib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readVectors } from '../../../scripts/read-vectors.ts';
import {
  decodeAddress,
  encodeAddress,
  multisigScript,
  parseMultisigScript,
  payToScriptHash,
  payToWitnessScriptHash,
  sortKeys,
} from '../src/index.ts';
import { codeOf } from './sample-policy.ts';

describe('BIP-67', () => {
  interface SortedEntry {
    id: string;
    kind: string;
    m: number;
    keys: string[];
    sorted_keys: string[];
    script: string;
    address_mainnet: string;
    address_testnet: string;
  }
  for (const entry of readVectors<SortedEntry>('script/bip67.json').entries) {
    it(entry.id, () => {
      const sorted = sortKeys(entry.keys.map(parseHex));
      expect(sorted.map(formatHex)).toEqual(entry.sorted_keys);
      const script = multisigScript(entry.m, sorted);
      expect(formatHex(script)).toBe(entry.script);
      expect(encodeAddress(payToScriptHash(script), 'mainnet')).toBe(entry.address_mainnet);
      expect(encodeAddress(payToScriptHash(script), 'testnet')).toBe(entry.address_testnet);
    });
  }
});

describe('script/multisig-scripts', () => {
  interface Vector {
    exception?: string;
    arguments: {
      m?: number;
      pubkeys?: string[];
      output?: string;
      outputHex?: string;
      address?: string;
      redeem?: { output?: string };
    };
    expected?: {
      m?: number;
      pubkeys?: string[];
      address?: string;
      output?: string;
      redeem?: { output?: string } | null;
    };
  }
  interface ScriptEntry {
    id: string;
    kind: string;
    vector: Vector;
  }
  const compile = (asm: string): Uint8Array =>
    asm === '' ? new Uint8Array() : Uint8Array.from(bitcoinjsScript.fromASM(asm));
  const entries = readVectors<ScriptEntry>('script/multisig-scripts.json').entries;

  /**
   * bitcoinjs-lib builds inputs and scripts with the same functions, from any set of arguments. What
   * it refuses for these reasons has no counterpart here.
   */
  const elsewhere: Readonly<Record<string, string>> = {
    'Not enough data': 'an argument left out: the types do not allow it',
    'm mismatch': 'two arguments for one fact',
    'Pubkeys mismatch': 'two arguments for one fact',
    'Hash mismatch': 'two arguments for one fact',
    'Network mismatch': 'two arguments for one fact',
    'Signature mismatch': 'an input: psbt',
    'Input is invalid': 'an input: psbt',
    'Input too short': 'an input: psbt',
    'Input and witness provided': 'an input: psbt',
    'Redeem.input mismatch': 'an input: psbt',
    'Redeem.output mismatch': 'an input: psbt',
    'Witness and redeem.output mismatch': 'a witness: psbt',
    'Witness and redeem.witness mismatch': 'a witness: psbt',
    'Ambiguous witness source': 'a witness: psbt',
  };
  /** Their exceptions are shared with vectors about scripts; these two are about an input. */
  const ofInputs = ['bitcoinjs-p2wsh-invalid-17', 'bitcoinjs-p2sh-invalid-21'];

  const isElsewhere = ({ id, vector }: ScriptEntry): boolean =>
    ofInputs.includes(id) || (vector.exception !== undefined && vector.exception in elsewhere);

  it.each(entries.filter(({ kind }) => kind === 'p2ms-valid'))('$id', ({ vector }) => {
    const script = compile(vector.expected?.output ?? '');
    const parsed = parseMultisigScript(script);
    expect(parsed?.required).toBe(vector.expected?.m);
    expect(parsed?.publicKeys.map(formatHex)).toEqual(vector.expected?.pubkeys);
    expect(multisigScript(parsed?.required ?? 0, parsed?.publicKeys ?? [])).toEqual(script);
  });

  it.each(entries.filter(({ kind }) => /^p2w?sh-valid$/.test(kind)))('$id', ({ kind, vector }) => {
    const address = vector.expected?.address ?? vector.arguments.address ?? '';
    const network = address.startsWith('tb') ? 'testnet' : 'mainnet';
    const scriptPubKey = compile(vector.expected?.output ?? vector.arguments.output ?? '');
    expect(encodeAddress(scriptPubKey, network)).toBe(address);
    expect(decodeAddress(address, network)).toEqual(scriptPubKey);
    const inner = vector.arguments.redeem?.output ?? vector.expected?.redeem?.output;
    if (inner === undefined) return;
    const payTo = kind === 'p2sh-valid' ? payToScriptHash : payToWitnessScriptHash;
    expect(payTo(compile(inner))).toEqual(scriptPubKey);
  });

  const invalid = entries.filter(({ kind }) => kind.endsWith('-invalid'));
  it.each(invalid.filter((entry) => !isElsewhere(entry)))('$id', ({ kind, vector }) => {
    const { m = 0, pubkeys = [], output = '', outputHex, address, redeem } = vector.arguments;
    if (pubkeys.length > 0) {
      const make = () => multisigScript(m, pubkeys.map(parseHex));
      expect(codeOf(make)).toBe('POLICY_QUORUM_INVALID');
    } else if (redeem?.output !== undefined) {
      expect(parseMultisigScript(compile(redeem.output))).toBeUndefined();
    } else if (address?.startsWith('134D6')) {
      // A good address, but of P2PKH.
      expect(formatHex(decodeAddress(address, 'mainnet'))).toMatch(/^76a914/);
    } else if (address !== undefined) {
      expect(codeOf(() => decodeAddress(address, 'mainnet'))).toBe('POLICY_ADDRESS_INVALID');
    } else {
      const script = outputHex === undefined ? compile(output) : parseHex(outputHex);
      if (kind === 'p2ms-invalid') expect(parseMultisigScript(script)).toBeUndefined();
      else expect(codeOf(() => encodeAddress(script, 'mainnet'))).toBe('POLICY_ADDRESS_NONE');
    }
  });

  it('leaves 30 to where inputs are read, or to the types', () => {
    expect(invalid.filter(isElsewhere).length).toBe(30);
  });
});

describe('multisigScript', () => {
  const key = (first: number, last: number): Uint8Array =>
    Uint8Array.of(first, ...new Uint8Array(31), last);

  it('refuses a quorum that cannot be', () => {
    expect(codeOf(() => multisigScript(0, [key(2, 1)]))).toBe('POLICY_QUORUM_INVALID');
    expect(codeOf(() => multisigScript(2, [key(2, 1)]))).toBe('POLICY_QUORUM_INVALID');
    const sixteen = Array.from({ length: 16 }, (_, i) => key(2, i));
    expect(codeOf(() => multisigScript(1, sixteen))).toBe('POLICY_QUORUM_INVALID');
  });

  const parts = fc
    .array(fc.tuple(fc.constantFrom(2, 3), fc.uint8Array({ minLength: 32, maxLength: 32 })), {
      minLength: 1,
      maxLength: 15,
    })
    .chain((keys) => fc.tuple(fc.integer({ min: 1, max: keys.length }), fc.constant(keys)))
    .map(([required, keys]) => ({
      required,
      publicKeys: keys.map(([parity, x]) => Uint8Array.of(parity, ...x)),
    }));

  it('writes what parseMultisigScript reads', () => {
    fc.assert(
      fc.property(parts, ({ required, publicKeys }) => {
        const script = multisigScript(required, publicKeys);
        expect(parseMultisigScript(script)).toEqual({ required, publicKeys });
        expect(script.length).toBeLessThanOrEqual(520);
      }),
    );
  });

  it('has one form: a script with a byte changed, added or cut is another script or none', () => {
    fc.assert(
      fc.property(
        parts,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        ({ required, publicKeys }, at, by) => {
          const script = multisigScript(required, publicKeys);
          const changed = script.map((byte, i) => (i === at % script.length ? byte ^ by : byte));
          for (const other of [
            changed,
            script.slice(1),
            script.slice(0, -1),
            Uint8Array.of(...script, 0),
          ]) {
            const parsed = parseMultisigScript(other);
            if (parsed === undefined) continue;
            expect(multisigScript(parsed.required, parsed.publicKeys)).toEqual(other);
          }
        },
      ),
    );
  });

  it.each([
    ['an uncompressed key', `5141${'04'.repeat(65)}51ae`],
    ['a key that begins with 4', `5121${'04'.repeat(33)}51ae`],
    ['a push with OP_PUSHDATA1', `514c21${'02'.repeat(33)}51ae`],
    ['a threshold pushed as a byte', `010121${'02'.repeat(33)}51ae`],
    ['a threshold of 0', `0021${'02'.repeat(33)}51ae`],
    ['a total of another number', `5121${'02'.repeat(33)}52ae`],
    ['OP_CHECKMULTISIGVERIFY', `5121${'02'.repeat(33)}51af`],
    ['nothing', ''],
    ['no keys', '5050ae'],
  ])('parseMultisigScript knows nothing of %s', (_, hex) => {
    expect(parseMultisigScript(parseHex(hex))).toBeUndefined();
  });
});

describe('sortKeys', () => {
  it('sorts by bytes and leaves its argument alone', () => {
    const keys = fc.array(fc.uint8Array({ minLength: 33, maxLength: 33 }), { maxLength: 15 });
    fc.assert(
      fc.property(keys, (given) => {
        const before = [...given];
        const sorted = sortKeys(given);
        expect(given).toEqual(before);
        expect(sorted.toSorted(compareBytes)).toEqual(sorted);
      }),
    );
  });
});
