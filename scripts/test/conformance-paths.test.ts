import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDerivationPath } from '@qoima/policy';
import { formatHex, isQoimaError, parseUtf8 } from '@qoima/primitives';
import { ledgerClient } from '@qoima/signer-ledger';
import { describe, expect, it } from 'vitest';
import { emulate } from '../conformance/emulated-device.ts';
import { workspaceRoot } from '../workspace.ts';

interface Index {
  readonly cosigners: Readonly<Record<string, readonly { readonly mnemonic: string }[]>>;
}

const index = JSON.parse(
  readFileSync(join(workspaceRoot, 'test-vectors/ledger/index.json'), 'utf8'),
) as Index;

const open = (version: '2.4.6' | '2.3.0' = '2.4.6') => {
  const mnemonic = index.cosigners['testnet']?.[0]?.mnemonic ?? '';
  return ledgerClient(emulate({ mnemonic, network: 'testnet', version }).transport);
};

const statusOf = async (call: Promise<unknown>): Promise<unknown> => {
  try {
    return await call;
  } catch (error) {
    return isQoimaError(error) ? error.details['statusWord'] : error;
  }
};

/** BIP-388 leaves a key eight steps, and a PSBT two more: the app reads ten, the library of Ledger six. */
describe('paths that are longer than the library of Ledger takes', () => {
  const ten = parseDerivationPath("m/44'/1'/0'/0/0/0/0/0/0/0");
  const eleven = [...ten, 0];

  it('give keys up to the limit of the app', async () => {
    const client = open();
    expect(await statusOf(client.extendedKey(ten, false))).toMatch(/^tpub/);
    expect(await statusOf(client.extendedKey(eleven, true))).toBe('6a80');
  });

  it('sign messages up to the limit of the app', async () => {
    const client = open();
    const message = parseUtf8('x'.repeat(65));
    const short = await client.signMessage(ten.slice(0, 6), message);
    const long = await client.signMessage(ten, message);
    expect(formatHex(long)).toMatch(/^(1f|20)[0-9a-f]{128}$/);
    expect(long).not.toEqual(short);
    // The reader of paths refuses it, before the command can.
    expect(await statusOf(client.signMessage(eleven, message))).toBe('6a87');
    const nine = ten.slice(0, 9);
    expect(await statusOf(open('2.3.0').signMessage(nine, message))).toBe('6a87');
    expect(await statusOf(open('2.3.0').extendedKey(nine, true))).toBe('6a80');
  });
});
