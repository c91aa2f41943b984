import {
  formatCosignerKey,
  formatDerivationPath,
  formatExtendedKey,
  HARDENED,
  parseCosignerKey,
  parseDerivationPath,
  type ScriptKind,
} from '@qoima/policy';
import { formatHex, type Network, networkNames } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import { readVectors, type VectorEntry } from '../../../scripts/read-vectors.ts';
import { accountPath, cosignerOf } from '../src/index.ts';

interface PathVector extends VectorEntry {
  readonly path: string;
  readonly network: Network;
  readonly account: string;
  readonly script?: 'p2wsh' | 'p2sh-p2wsh';
  readonly pub: string;
  readonly xpub?: string;
  readonly tpub?: string;
  readonly chaincode?: string;
}

const { entries } = readVectors<PathVector>('keys/bip48-paths.json');
const nodes = entries.filter((entry) => entry.kind === 'derived-node');
const templates = entries.filter((entry) => entry.kind === 'path-template');

/** The mnemonic that the file's notes name for its derived nodes, and its master fingerprint below. */
const mnemonic =
  'merge alley lucky axis penalty manage latin gasp virus captain wheel deal chase fragile chapter boss zero dirt stadium tooth physical valve kid plunge';

const scriptKinds = { p2wsh: 'wsh', 'p2sh-p2wsh': 'sh-wsh' } as const;

describe('keys derived at multisig paths', () => {
  it.each(nodes)('$id $path', (node) => {
    const path = parseDerivationPath(node.path);
    for (const network of networkNames) {
      const cosigner = cosignerOf({ mnemonic, network, name: 'Ayan', path });
      const { origin, key } = cosigner;
      const text = network === 'mainnet' ? node.xpub : node.tpub;
      expect({
        name: cosigner.name,
        fingerprint: formatHex(origin.fingerprint),
        publicKey: formatHex(key.publicKey),
        chainCode: formatHex(key.chainCode),
        text: formatExtendedKey(key),
      }).toEqual({
        name: 'Ayan',
        fingerprint: 'f57ec65d',
        publicKey: node.pub,
        // Some nodes are published with their public key alone.
        chainCode: node.chaincode ?? expect.any(String),
        text: text ?? expect.any(String),
      });
      expect(parseCosignerKey(formatCosignerKey(cosigner))).toEqual({ origin, key });
    }
  });

  it('are others under a passphrase', () => {
    const path = accountPath('wsh', 'mainnet');
    const plain = cosignerOf({ mnemonic, network: 'mainnet', name: 'A', path });
    const other = cosignerOf({ mnemonic, passphrase: 'x', network: 'mainnet', name: 'A', path });
    expect(other.origin.fingerprint).not.toEqual(plain.origin.fingerprint);
    expect(other.key.publicKey).not.toEqual(plain.key.publicKey);
  });
});

describe('account paths', () => {
  it.each(templates.filter(({ account }) => account !== undefined))(
    '$id $path begins with ours',
    ({ path, network, account, script }) => {
      const scriptKind: ScriptKind = script === undefined ? 'sh' : scriptKinds[script];
      const ours = accountPath(scriptKind, network, account === 'first' ? 0 : 1);
      expect(parseDerivationPath(path).slice(0, ours.length)).toEqual(ours);
      expect(ours.every((step) => step >= HARDENED)).toBe(true);
    },
  );

  it.each<[ScriptKind, Network, string]>([
    ['wsh', 'mainnet', "48'/0'/0'/2'"],
    ['sh-wsh', 'mainnet', "48'/0'/0'/1'"],
    ['sh', 'mainnet', "87'/0'/0'"],
    ['wsh', 'testnet', "48'/1'/0'/2'"],
    ['wsh', 'signet', "48'/1'/0'/2'"],
    ['wsh', 'regtest', "48'/1'/0'/2'"],
  ])('of %s on %s: %s', (scriptKind, network, path) => {
    expect(formatDerivationPath(accountPath(scriptKind, network))).toBe(path);
  });

  it.each([-1, 1.5, HARDENED, Number.NaN])('have no account %s', (account) => {
    expect(() => accountPath('wsh', 'mainnet', account)).toThrow(
      expect.objectContaining({ code: 'SIGNER_ACCOUNT_INVALID' }),
    );
  });
});
