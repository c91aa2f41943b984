import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { writeDevice } from '../src/device-file.ts';
import { emulatedLedger } from '../src/emulated-ledger.ts';

it('names the file whose words are wrong, and no word of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'qoima-device-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'Dana.json');
  writeDevice(path, 'zebra zoo');
  const error: unknown = await emulatedLedger(path, '')
    .open()
    .catch((cause: unknown) => cause);
  expect(error).toMatchObject({ code: 'EMULATOR_MNEMONIC_INVALID' });
  expect(String(error)).toContain(`${path} holds no English mnemonic.`);
  expect(String(error)).not.toMatch(/zebra|zoo/);
});
