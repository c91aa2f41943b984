import { policyScripts } from '@qoima/policy';
import {
  convertPsbt,
  createPsbt,
  decodePsbt,
  encodePsbt,
  INPUT,
  type Psbt,
  record,
  signPsbt,
  withRecords,
} from '@qoima/psbt';
import { describe, expect, it } from 'vitest';
import { coinsOf, emulated, emulatedPolicy, openEmulated, strangerScript } from './emulated.ts';

const HEIGHT = 500_000;

describe('a PSBT of version 2 whose inputs require a lock time', () => {
  // The app takes the fallback as it stands and knows of no required times and heights (BIP-370).
  it.each([
    ['final', 0xffffffff],
    ['replaceable', 0xfffffffd],
  ])('is signed as its own transaction, with sequences that are %s', async (_, sequence) => {
    const policy = await emulatedPolicy();
    const scripts = policyScripts(policy);
    const ledger = await openEmulated(emulated());
    const registration = await ledger.registerPolicy(policy);
    const limits = { changeWindow: 1000, lockTime: HEIGHT, relativeLock: false };
    const created = createPsbt({
      scripts,
      coins: coinsOf(scripts, 2, 100_000n),
      outputs: [{ kind: 'payment', scriptPubKey: strangerScript(1), amount: 190_000n }],
      version: 2,
      sequence,
    });
    const wish = record(INPUT.requiredHeight, HEIGHT);
    const [first = [], ...others] = created.inputs;
    const psbt = decodePsbt(
      encodePsbt({ ...created, inputs: [withRecords(first, [wish]), ...others] }),
    );
    expect(psbt.transaction.lockTime).toBe(HEIGHT);
    const sign = async (each: Psbt) =>
      (await signPsbt(each, scripts, ledger.signer(registration, { limits }))).added;
    const added = await sign(psbt);
    expect(added).toHaveLength(2);
    expect(added).toEqual(await sign(convertPsbt(psbt, 0)));
  });
});
