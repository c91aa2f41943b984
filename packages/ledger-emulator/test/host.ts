import { concatBytes, formatHex, parseUtf8, sha256 } from '@qoima/primitives';
import { convertPsbt, type Psbt, type PsbtMap } from '@qoima/psbt';
import { STATUS } from '../src/index.ts';

/**
 * An honest host: it answers the app's questions from what it committed to, whatever their order. Kept
 * free of the code under test, which takes the same trees apart.
 */

/** What a host knows for one command: preimages by hash, and trees by root. */
interface HostData {
  readonly preimages: Map<string, Uint8Array>;
  readonly trees: Map<string, MerkleTree>;
}

export const hostData = (): HostData => ({ preimages: new Map(), trees: new Map() });

export type Exchange = (apdu: Uint8Array) => Promise<Uint8Array>;

export interface Conversation {
  readonly statusWord: string;
  /** What came before the status word: a result, or an error code. */
  readonly data: Uint8Array;
  readonly yields: readonly Uint8Array[];
  readonly exchanges: number;
}

/** Sends a command and answers until it ends. */
export const converse = async (
  exchange: Exchange,
  ins: number,
  data: Uint8Array,
  host: HostData,
): Promise<Conversation> => {
  const client = clientCommands(host);
  let apdu = apduOf(0xe1, ins, 0, 1, data);
  for (let exchanges = 1; ; exchanges++) {
    const answer = await exchange(apdu);
    const status = ((answer.at(-2) ?? 0) << 8) | (answer.at(-1) ?? 0);
    const body = answer.subarray(0, -2);
    if (status !== STATUS.interrupted) {
      const statusWord = status.toString(16).padStart(4, '0');
      return { statusWord, data: body, yields: client.yields, exchanges };
    }
    apdu = apduOf(0xf8, 1, 0, 0, client.answer(body));
  }
};

export const apduOf = (
  cla: number,
  ins: number,
  p1: number,
  p2: number,
  data: Uint8Array = new Uint8Array(),
): Uint8Array => concatBytes(Uint8Array.of(cla, ins, p1, p2, data.length), data);

interface ClientCommands {
  readonly yields: Uint8Array[];
  answer(request: Uint8Array): Uint8Array;
}

const clientCommands = ({ preimages, trees }: HostData): ClientCommands => {
  const yields: Uint8Array[] = [];
  /** Elements that did not fit, all of one length. */
  let queue: Uint8Array[] = [];
  const answer = (request: Uint8Array): Uint8Array => {
    const body = request.subarray(1);
    switch (request[0]) {
      case 0x10:
        yields.push(body.slice());
        return new Uint8Array();
      case 0x40: {
        const preimage = preimages.get(formatHex(body.subarray(1))) ?? new Uint8Array();
        const length = varint(preimage.length);
        const fits = Math.min(preimage.length, 255 - length.length - 1);
        queue = [...preimage.subarray(fits)].map((byte) => Uint8Array.of(byte));
        return concatBytes(length, Uint8Array.of(fits), preimage.subarray(0, fits));
      }
      case 0x41: {
        const tree = trees.get(formatHex(body.subarray(0, 32)));
        const [, size] = readVarint(body, 32);
        const [index] = readVarint(body, size);
        const proof = tree?.proof(index) ?? [];
        queue = proof.slice(6);
        return concatBytes(
          tree?.leaves[index] ?? new Uint8Array(32),
          Uint8Array.of(proof.length, Math.min(6, proof.length)),
          ...proof.slice(0, 6),
        );
      }
      case 0x42: {
        const tree = trees.get(formatHex(body.subarray(0, 32)));
        const index = tree?.indexOf(body.subarray(32, 64)) ?? -1;
        return index < 0 ? Uint8Array.of(0, 0) : concatBytes(Uint8Array.of(1), varint(index));
      }
      case 0xa0: {
        const length = queue[0]?.length ?? 1;
        const now = queue.splice(0, Math.floor(253 / length));
        return concatBytes(Uint8Array.of(now.length, length), ...now);
      }
      default:
        throw new Error('the app has five client commands');
    }
  };
  return { yields, answer };
};

/** A Merkle tree as Ledger's hosts build it: leaves and nodes with a prefix, left subtrees full. */
export interface MerkleTree {
  readonly root: Uint8Array;
  readonly leaves: readonly Uint8Array[];
  /** Siblings from the leaf up. */
  proof(index: number): Uint8Array[];
  indexOf(leaf: Uint8Array): number;
}

/** Also makes the tree and its elements known to the host. */
const commitTo = (host: HostData, elements: readonly Uint8Array[]): MerkleTree => {
  const leaves = elements.map((element) => {
    const preimage = concatBytes(Uint8Array.of(0), element);
    const hash = sha256(preimage);
    host.preimages.set(formatHex(hash), preimage);
    return hash;
  });
  const places = new Map(leaves.map((leaf, i) => [formatHex(leaf), i]));
  const node = nodeOf(leaves);
  const tree: MerkleTree = {
    root: node.hash,
    leaves,
    proof: (index) => proofOf(node, index),
    indexOf: (leaf) => places.get(formatHex(leaf)) ?? -1,
  };
  host.trees.set(formatHex(tree.root), tree);
  return tree;
};

interface MerkleNode {
  readonly hash: Uint8Array;
  readonly size: number;
  /** Missing in leaves. */
  readonly children?: readonly [MerkleNode, MerkleNode];
}

