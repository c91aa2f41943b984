import { writeFileSync } from 'node:fs';
import { readFileBounded } from '@qoima/journal';
import { formatUtf8 } from '@qoima/primitives';
import * as v from 'valibot';
import { rehearsalError } from './errors.ts';

/** An emulated Ledger between two programs: what a real one keeps when it is unplugged. */
export interface DeviceFile {
  readonly format: 'qoima-rehearsal-ledger/1';
  readonly app: 'Bitcoin' | 'Bitcoin Test';
  readonly version: '2.3.0' | '2.4.6';
  /** BIP-39, English: a secret as any, though of no worth. */
  readonly mnemonic: string;
}

const schema: v.GenericSchema<DeviceFile> = v.strictObject({
  format: v.literal('qoima-rehearsal-ledger/1'),
  app: v.picklist(['Bitcoin', 'Bitcoin Test']),
  version: v.picklist(['2.3.0', '2.4.6']),
  mnemonic: v.string(),
});

const MAX_BYTES = 4096;

/** A Ledger of a rehearsal on regtest, with these words for its seed. */
export const writeDevice = (path: string, mnemonic: string): void => {
  const file: DeviceFile = {
    format: 'qoima-rehearsal-ledger/1',
    app: 'Bitcoin Test',
    version: '2.4.6',
    mnemonic,
  };
  writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
};

/** @throws `FILE_…`, `REHEARSAL_DEVICE_INVALID`; no error quotes the file */
export const readDevice = (path: string): DeviceFile => {
  const text = formatUtf8(readFileBounded(path, MAX_BYTES));
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  if (parsed.success) return parsed.output;
  throw rehearsalError('REHEARSAL_DEVICE_INVALID', `${path} describes no Ledger.`, { path });
};
