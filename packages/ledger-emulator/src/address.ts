import { encodeAddress, HARDENED } from '@qoima/policy';
import { equalBytes, formatUtf8, parseUtf8, readBytes, readUint8 } from '@qoima/primitives';
import { Refusal } from './app-error.ts';
import { readData, readUint32Be } from './data-reader.ts';
import { isDefaultPolicy } from './default-policy.ts';
import { type Device, wrongLength } from './device.ts';
import { approval, type Dialogue, orRefuse } from './dialogue.ts';
import { policyScript, scriptSource } from './policy-script.ts';
import { fetchWalletPolicy } from './wallet-policy.ts';

/** Beyond it, a default policy gives no address: a wallet would not look so far. */
const MAX_DEFAULT_INDEX = 50_000;

/** GET_WALLET_ADDRESS, of a registered policy with its HMAC or of a default one without. */
export function* getWalletAddress(device: Device, data: Uint8Array): Dialogue<Uint8Array> {
  const { app, registrations, screens, templateMemory } = device;
  const request = readData(data, wrongLength, (reader) => {
    const display = readUint8(reader) !== 0;
    const id = readBytes(reader, 32);
    const hmac = readBytes(reader, 32);
    const change = readUint8(reader);
    if (change > 1) throw new Refusal('incorrectData');
    const index = readUint32Be(reader);
    if (index >= HARDENED) throw new Refusal('incorrectData');
    return { display, id, hmac, place: { change: change === 1, index } };
  });
  const policy = yield* orRefuse(fetchWalletPolicy(request.id, templateMemory));
  const isDefault = isZero(request.hmac);
  if (isDefault) {
    const allowed = (yield* isDefaultPolicy(device, policy)) && policy.name.length === 0;
    if (!allowed || request.place.index > MAX_DEFAULT_INDEX) throw new Refusal('incorrectData');
  } else if (!registrations.holds(request.id, request.hmac)) {
    throw new Refusal('wrongHmac');
  }
  const { template, version, keys } = policy;
  if (template === 'notEmulated') throw new Refusal('notSupported');
  // The app makes the id anew of what it has read, so a policy written in another form than its own is refused.
  if (!equalBytes(policy.id, request.id)) throw new Refusal('incorrectData');
  const source = scriptSource({ app, version, template, keys });
  const script = yield* orRefuse(policyScript(source, request.place), 'badState');
  const address = encodeAddress(script, app.network);
  if (request.display) {
    const name = isDefault ? undefined : formatUtf8(policy.name);
    yield* approval(screens.address(address, name));
  }
  return parseUtf8(address);
}

/** An HMAC of zeros stands for none. */
export const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);
