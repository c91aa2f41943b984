import { HARDENED } from '@qoima/policy';
import type { Template } from './descriptor-template.ts';
import type { Device } from './device.ts';
import { type Dialogue, orElse } from './dialogue.ts';
import { MAX_ACCOUNT } from './extended-pubkey.ts';
import { keyInformation } from './key-information.ts';
import { isUsableOwnKey } from './own-key.ts';
import type { WalletPolicy } from './wallet-policy.ts';

/**
 * Whether a policy needs no registration: one own key at BIP-44's path for its script and this build's
 * coin. BIP-86's `tr` is among them on the device, and not emulated.
 */
export function* isDefaultPolicy(device: Device, policy: WalletPolicy): Dialogue<boolean> {
  const { app } = device;
  const { template, keys, version } = policy;
  const purpose = template === 'notEmulated' ? undefined : purposeOf(template);
  if (purpose === undefined || keys.size !== 1) return false;
  const information = yield* orElse(keyInformation(app, keys, 0, version), undefined);
  if (information?.origin === undefined || !isUsableOwnKey(device, information)) return false;
  const [first, coinType, account = 0, ...more] = information.origin.path;
  return (
    first === purpose + HARDENED &&
    coinType === app.coinType + HARDENED &&
    account >= HARDENED &&
    account <= MAX_ACCOUNT + HARDENED &&
    information.origin.path.length === 3 &&
    more.length === 0
  );
}

const purposeOf = ({ wrapping, script }: Template): number | undefined => {
  const [key] = script.keys;
  if (script.kind === 'multisig' || key === undefined) return undefined;
  if (key.keyIndex !== 0 || key.first !== 0 || key.second !== 1) return undefined;
  if (wrapping === 'bare') return script.kind === 'pkh' ? 44 : 84;
  return wrapping === 'sh' && script.kind === 'wpkh' ? 49 : undefined;
};
