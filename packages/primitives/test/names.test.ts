import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatHex,
  formatOutpoint,
  formatTxid,
  networkNames,
  networks,
  parseNetwork,
  parseOutpoint,
  parseTxid,
} from '../src/index.ts';

const txid = 'ef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a';

describe('networks', () => {
  it('are known by their four names', () => {
    expect(networkNames.map(parseNetwork)).toEqual(Object.keys(networks));
  });

  it.each(['', 'main', 'Mainnet', 'testnet4', 'bitcoin', 'toString', '__proto__', 'mainnet '])(
    '%j is none',
    (text) => {
      expect(() => parseNetwork(text)).toThrow(
        expect.objectContaining({ code: 'NETWORK_UNKNOWN', kind: 'usage' }),
      );
    },
  );

  it('keep mainnet apart from all others', () => {
    const { mainnet, ...others } = networks;
    for (const other of Object.values(others)) {
      expect(other.bech32).not.toBe(mainnet.bech32);
      expect(other.p2pkhVersion).not.toBe(mainnet.p2pkhVersion);
      expect(other.p2shVersion).not.toBe(mainnet.p2shVersion);
      expect(other.coinType).toBe(1);
    }
  });
});

describe('a transaction id', () => {
  it('is the hash read backwards', () => {
    const hash = parseTxid(txid);
    expect(formatHex(hash)).toBe(
      '8ac60eb9575db5b2d987e29f301b5b819ea83a5c6579d282d189cc04b8e151ef',
    );
    expect(formatTxid(hash)).toBe(txid);
  });

  it('does not turn the bytes that it is made from, not even those of a Buffer', () => {
    const hash = Buffer.from(parseTxid(txid));
    formatTxid(hash);
    expect(formatTxid(hash)).toBe(txid);
  });

  it.each(['', txid.slice(1), `${txid}0`, txid.toUpperCase(), `${txid.slice(1)}g`, `${txid}\n`])(
    'is not %j',
    (text) => {
      expect(() => parseTxid(text)).toThrow(expect.objectContaining({ code: 'OUTPOINT_INVALID' }));
    },
  );
});

describe('an outpoint', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (vout) => {
        expect(parseOutpoint(formatOutpoint({ txid, vout }))).toEqual({ txid, vout });
      }),
    );
  });

  it.each([
    '',
    txid,
    `${txid}:`,
    `${txid}:-1`,
    `${txid}:01`,
    `${txid}:1.0`,
    `${txid}:4294967296`,
    `${txid}:99999999999`,
    `${txid.toUpperCase()}:0`,
    `${txid}:0 `,
    `${txid}-0`,
    ':0',
  ])('is not %j', (text) => {
    expect(() => parseOutpoint(text)).toThrow(
      expect.objectContaining({ code: 'OUTPOINT_INVALID' }),
    );
  });
});
