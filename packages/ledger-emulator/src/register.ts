import { concatBytes, equalBytes, formatUtf8 } from '@qoima/primitives';
import { Refusal } from './app-error.ts';
import { readData, readVarint } from './data-reader.ts';
import { hasRepeatedBranch, keyCount, type Template } from './descriptor-template.ts';
import { type Device, wrongLength } from './device.ts';
import { approval, type Dialogue, orRefuse } from './dialogue.ts';
import {
  isOfNetwork,
  isUnspendable,
  type KeyInformation,
  keyInformation,
  publicKeyIn,
} from './key-information.ts';
import { isOwnKey } from './own-key.ts';
import type { KeyOwner, ShownPolicy } from './screens.ts';
import { REGISTER_CODE } from './status-word.ts';
import { readWalletPolicy, type WalletPolicy } from './wallet-policy.ts';

/**
 * REGISTER_WALLET: judges a policy, has the person compare it, and answers its id and HMAC. The order of
 * the checks is the app's, so that a policy with several faults meets the same refusal.
 */
export function* registerWallet(device: Device, data: Uint8Array): Dialogue<Uint8Array> {
  const { app, registrations, screens, templateMemory } = device;
  // The length of the policy is read and not looked at.
  const serialised = readData(data, wrongLength, (reader) => {
    readVarint(reader);
    return data.subarray(reader.offset);
  });
  const policy = yield* orRefuse(readWalletPolicy(serialised, templateMemory));
  const { template, keys } = policy;
  if (keys.size > app.maxKeys) throw new Refusal('notSupported');
  if (template !== 'notEmulated' && keyCount(template) !== keys.size) {
    throw new Refusal('incorrectData');
  }
  if (!isAcceptableName(policy.name)) {
    throw new Refusal('incorrectData', REGISTER_CODE.nameNotAcceptable);
  }
  // Taproot and miniscript end here, with the answer to scripts that the app does not take.
  if (template === 'notEmulated' || isBareMultisig(template)) throw new Refusal('notSupported');
  yield* checkSanity(device, policy, template);
  const shown = yield* readKeys(device, policy);
  const own = shown.filter(({ owner }) => owner === 'own').length;
  if (own === 0) throw new Refusal('incorrectData', REGISTER_CODE.noOwnKey);
  if (own !== 1 && policy.version === 1) throw new Refusal('incorrectData');
  const text: ShownPolicy = {
    name: formatUtf8(policy.name),
    // 2.3 ends the template where the policy says.
    template:
      app.version === '2.3.0' ? templateMemory.text(policy.templateLength) : templateMemory.shown(),
    keys: shown,
  };
  for (const review of screens.register(text)) yield* approval(review);
  return concatBytes(policy.id, registrations.hmac(policy.id));
}

/** 1 to 64 printable ASCII characters, no space at either end. */
const isAcceptableName = (name: Uint8Array): boolean =>
  /^[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?$/.test(formatUtf8(name));

const isBareMultisig = ({ wrapping, script }: Template): boolean =>
  wrapping === 'bare' && script.kind === 'multisig';

/** No two keys with the same point, and no key twice on one branch. Each pair of keys is fetched anew. */
function* checkSanity(
  { app }: Device,
  { keys, version }: WalletPolicy,
  template: Template,
): Dialogue<void> {
  const notSane = ['notSupported', REGISTER_CODE.policyNotSane] as const;
  for (let i = 0; i < keys.size - 1; i++) {
    const one = yield* orRefuse(keyInformation(app, keys, i, version), ...notSane);
    for (let j = i + 1; j < keys.size; j++) {
      const other = yield* orRefuse(keyInformation(app, keys, j, version), ...notSane);
      if (equalBytes(publicKeyIn(one), publicKeyIn(other))) throw new Refusal(...notSane);
    }
  }
  if (hasRepeatedBranch(template)) throw new Refusal(...notSane);
}

function* readKeys(
  device: Device,
  { keys, version }: WalletPolicy,
): Dialogue<readonly { readonly text: string; readonly owner: KeyOwner }[]> {
  const shown: { text: string; owner: KeyOwner }[] = [];
  for (let i = 0; i < keys.size; i++) {
    const information = yield* orRefuse(keyInformation(device.app, keys, i, version));
    if (!isOfNetwork(information, device.app)) throw new Refusal('incorrectData');
    shown.push({ text: information.text, owner: ownerOf(device, information) });
  }
  return shown;
}

const ownerOf = (device: Device, information: KeyInformation): KeyOwner => {
  if (isUnspendable(information)) return 'dummy';
  return isOwnKey(device, information) ? 'own' : 'other';
};
