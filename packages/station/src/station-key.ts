import { join } from 'node:path';
import { ensureFolder, isThere, readFileBounded, writeFileAtomically } from '@qoima/journal';
import { formatCosignerKey, parseCosignerKey } from '@qoima/policy';
import { formatUtf8, hasRepeatedMember, parseUtf8 } from '@qoima/primitives';
import { parseMnemonic } from '@qoima/signer-software';
import * as v from 'valibot';
import { stationError } from './errors.ts';
import type { LedgerKey } from './ledger-key.ts';

/** Words in a file: for rehearsals and recovery drills, not for a reserve. */
export interface SoftwareKey {
  readonly kind: 'software';
  /** The custodian's, as it stands in the policy. */
  readonly name: string;
  /** BIP-39, English. Never leaves this folder, and never goes to a log, a screen or an argument. */
  readonly mnemonic: string;
}

/** The key of a station: what it can sign with, said once, so that no command must be told again. */
export type StationKey = SoftwareKey | LedgerKey;

/** The key file `key.json` of one network's folder, mode 0600. */
export interface KeyStore {
  /** @throws `STATION_KEY_MISSING`, `STATION_FILE_INVALID` */
  read(): StationKey;
  has(): boolean;
  /** @throws `STATION_KEY_EXISTS` */
  checkFree(): void;
  write(key: StationKey): void;
}

const softwareSchema = v.strictObject({
  format: v.literal('qoima-station-key/1'),
  name: v.string(),
  mnemonic: v.string(),
});

const ledgerSchema = v.strictObject({
  format: v.literal('qoima-station-ledger/1'),
  name: v.string(),
  model: v.string(),
  keys: v.strictObject({ wsh: v.string(), 'sh-wsh': v.string(), sh: v.string() }),
});

const json = v.pipe(v.string(), v.parseJson());
const schema = v.variant('format', [softwareSchema, ledgerSchema]);

const MAX_KEY_BYTES = 4096;

export const openKeyStore = (network: string): KeyStore => {
  const path = join(network, 'key.json');
  const has = (): boolean => isThere(path);
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
      const value = v.safeParse(json, text).output;
      const parsed = v.safeParse(schema, value);
      // The parser's own words could quote the file, and with it the mnemonic.
      if (!parsed.success || hasRepeatedMember(text, value)) {
        throw stationError('STATION_FILE_INVALID', `${path} is no key file of a station.`, {
          path,
        });
      }
      return parsed.output.format === 'qoima-station-key/1'
        ? decodeSoftwareKey(parsed.output)
        : decodeLedgerKey(parsed.output);
    },
    write: (key) => {
      checkFree();
      ensureFolder(network);
      const file = key.kind === 'software' ? encodeSoftwareKey(key) : encodeLedgerKey(key);
      writeFileAtomically(path, parseUtf8(`${JSON.stringify(file, null, 2)}\n`));
    },
  };
};

const encodeSoftwareKey = ({
  name,
  mnemonic,
}: SoftwareKey): v.InferOutput<typeof softwareSchema> => ({
  format: 'qoima-station-key/1',
  name,
  mnemonic,
});

const decodeSoftwareKey = ({
  name,
  mnemonic,
}: v.InferOutput<typeof softwareSchema>): SoftwareKey => ({
  kind: 'software',
  name,
  mnemonic: parseMnemonic(mnemonic),
});

const encodeLedgerKey = ({ name, model, keys }: LedgerKey): v.InferOutput<typeof ledgerSchema> => ({
  format: 'qoima-station-ledger/1',
  name,
  model,
  keys: {
    wsh: formatCosignerKey(keys.wsh),
    'sh-wsh': formatCosignerKey(keys['sh-wsh']),
    sh: formatCosignerKey(keys.sh),
  },
});

const decodeLedgerKey = ({ name, model, keys }: v.InferOutput<typeof ledgerSchema>): LedgerKey => ({
  kind: 'ledger',
  name,
  model,
  keys: {
    wsh: { name, ...parseCosignerKey(keys.wsh) },
    'sh-wsh': { name, ...parseCosignerKey(keys['sh-wsh']) },
    sh: { name, ...parseCosignerKey(keys.sh) },
  },
});
