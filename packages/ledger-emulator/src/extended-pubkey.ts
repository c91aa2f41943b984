import {
  type DerivationPath,
  formatDerivationPath,
  formatExtendedKey,
  HARDENED,
} from '@qoima/policy';
import { parseUtf8, readUint8 } from '@qoima/primitives';
import type { App } from './app.ts';
import { Refusal } from './app-error.ts';
import { readData, readPath } from './data-reader.ts';
import { type Device, wrongLength } from './device.ts';
import { approval, atOnce, type Dialogue } from './dialogue.ts';

/** GET_EXTENDED_PUBKEY: usual paths silently, others only with the person's approval. */
export function* getExtendedPubkey(device: Device, data: Uint8Array): Dialogue<Uint8Array> {
  const { app, keys, screens } = device;
  const { display, path } = readData(data, wrongLength, (reader) => {
    const flag = readUint8(reader);
    const length = readUint8(reader);
    if (flag > 1 || length > app.maxPathSteps) throw new Refusal('incorrectData');
    return { display: flag === 1, path: readPath(reader, length) };
  });
  const usual = isUsual(path, app);
  if (!usual && !display) throw new Refusal('notSupported');
  const key = formatExtendedKey(keys.extendedKey(path));
  if (display) yield* approval(screens.publicKey(pathText(path), key, !usual));
  return parseUtf8(key);
}

/** GET_MASTER_FINGERPRINT. */
export const getMasterFingerprint = ({ keys }: Device): Dialogue<Uint8Array> =>
  atOnce(keys.fingerprint);

/** A path as the device shows it. */
export const pathText = (path: DerivationPath): string =>
  path.length === 0 ? '(Master key)' : formatDerivationPath(path);

/** BIP-44's recommendation of a highest account, as the app has it. */
export const MAX_ACCOUNT = 100;

/** Hardened steps of the account paths of BIP-44, 45, 48, 49, 84 and 86, as they are deployed. */
const ACCOUNT_STEPS: ReadonlyMap<number, number> = new Map([
  [44, 3],
  [45, 3],
  [48, 4],
  [49, 3],
  [84, 3],
  [86, 3],
]);

/** Electrum keeps its encryption key here. */
const ELECTRUM: DerivationPath = [4541509 + HARDENED, 1112098098 + HARDENED];

const isUsual = (path: DerivationPath, app: App): boolean => {
  if (path.length === ELECTRUM.length && ELECTRUM.every((step, i) => path[i] === step)) return true;
  const [purpose = 0, coinType, account = 0, scriptType] = path.map((step) => step % HARDENED);
  const hardened = ACCOUNT_STEPS.get(purpose);
  return (
    hardened !== undefined &&
    path.length >= hardened &&
    path.every((step, i) => step >= HARDENED === i < hardened) &&
    coinType === app.coinType &&
    account <= MAX_ACCOUNT &&
    (purpose !== 48 || scriptType === 1 || scriptType === 2)
  );
};
