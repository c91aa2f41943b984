import { policyScripts, type ScriptKind } from '@qoima/policy';
import { type CreateOutput, createPsbt, matchPolicy, signPsbt } from '@qoima/psbt';
import { describe, expect, it } from 'vitest';
import { estimateSigning, preflight } from '../src/index.ts';
import { coinsOf, emulated, emulatedPolicy, openEmulated, strangerScript } from './emulated.ts';

interface Spend {
  readonly scriptKind: ScriptKind;
  readonly total: number;
  readonly own: number;
  readonly inputs: number;
  readonly payments: number;
  readonly padding?: number;
}

const COIN = 1_000_000n;

const built = async ({ scriptKind, total, own, inputs, payments, padding = 0 }: Spend) => {
  const policy = await emulatedPolicy({ scriptKind, total, own });
  const scripts = policyScripts(policy);
  const outputs: CreateOutput[] = Array.from({ length: payments }, (_, i) => ({
    kind: 'payment',
    scriptPubKey: strangerScript(i + 1),
    amount: 1000n,
  }));
  outputs.push({ kind: 'change', index: 0, amount: COIN / 2n });
  const psbt = createPsbt({ scripts, coins: coinsOf(scripts, inputs, COIN, padding), outputs });
  return { policy, scripts, psbt };
};

// The emulator's counts are those of the real app wherever there is a recording.
describe('spends that nobody recorded', () => {
  it.each<[string, Spend]>([
    ['wsh', { scriptKind: 'wsh', total: 5, own: 1, inputs: 3, payments: 1 }],
    ['wsh of 15', { scriptKind: 'wsh', total: 15, own: 1, inputs: 10, payments: 1 }],
    ['wsh of 15, 8 own', { scriptKind: 'wsh', total: 15, own: 8, inputs: 2, payments: 1 }],
    ['wsh, all own', { scriptKind: 'wsh', total: 5, own: 5, inputs: 5, payments: 1 }],
    ['sh-wsh', { scriptKind: 'sh-wsh', total: 3, own: 2, inputs: 4, payments: 20 }],
    ['sh, one input', { scriptKind: 'sh', total: 5, own: 1, inputs: 1, payments: 1 }],
    ['sh, 24 inputs', { scriptKind: 'sh', total: 5, own: 1, inputs: 24, payments: 2 }],
    ['sh, 60 payments', { scriptKind: 'sh', total: 5, own: 1, inputs: 5, payments: 60 }],
    ['sh of 15, 8 own', { scriptKind: 'sh', total: 15, own: 8, inputs: 6, payments: 2 }],
    [
      'long transactions',
      { scriptKind: 'sh', total: 3, own: 1, inputs: 2, payments: 1, padding: 9000 },
    ],
    ['70 inputs', { scriptKind: 'wsh', total: 2, own: 1, inputs: 70, payments: 1 }],
  ])('are estimated within 5 %, and signed: %s', async (_, spend) => {
    const { policy, scripts, psbt } = await built(spend);
    const emulator = emulated();
    const estimates = new Set<number | undefined>();
    const ledger = await openEmulated(emulator);
    const registration = await ledger.registerPolicy(policy);
    const before = emulator.exchanges;
    const signer = ledger.signer(registration, {
      onProgress: ({ estimated }) => estimates.add(estimated),
    });
    const { added } = await signPsbt(psbt, scripts, signer);
    expect(added).toHaveLength(spend.inputs * spend.own);
    const taken = emulator.exchanges - before;
    const { exchanges } = estimateSigning(psbt, policy, registration.fingerprint);
    expect(Math.abs(exchanges / taken - 1)).toBeLessThan(0.05);
    // What a person sees while it runs.
    expect([...estimates]).toEqual([exchanges]);
  });

  it('are refused beforehand if the device would be at it for hours', async () => {
    const spend = { scriptKind: 'sh', total: 2, own: 1, inputs: 200, payments: 1 } as const;
    const { policy, scripts, psbt } = await built(spend);
    const match = matchPolicy(psbt, scripts);
    const own = policy.cosigners[0]?.origin.fingerprint;
    const rules = (seconds?: number) =>
      preflight(psbt, match, own, {
        changeWindow: 1000,
        lockTime: 0,
        relativeLock: false,
        ...(seconds === undefined ? {} : { seconds }),
      }).map(({ rule, where }) => `${rule} ${where}`);
    expect(rules()).toEqual(['duration transaction']);
    expect(rules(86_400)).toEqual([]);
  });
});
