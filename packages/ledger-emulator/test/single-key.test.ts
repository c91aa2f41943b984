import { verifyEcdsa } from '@qoima/curve';
import { deriveChildKey, HARDENED, parseCosignerKey, payToScriptHash } from '@qoima/policy';
import {
  concatBytes,
  formatHex,
  hash160,
  parseHex,
  parseTxid,
  type Sats,
  sha256,
} from '@qoima/primitives';
import {
  assemblePsbt,
  bip143Midstates,
  decodeSignature,
  INPUT,
  legacySighash,
  legacyTemplate,
  type PsbtRecord,
  record,
  SIGHASH,
  transactionId,
  type UnsignedTransaction,
  witnessSighash,
} from '@qoima/psbt';
import { describe, expect, it } from 'vitest';
import { addressData, converse, hostData, readYield, signData } from './host.ts';
import { emulatorNumber, funding, keyOf, strangerScript } from './wallet.ts';

/** Default policies, of one key and without a registration, spend too: other programs of a Ledger use them. */
const AMOUNT: Sats = 100_000n;

const pkh = (hash: Uint8Array): Uint8Array => Uint8Array.of(0x76, 0xa9, 20, ...hash, 0x88, 0xac);
const wpkh = (hash: Uint8Array): Uint8Array => Uint8Array.of(0, 20, ...hash);

const KINDS = [
  { template: 'pkh(@0/**)', purpose: 44, script: pkh, segwit: false },
  { template: 'wpkh(@0/**)', purpose: 84, script: wpkh, segwit: true },
  {
    template: 'sh(wpkh(@0/**))',
    purpose: 49,
    script: (hash: Uint8Array) => payToScriptHash(wpkh(hash)),
    redeemScript: wpkh,
    segwit: true,
  },
] as const;

const place = [0, 3];

describe.each(KINDS)('a spend of $template', (kind) => {
  const made = async () => {
    const emulator = emulatorNumber(0);
    const account = [kind.purpose, 1, 0].map((step) => step + HARDENED);
    const text = await keyOf(emulator, account);
    const { origin, key } = parseCosignerKey(text);
    const { publicKey } = place.reduce(deriveChildKey, key);
    const hash = hash160(publicKey);
    const script = kind.script(hash);
    const previous = funding(script, AMOUNT);
    const txid = parseTxid(transactionId(previous));
    const transaction: UnsignedTransaction = {
      version: 2,
      lockTime: 0,
      inputs: [{ txid, vout: 1, sequence: 0xfffffffd }],
      outputs: [{ amount: 99_000n, script: strangerScript(9) }],
    };
    const input: PsbtRecord[] = [
      record(INPUT.nonWitnessUtxo, previous),
      record(
        INPUT.derivation,
        { fingerprint: origin.fingerprint, path: [...account, ...place] },
        publicKey,
      ),
    ];
    if (kind.segwit) input.push(record(INPUT.witnessUtxo, { amount: AMOUNT, script }));
    if ('redeemScript' in kind) input.push(record(INPUT.redeemScript, kind.redeemScript(hash)));
    const psbt = assemblePsbt(2, transaction, { global: [], inputs: [input], outputs: [[]] });
    const signed = kind.segwit
      ? witnessSighash(bip143Midstates(transaction), 0, pkh(hash), AMOUNT, SIGHASH.all)
      : legacySighash(legacyTemplate(transaction), 0, script, SIGHASH.all);
    return { emulator, text, publicKey, psbt, signed };
  };

  it('is signed with its key', async () => {
    const { emulator, text, publicKey, psbt, signed } = await made();
    const host = hostData();
    const policy = { name: '', descriptorTemplate: kind.template, keys: [text] };
    const data = signData(host, psbt, policy, new Uint8Array(32));
    const { statusWord, yields } = await converse(emulator.exchange, 0x04, data, host);
    expect(statusWord).toBe('9000');
    const [first, ...more] = yields.map(readYield);
    expect(more).toEqual([]);
    expect(first?.pubkey).toBe(formatHex(publicKey));
    const { compact } = decodeSignature(parseHex(first?.sig ?? ''));
    expect(verifyEcdsa(signed, publicKey, compact)).toBe(true);
    expect(emulator.screens).toEqual([
      'Review transaction | to send bitcoin',
      'Amount | 0.00099 TEST',
      expect.stringMatching(/^To \| tb1q/),
      'Fees | 0.00001 TEST',
      'Sign transaction',
      'Transaction signed',
    ]);
  });
});

describe('the address of a policy that is written otherwise than the app writes it', () => {
  it.each([
    ['as the app does', 0, '9000'],
    ['with a byte behind it', 1, '6a80'],
  ])('%s', async (_, more, statusWord) => {
    const emulator = emulatorNumber(0);
    const text = await keyOf(
      emulator,
      [84, 1, 0].map((step) => step + HARDENED),
    );
    const host = hostData();
    const policy = { name: '', descriptorTemplate: 'wpkh(@0/**)', keys: [text] };
    const where = { change: 0, index: 0, display: false };
    const data = addressData(host, policy, new Uint8Array(32), where);
    const written = host.preimages.get(formatHex(data.subarray(1, 33))) ?? new Uint8Array();
    const other = concatBytes(written, new Uint8Array(more));
    host.preimages.set(formatHex(sha256(other)), other);
    const changed = concatBytes(data.subarray(0, 1), sha256(other), data.subarray(33));
    expect(await converse(emulator.exchange, 0x03, changed, host)).toMatchObject({ statusWord });
  });
});
