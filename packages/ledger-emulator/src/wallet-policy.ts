import type { ByteReader } from '@qoima/primitives';
import {
  byteWriter,
  concatBytes,
  readBytes,
  readUint8,
  sha256,
  writeBytes,
  writeUint8,
  writtenBytes,
} from '@qoima/primitives';
import { HostFault } from './app-error.ts';
import { readData, readVarint } from './data-reader.ts';
import { type ParsedTemplate, parseTemplate } from './descriptor-template.ts';
import type { Dialogue } from './dialogue.ts';
import { preimage, varint } from './host-client.ts';
import type { MerkleTree } from './merkle-proof.ts';
import type { TemplateMemory } from './template-memory.ts';

/** A policy as the host serialises it, its template fetched and parsed; its keys are still the host's. */
export interface WalletPolicy {
  readonly version: 1 | 2;
  /** SHA-256 of the serialisation, which the HMAC of a registration covers. */
  readonly id: Uint8Array;
  /** Up to 64 bytes; not yet judged. */
  readonly name: Uint8Array;
  readonly template: Exclude<ParsedTemplate, 'malformed'>;
  /** In bytes, as the policy says. */
  readonly templateLength: number;
  readonly keys: MerkleTree;
}

const MAX_NAME = 64;
const MAX_TEMPLATE_V1 = 40;
export const MAX_TEMPLATE = 512;
const MAX_KEYS = 252;

/** The longest serialisation. */
const MAX_POLICY = 1 + 1 + MAX_NAME + 9 + 32 + 9 + 32;

/** Reads a policy from the data of a command. @throws `HostFault` */
export function* readWalletPolicy(
  data: Uint8Array,
  memory: TemplateMemory,
): Dialogue<WalletPolicy> {
  const header = readData(data, truncated, readHeader);
  if (header.version === 2) {
    memory.write(yield* preimage(header.template, MAX_TEMPLATE));
  } else {
    memory.write(header.template);
  }
  const template = parseTemplate(memory.text(header.templateLength), header.version);
  if (template === 'malformed') throw new HostFault('a template that cannot be read');
  const { version, name, templateLength, keys } = header;
  return { version, id: sha256(serialised(header)), name, template, templateLength, keys };
}

/** Fetches the policy of this id and reads it. @throws `HostFault` */
export function* fetchWalletPolicy(id: Uint8Array, memory: TemplateMemory): Dialogue<WalletPolicy> {
  return yield* readWalletPolicy(yield* preimage(id, MAX_POLICY), memory);
}

interface Header {
  readonly version: 1 | 2;
  readonly name: Uint8Array;
  readonly templateLength: number;
  /** In version 1 the template, in version 2 its SHA-256. */
  readonly template: Uint8Array;
  readonly keys: MerkleTree;
}

const readHeader = (reader: ByteReader): Header => {
  const version = readUint8(reader);
  if (version !== 1 && version !== 2) throw new HostFault('a policy of another version');
  const nameLength = readUint8(reader);
  if (nameLength > MAX_NAME) throw new HostFault('a name that is too long');
  const name = readBytes(reader, nameLength);
  const templateLength = readVarint(reader);
  if (templateLength > (version === 1 ? MAX_TEMPLATE_V1 : MAX_TEMPLATE)) {
    throw new HostFault('a template that is too long');
  }
  const template = readBytes(reader, version === 1 ? templateLength : 32);
  const size = readVarint(reader);
  if (size > MAX_KEYS) throw new HostFault('more keys than can be');
  return { version, name, templateLength, template, keys: { root: readBytes(reader, 32), size } };
};

const serialised = ({ version, name, templateLength, template, keys }: Header): Uint8Array => {
  const writer = byteWriter(MAX_POLICY);
  writeUint8(writer, version);
  writeUint8(writer, name.length);
  writeBytes(
    writer,
    concatBytes(name, varint(templateLength), template, varint(keys.size), keys.root),
  );
  return writtenBytes(writer);
};

const truncated = (): Error => new HostFault('a policy that ends too soon');