const nodeOf = (leaves: readonly Uint8Array[]): MerkleNode => {
  const size = leaves.length;
  const [hash = new Uint8Array(32)] = leaves;
  if (size < 2) return { hash, size };
  let full = 1;
  while (full * 2 < size) full *= 2;
  const left = nodeOf(leaves.slice(0, full));
  const right = nodeOf(leaves.slice(full));
  return {
    hash: sha256(concatBytes(Uint8Array.of(1), left.hash, right.hash)),
    size,
    children: [left, right],
  };
};

const proofOf = ({ children }: MerkleNode, index: number): Uint8Array[] => {
  if (children === undefined) return [];
  const [left, right] = children;
  return index < left.size
    ? [...proofOf(left, index), right.hash]
    : [...proofOf(right, index - left.size), left.hash];
};

/** A BIP-388 policy. */
export interface TestPolicy {
  readonly name: string;
  readonly descriptorTemplate: string;
  readonly keys: readonly string[];
}

/** The serialisation (version 2) of a policy that the host now knows, and its id. */
const commitToPolicy = (
  host: HostData,
  { name, descriptorTemplate, keys }: TestPolicy,
): { readonly serialised: Uint8Array; readonly id: Uint8Array } => {
  const template = parseUtf8(descriptorTemplate);
  const nameBytes = parseUtf8(name);
  const tree = commitTo(host, keys.map(parseUtf8));
  const serialised = concatBytes(
    Uint8Array.of(2, nameBytes.length),
    nameBytes,
    varint(template.length),
    sha256(template),
    varint(keys.length),
    tree.root,
  );
  for (const preimage of [template, serialised]) {
    host.preimages.set(formatHex(sha256(preimage)), preimage);
  }
  return { serialised, id: sha256(serialised) };
};

/** The data of REGISTER_WALLET. */
export const registerData = (host: HostData, policy: TestPolicy): Uint8Array => {
  const { serialised } = commitToPolicy(host, policy);
  return concatBytes(varint(serialised.length), serialised);
};

/** The data of GET_WALLET_ADDRESS. */
export const addressData = (
  host: HostData,
  policy: TestPolicy,
  hmac: Uint8Array,
  place: { readonly change: number; readonly index: number; readonly display: boolean },
): Uint8Array => {
  const index = new Uint8Array(4);
  new DataView(index.buffer).setUint32(0, place.index);
  const { id } = commitToPolicy(host, policy);
  return concatBytes(
    Uint8Array.of(place.display ? 1 : 0),
    id,
    hmac,
    Uint8Array.of(place.change),
    index,
  );
};

/** The data of SIGN_PSBT; the PSBT may be of either version. */
export const signData = (
  host: HostData,
  psbt: Psbt,
  policy: TestPolicy,
  hmac: Uint8Array,
): Uint8Array => {
  const { global, inputs, outputs } = convertPsbt(psbt, 2);
  const { id } = commitToPolicy(host, policy);
  const vector = (maps: readonly PsbtMap[]): Uint8Array =>
    concatBytes(
      varint(maps.length),
      commitTo(
        host,
        maps.map((map) => mapCommitment(host, map)),
      ).root,
    );
  return concatBytes(mapCommitment(host, global), vector(inputs), vector(outputs), id, hmac);
};

const mapCommitment = (host: HostData, map: PsbtMap): Uint8Array => {
  const records = map.map(({ type, keyData, value }) => ({
    key: concatBytes(varint(type), keyData),
    value,
  }));
  const keys = commitTo(
    host,
    records.map(({ key }) => key),
  );
  const values = commitTo(
    host,
    records.map(({ value }) => value),
  );
  return concatBytes(varint(records.length), keys.root, values.root);
};

/** The data of SIGN_MESSAGE. */
export const messageData = (
  host: HostData,
  path: readonly number[],
  message: Uint8Array,
): Uint8Array => {
  const chunks = Array.from({ length: Math.ceil(message.length / 64) }, (_, i) =>
    message.subarray(64 * i, 64 * i + 64),
  );
  return concatBytes(pathData(path), varint(message.length), commitTo(host, chunks).root);
};

/** The number of steps and then each, big-endian. */
export const pathData = (path: readonly number[]): Uint8Array => {
  const data = new Uint8Array(1 + 4 * path.length);
  data[0] = path.length;
  const view = new DataView(data.buffer);
  for (const [i, step] of path.entries()) view.setUint32(1 + 4 * i, step);
  return data;
};

const varint = (value: number): Uint8Array => {
  if (value < 0xfd) return Uint8Array.of(value);
  if (value <= 0xffff) return Uint8Array.of(0xfd, value, value >> 8);
  return Uint8Array.of(0xfe, value, value >> 8, value >> 16, value >> 24);
};

/** The number at `at`, and where it ends. */
const readVarint = (bytes: Uint8Array, at: number): readonly [number, number] => {
  const first = bytes[at] ?? 0;
  if (first < 0xfd) return [first, at + 1];
  const length = first === 0xfd ? 2 : 4;
  let value = 0;
  for (let i = length; i > 0; i--) value = value * 256 + (bytes[at + i] ?? 0);
  return [value, at + 1 + length];
};

/** What a yield of SIGN_PSBT carries (protocol version 1). */
export const readYield = (
  bytes: Uint8Array,
): { readonly input: number; readonly pubkey: string; readonly sig: string } => {
  const [input, at] = readVarint(bytes, 0);
  const end = at + 1 + (bytes[at] ?? 0);
  return {
    input,
    pubkey: formatHex(bytes.subarray(at + 1, end)),
    sig: formatHex(bytes.subarray(end)),
  };
};
