import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureFolder, readFileBounded, writeFileAtomically } from '@qoima/journal';
import { formatUtf8, parseUtf8 } from '@qoima/primitives';
import { parseMnemonic } from '@qoima/signer-software';
import * as v from 'valibot';
import { stationError } from './errors.ts';

const format = 'qoima-station-key/1';

const schema = v.strictObject({
  format: v.literal(format),
  name: v.string(),
  mnemonic: v.string(),
});

/** The software key of a station: for rehearsals and recovery drills, not for a reserve. */
export interface StationKey {
  /** The custodian's, as it stands in the policy. */
  readonly name: string;
  /** BIP-39, English. Never leaves this folder, and never goes to a log, a screen or an argument. */
  readonly mnemonic: string;
}

/** The key file `key.json` of one network's folder, mode 0600. */
export interface KeyStore {
  /** @throws `STATION_KEY_MISSING`, `STATION_FILE_INVALID` */
  read(): StationKey;
  has(): boolean;
  /** @throws `STATION_KEY_EXISTS` */
  checkFree(): void;
  write(key: StationKey): void;
}

const MAX_KEY_BYTES = 4096;

export const openKeyStore = (network: string): KeyStore => {
  const path = join(network, 'key.json');
  const has = (): boolean => existsSync(path);
  const checkFree = (): void => {
    if (has()) throw stationError('STATION_KEY_EXISTS', `There is a key in ${path}.`, { path });
  };
  return {
    has,
    checkFree,
    read: () => {
      if (!has())
        throw stationError('STATION_KEY_MISSING', `There is no key in ${path}.`, { path });
      const text = formatUtf8(readFileBounded(path, MAX_KEY_BYTES));
      const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
      // The parser's own words could quote the file, and with it the mnemonic.
      if (!parsed.success) {
        throw stationError('STATION_FILE_INVALID', `${path} is not a ${format} file.`, { path });
      }
      return { name: parsed.output.name, mnemonic: parseMnemonic(parsed.output.mnemonic) };
    },
    write: ({ name, mnemonic }) => {
      checkFree();
      ensureFolder(network);
      const text = JSON.stringify({ format, name, mnemonic }, null, 2);
      writeFileAtomically(path, parseUtf8(`${text}\n`));
    },
  };
};
