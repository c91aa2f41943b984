import { readBytes } from '@qoima/primitives';
import { isZero } from '../address.ts';
import { Refusal } from '../app-error.ts';
import { readData, readVarint } from '../data-reader.ts';
import { isDefaultPolicy } from '../default-policy.ts';
import type { Template } from '../descriptor-template.ts';
import { type Device, wrongLength } from '../device.ts';
import { type Dialogue, orElse, orRefuse } from '../dialogue.ts';
import { fixedValue, type MerkleMap, merkleMap, value, walkKeys } from '../merkle-map.ts';
import type { MerkleTree } from '../merkle-proof.ts';
import { type ScriptSource, scriptSource } from '../policy-script.ts';
import { SIGN_CODE } from '../status-word.ts';
import { fetchWalletPolicy } from '../wallet-policy.ts';
import { GLOBAL } from './psbt-field.ts';

/** Inputs, and outputs of 2.4, that the app signs at most. */
const MAX_COUNT = 512;

/** A transaction to be signed with a policy that may be: what the first questions tell. */
export interface Spend {
  readonly device: Device;
  readonly protocolVersion: number;
  readonly version: number;
  readonly lockTime: number;
  /** Vectors of maps. */
  readonly inputs: MerkleTree;
  readonly outputs: MerkleTree;
  /** The name of a registered policy; undefined for a default one. */
  readonly name: Uint8Array | undefined;
  readonly source: ScriptSource;
}

/** Reads the request, the global map and the policy. @throws `Refusal` */
export function* readSpend(
  device: Device,
  data: Uint8Array,
  protocolVersion: number,
): Dialogue<Spend> {
  const request = readRequest(device, data);
  const { version, lockTime } = yield* readGlobalMap(request.global);
  const isDefault = isZero(request.hmac);
  if (!isDefault && !device.registrations.holds(request.policyId, request.hmac)) {
    throw new Refusal('wrongHmac');
  }
  const policy = yield* orRefuse(fetchWalletPolicy(request.policyId, device.templateMemory));
  if (isDefault) {
    if (!(yield* isDefaultPolicy(device, policy))) {
      throw new Refusal('incorrectData', SIGN_CODE.hmacMissing);
    }
    if (policy.name.length > 0) throw new Refusal('incorrectData', SIGN_CODE.nameOfDefaultPolicy);
  }
  const { template } = policy;
  if (template === 'notEmulated') throw new Refusal('notSupported');
  return {
    device,
    protocolVersion,
    version,
    lockTime,
    inputs: request.inputs,
    outputs: request.outputs,
    name: isDefault ? undefined : policy.name,
    source: scriptSource({
      app: device.app,
      version: policy.version,
      template: template satisfies Template,
      keys: policy.keys,
    }),
  };
}

interface SignRequest {
  readonly global: MerkleMap;
  readonly inputs: MerkleTree;
  readonly outputs: MerkleTree;
  readonly policyId: Uint8Array;
  readonly hmac: Uint8Array;
}

const readRequest = ({ app }: Device, data: Uint8Array): SignRequest =>
  readData(data, wrongLength, (reader) => {
    const global = merkleMap(readVarint(reader), readBytes(reader, 32), readBytes(reader, 32));
    const inputs = { size: readVarint(reader), root: readBytes(reader, 32) };
    if (inputs.size > MAX_COUNT) throw new Refusal('notSupported');
    const outputs = { size: readVarint(reader), root: readBytes(reader, 32) };
    if (outputs.size > MAX_COUNT && app.version !== '2.3.0') throw new Refusal('notSupported');
    return {
      global,
      inputs,
      outputs,
      policyId: readBytes(reader, 32),
      hmac: readBytes(reader, 32),
    };
  });

function* readGlobalMap(map: MerkleMap): Dialogue<{ version: number; lockTime: number }> {
  yield* orRefuse(walkKeys(map));
  const version = yield* orRefuse(fixedValue(map, GLOBAL.txVersion, 4));
  // The fallback lock time is taken as it is; the lock times that inputs require are not looked at.
  const lockTime = yield* orElse(value(map, GLOBAL.fallbackLockTime, 9), new Uint8Array(4));
  if (lockTime.length !== 4) throw new Refusal('incorrectData');
  return { version: uint32(version), lockTime: uint32(lockTime) };
}

/** Little-endian, of four bytes. */
export const uint32 = (bytes: Uint8Array): number =>
  new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);

/** Little-endian, of eight bytes. */
export const uint64 = (bytes: Uint8Array): bigint =>
  new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
