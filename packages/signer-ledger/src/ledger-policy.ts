import { policyKeys, policyTemplate, type WalletPolicy } from '@qoima/policy';
import {
  byteWriter,
  sha256,
  writeBytes,
  writeCompactSize,
  writeUint8,
  writtenBytes,
} from '@qoima/primitives';
import { merkleTree } from './merkle.ts';

/**
 * A wallet policy in the words of the device (BIP-388). Any template that the app knows may stand
 * here, more than Qoima's own policies can say.
 */
export interface LedgerPolicy {
  readonly name: string;
  readonly template: string;
  /** The key information of `@0`, `@1` …, with `'` for hardened steps. */
  readonly keys: readonly string[];
}

/** A policy as the app has it (BIP-388): name, template and keys. */
export const ledgerPolicyOf = (policy: WalletPolicy): LedgerPolicy => ({
  name: policy.name,
  template: policyTemplate(policy),
  keys: policyKeys(policy),
});

/** Version 2, for app 2.1.0 and later: the template by its hash, the keys by their Merkle root. */
export const encodeLedgerPolicy = ({ name, template, keys }: LedgerPolicy): Uint8Array => {
  const writer = byteWriter();
  const nameBytes = asciiBytes(name);
  const templateBytes = asciiBytes(template);
  writeUint8(writer, VERSION);
  writeUint8(writer, nameBytes.length);
  writeBytes(writer, nameBytes);
  writeCompactSize(writer, templateBytes.length);
  writeBytes(writer, sha256(templateBytes));
  writeCompactSize(writer, keys.length);
  writeBytes(writer, merkleTree(keys.map(asciiBytes)).root);
  return writtenBytes(writer);
};

/**
 * What a registration is bound to, 32 bytes: SHA-256 of the serialised policy. It is not Qoima's own
 * `policyId`, which has the network in it as well.
 */
export const ledgerPolicyId = (policy: LedgerPolicy): Uint8Array =>
  sha256(encodeLedgerPolicy(policy));

/**
 * One byte for each UTF-16 unit, as Ledger's own client writes names; the app takes printable ASCII only
 * and refuses what is more.
 */
export const asciiBytes = (text: string): Uint8Array =>
  Uint8Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));

const VERSION = 2;
