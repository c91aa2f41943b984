import { type Network, networkNames, networks } from '@qoima/primitives';
import { address as bitcoinjs } from 'bitcoinjs-lib';
import { policyError } from './errors.ts';

/**
 * Addresses, with bitcoinjs-lib's Base58Check and Bech32 codecs. Its own way from address to script
 * is not used: it writes warnings to the console and refuses witness programs that BIP-350 allows.
 */

/** BIP-173: a Bech32 string has at most 90 characters; Base58Check addresses have fewer. */
const MAX_ADDRESS_LENGTH = 90;

type Payload =
  | { readonly kind: 'p2pkh' | 'p2sh'; readonly hash: Uint8Array }
  | { readonly kind: 'witness'; readonly version: number; readonly program: Uint8Array };

interface DecodedAddress {
  readonly payload: Payload;
  /** Test networks share most forms, so there may be several. */
  readonly networks: readonly Network[];
}

/**
 * The address of a P2PKH, P2SH or witness script of any version (BIP-173, BIP-350).
 * @throws `POLICY_ADDRESS_NONE`
 */
export const encodeAddress = (scriptPubKey: Uint8Array, network: Network): string => {
  const payload = payloadOf(scriptPubKey);
  if (payload === undefined) {
    throw policyError(
      'POLICY_ADDRESS_NONE',
      `A script of ${scriptPubKey.length} bytes has no address.`,
    );
  }
  const { bech32, p2pkhVersion, p2shVersion } = networks[network];
  switch (payload.kind) {
    case 'p2pkh':
      return bitcoinjs.toBase58Check(payload.hash, p2pkhVersion);
    case 'p2sh':
      return bitcoinjs.toBase58Check(payload.hash, p2shVersion);
    case 'witness':
      return bitcoinjs.toBech32(payload.program, payload.version, bech32);
  }
};

/**
 * The script that an address stands for: Base58Check, Bech32 for witness version 0 and Bech32m for
 * 1 to 16, all lower or all upper case (BIP-173, BIP-350). Signet shares its addresses with testnet.
 * Not checked: whether a rule for spending a future witness version exists yet.
 * @throws `POLICY_ADDRESS_INVALID`, `POLICY_ADDRESS_NETWORK`
 */
export const decodeAddress = (text: string, network: Network): Uint8Array => {
  const decoded = decodeText(text);
  if (decoded === undefined) {
    // Not quoted: a private key pasted by mistake must not reach a log.
    throw policyError(
      'POLICY_ADDRESS_INVALID',
      `The text of ${text.length} characters is no address.`,
    );
  }
  if (!decoded.networks.includes(network)) {
    const actual = decoded.networks.join(', ');
    throw policyError(
      'POLICY_ADDRESS_NETWORK',
      `The address ${text} is for ${actual}, not for ${network}.`,
      { expected: network, actual },
    );
  }
  return scriptOf(decoded.payload);
};

const decodeText = (text: string): DecodedAddress | undefined => {
  if (text.length > MAX_ADDRESS_LENGTH) return undefined;
  const prefix = text.slice(0, Math.max(0, text.lastIndexOf('1'))).toLowerCase();
  const ofPrefix = networkNames.filter((name) => networks[name].bech32 === prefix);
  try {
    return ofPrefix.length > 0 ? decodeBech32(text, ofPrefix) : decodeBase58(text);
  } catch {
    // The codecs throw on a bad checksum or character; what they say is not for users.
    return undefined;
  }
};

const decodeBech32 = (text: string, names: readonly Network[]): DecodedAddress | undefined => {
  const { version, data: program } = bitcoinjs.fromBech32(text);
  const payload = { kind: 'witness', version, program } as const;
  return isWitnessProgram(version, program) ? { payload, networks: names } : undefined;
};

const decodeBase58 = (text: string): DecodedAddress | undefined => {
  const { version, hash } = bitcoinjs.fromBase58Check(text);
  const p2pkh = networkNames.filter((name) => networks[name].p2pkhVersion === version);
  if (p2pkh.length > 0) return { payload: { kind: 'p2pkh', hash }, networks: p2pkh };
  const p2sh = networkNames.filter((name) => networks[name].p2shVersion === version);
  if (p2sh.length > 0) return { payload: { kind: 'p2sh', hash }, networks: p2sh };
  return undefined;
};

/** BIP-141: versions 0 to 16, programs of 2 to 40 bytes, and of version 0 only 20 or 32. */
const isWitnessProgram = (version: number | undefined, { length }: Uint8Array): boolean =>
  version === 0
    ? length === 20 || length === 32
    : version !== undefined && version <= 16 && length >= 2 && length <= 40;

const P2PKH = { open: [0x76, 0xa9, 20], close: [0x88, 0xac] } as const;
const P2SH = { open: [0xa9, 20], close: [0x87] } as const;
/** OP_1 is 0x51, OP_16 is 0x60; OP_0 is 0. */
const WITNESS_VERSION_BASE = 0x50;

const scriptOf = (payload: Payload): Uint8Array => {
  switch (payload.kind) {
    case 'p2pkh':
      return Uint8Array.of(...P2PKH.open, ...payload.hash, ...P2PKH.close);
    case 'p2sh':
      return Uint8Array.of(...P2SH.open, ...payload.hash, ...P2SH.close);
    case 'witness': {
      const opcode = payload.version === 0 ? 0 : WITNESS_VERSION_BASE + payload.version;
      return Uint8Array.of(opcode, payload.program.length, ...payload.program);
    }
  }
};

/** OP_RESERVED, between OP_0 and OP_1 in its way, is no version. */
const witnessVersion = (opcode: number): number | undefined => {
  if (opcode === 0) return 0;
  return opcode > WITNESS_VERSION_BASE ? opcode - WITNESS_VERSION_BASE : undefined;
};

const payloadOf = (script: Uint8Array): Payload | undefined => {
  const [opcode = 0, pushed] = script;
  const version = witnessVersion(opcode);
  const program = script.slice(2);
  if (version !== undefined && pushed === program.length && isWitnessProgram(version, program)) {
    return { kind: 'witness', version, program };
  }
  const p2sh = hashBetween(script, P2SH);
  if (p2sh !== undefined) return { kind: 'p2sh', hash: p2sh };
  const p2pkh = hashBetween(script, P2PKH);
  return p2pkh && { kind: 'p2pkh', hash: p2pkh };
};

/** The 20 bytes between a fixed beginning and a fixed end. */
const hashBetween = (
  script: Uint8Array,
  { open, close }: { readonly open: readonly number[]; readonly close: readonly number[] },
): Uint8Array | undefined => {
  const end = open.length + 20;
  const fits =
    script.length === end + close.length &&
    open.every((byte, i) => script[i] === byte) &&
    close.every((byte, i) => script[end + i] === byte);
  return fits ? script.slice(open.length, end) : undefined;
};
