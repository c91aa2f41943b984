import { parseDerivationPath, policyScripts, walletPolicy } from '@qoima/policy';
import { createPsbt, signPsbt } from '@qoima/psbt';
import { describe, expect, it } from 'vitest';
import { ledgerClient, ledgerPolicyId, ledgerPolicyOf } from '../src/index.ts';
import {
  coinsOf,
  emulated,
  emulatedPolicy,
  openEmulated,
  strangerScript,
  transportTo,
} from './emulated.ts';
import { registrationOf } from './replay.ts';

/** The second cosigner's key with the fingerprint of the first, whose device is to sign. */
const spoofed = async () => {
  const honest = await emulatedPolicy();
  const fingerprint = honest.cosigners[0]?.origin.fingerprint ?? new Uint8Array();
  const path = parseDerivationPath("m/48'/1'/7'/2'");
  const cosigners = honest.cosigners.map((cosigner, i) =>
    i === 1
      ? {
          ...cosigner,
          origin: { fingerprint, path },
          key: { ...cosigner.key, childNumber: path.at(-1) ?? 0 },
        }
      : cosigner,
  );
  return walletPolicy({ ...honest, cosigners });
};

describe('a key with the fingerprint of the device that is not the device’s', () => {
  it('is told before the policy is registered', async () => {
    const ledger = await openEmulated(emulated());
    await expect(ledger.registerPolicy(await spoofed())).rejects.toMatchObject({
      code: 'DEVICE_POLICY_REFUSED',
      message: expect.stringContaining('is not the device’s'),
    });
    expect(await ledger.registerPolicy(await emulatedPolicy({ own: 2 }))).toBeDefined();
  });

  it('is no fault of the device that signs for a policy that was registered before', async () => {
    const policy = await spoofed();
    const emulator = emulated();
    const wanted = ledgerPolicyOf(policy);
    const { hmac } = await ledgerClient(transportTo(emulator)).registerPolicy(wanted);
    const ledger = await openEmulated(emulator);
    const registration = {
      ...registrationOf(policy, 'wsh-3of5'),
      ledgerPolicyId: ledgerPolicyId(wanted),
      hmac,
      fingerprint: ledger.fingerprint,
    };
    const scripts = policyScripts(policy);
    const psbt = createPsbt({
      scripts,
      coins: coinsOf(scripts, 2, 100_000n),
      outputs: [{ kind: 'payment', scriptPubKey: strangerScript(1), amount: 190_000n }],
    });
    const { added } = await signPsbt(psbt, scripts, ledger.signer(registration));
    expect(added).toHaveLength(2);
  });
});
