import type { ExtendedKey, KeyOrigin } from '@qoima/policy';
import { Refusal } from '../app-error.ts';
import type { KeyExpression } from '../descriptor-template.ts';
import type { Device } from '../device.ts';
import { type Dialogue, orElse } from '../dialogue.ts';
import { extendedKeyOf, keyInformation } from '../key-information.ts';
import { isUsableOwnKey } from '../own-key.ts';
import type { ScriptSource } from '../policy-script.ts';
import { SIGN_CODE } from '../status-word.ts';

/** A placeholder of the policy whose key is the device's own. */
export interface OwnKey {
  readonly expression: KeyExpression;
  readonly origin: KeyOrigin;
  readonly key: ExtendedKey;
}

/** The app keeps room for eight. */
const MAX_OWN_KEYS = 8;

/**
 * The device's own placeholders, in the order of the template. 2.3 stops at the first: it looks at inputs
 * and outputs from the view of that key alone.
 * @throws `Refusal` when there is none, or more than can be held
 */
export function* findOwnKeys(device: Device, source: ScriptSource): Dialogue<readonly OwnKey[]> {
  const own: OwnKey[] = [];
  for (const expression of source.template.script.keys) {
    const key = yield* ownKeyAt(device, source, expression);
    if (key === undefined) continue;
    if (own.length >= MAX_OWN_KEYS) {
      throw new Refusal('notSupported', SIGN_CODE.tooManyOwnKeys);
    }
    own.push(key);
    if (device.app.version === '2.3.0') break;
  }
  if (own.length === 0) throw new Refusal('incorrectData', SIGN_CODE.noOwnKey);
  return own;
}

/** Fetches the key of a placeholder; undefined unless it is the device's. */
export function* ownKeyAt(
  device: Device,
  { keys, version }: ScriptSource,
  expression: KeyExpression,
): Dialogue<OwnKey | undefined> {
  const { app } = device;
  const information = yield* orElse(
    keyInformation(app, keys, expression.keyIndex, version),
    undefined,
  );
  if (information?.origin === undefined || !isUsableOwnKey(device, information)) return undefined;
  return { expression, origin: information.origin, key: extendedKeyOf(information, app) };
}
