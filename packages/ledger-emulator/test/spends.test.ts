import { policyScripts, type WalletPolicy } from '@qoima/policy';
import { formatHex, parseHex } from '@qoima/primitives';
import {
  type CreateOutput,
  checkSignature,
  createPsbt,
  matchPolicy,
  type Psbt,
  signatureHashes,
} from '@qoima/psbt';
import { describe, expect, it } from 'vitest';
import type { LedgerEmulator } from '../src/index.ts';
import { addressData, type Conversation, converse, hostData, readYield, signData } from './host.ts';
import {
  emulatedPolicy,
  emulatorNumber,
  ledgerPolicy,
  type OpenOptions,
  register,
  strangerScript,
  testCoins,
} from './wallet.ts';

/** Spends that nobody recorded: made by our coordinator's code, signed here, judged by our combiner's. */
interface Setting {
  readonly policy: WalletPolicy;
  readonly emulator: LedgerEmulator;
  readonly hmac: Uint8Array;
}

const setting = async (
  policy: WalletPolicy,
  options: OpenOptions = {},
  n = 0,
): Promise<Setting> => {
  const hmac = await register(emulatorNumber(n), ledgerPolicy(policy));
  return { policy, emulator: emulatorNumber(n, options), hmac };
};

const COIN = 100_000n;

const payments = (amounts: readonly bigint[]): readonly CreateOutput[] =>
  amounts.map((amount, i) => ({
    kind: 'payment',
    scriptPubKey: strangerScript(i + 1),
    amount,
  }));

const spend = (
  policy: WalletPolicy,
  inputs: number,
  outputs: readonly CreateOutput[],
  version: 0 | 2 = 2,
): Psbt => {
  const scripts = policyScripts(policy);
  return createPsbt({ scripts, coins: testCoins(scripts, inputs, COIN), outputs, version });
};

const sign = async ({ policy, emulator, hmac }: Setting, psbt: Psbt): Promise<Conversation> => {
  const host = hostData();
  return converse(emulator.exchange, 0x04, signData(host, psbt, ledgerPolicy(policy), hmac), host);
};

/** Who signed each input, by our own judgement. */
const signersOf = (policy: WalletPolicy, psbt: Psbt, { yields }: Conversation) => {
  const match = matchPolicy(psbt, policyScripts(policy));
  const hashes = signatureHashes(match);
  return yields.map((bytes) => {
    const { input, pubkey, sig } = readYield(bytes);
    const signed = {
      inputIndex: input,
      publicKey: parseHex(pubkey),
      signature: parseHex(sig),
    };
    const verdict = checkSignature(signed, match, hashes);
    return verdict.good ? `${input} by ${verdict.cosigner}` : verdict.error.message;
  });
};

describe('spends of policies of every kind', () => {
  it.each([
    ['wsh', true, 2, 3],
    ['wsh', false, 2, 3],
    ['sh-wsh', true, 3, 5],
    ['sh-wsh', false, 1, 2],
    ['sh', true, 2, 2],
    ['sh', false, 2, 3],
    ['sh', true, 8, 15],
    ['wsh', true, 15, 15],
  ] as const)('%s, sorted: %s, %i of %i', async (scriptKind, sorted, required, total) => {
    const policy = await emulatedPolicy({ scriptKind, sorted, required, total });
    const change = { kind: 'change', index: 7, amount: 50_000n } as const;
    const psbt = spend(policy, 3, [...payments([240_000n]), change]);
    const first = await setting(policy);
    expect(signersOf(policy, psbt, await sign(first, psbt))).toEqual([
      '0 by Cosigner 0',
      '1 by Cosigner 0',
      '2 by Cosigner 0',
    ]);
    // The change is proven to be the policy's own, and so not shown.
    expect(first.emulator.screens.filter((text) => text.startsWith('Amount'))).toEqual([
      'Amount | 0.0024 TEST',
    ]);
    const last = await setting(policy, { version: '2.3.0' }, total - 1);
    expect(signersOf(policy, psbt, await sign(last, psbt))).toHaveLength(3);
  });

  it('show their addresses', async () => {
    const policy = await emulatedPolicy({ scriptKind: 'sh-wsh' });
    const { emulator, hmac } = await setting(policy);
    const host = hostData();
    const place = { change: 1, index: 5, display: true };
    const { data } = await converse(
      emulator.exchange,
      0x03,
      addressData(host, ledgerPolicy(policy), hmac, place),
      host,
    );
    const script = policyScripts(policy).at('change', 5);
    // BIP-16: version 196 on test networks, then the hash of the script.
    expect(script.scriptPubKey).toHaveLength(23);
    expect(new TextDecoder().decode(data)).toMatch(/^2[A-Za-z0-9]{34}$/);
    expect(emulator.screens[0]).toBe('Verify bitcoin | address');
  });
});

describe('the review of a spend', () => {
  const reviewed = async (
    amounts: readonly bigint[],
    options: OpenOptions & { readonly inputs?: number; readonly change?: bigint } = {},
  ) => {
    const { inputs = 1, change, ...rest } = options;
    const policy = await emulatedPolicy({});
    const made = await setting(policy, rest);
    const outputs: CreateOutput[] = [...payments(amounts)];
    if (change !== undefined) outputs.push({ kind: 'change', index: 0, amount: change });
    const psbt = spend(policy, inputs, outputs);
    const end = await sign(made, psbt);
    return { end, screens: made.emulator.screens };
  };

  it('warns of a tenth and more in fees, of totals above 100,000 satoshis', async () => {
    const warning = 'High fees warning | Fees are above 10% |  of total amount';
    const warned = async (inputs: number, amount: bigint) =>
      (await reviewed([amount], { inputs })).screens.includes(warning);
    expect(await warned(2, 180_000n)).toBe(true);
    expect(await warned(2, 180_001n)).toBe(false);
    expect(await warned(1, 1_000n)).toBe(false);
  });

  it('has nothing to show of a self-transfer but its fee', async () => {
    const { screens, end } = await reviewed([], { change: 99_000n });
    expect(end.yields).toHaveLength(1);
    expect(screens).toEqual([
      'Review transaction | to send bitcoin',
      'From | Test reserve',
      'Amount | 0 TEST (self-transfer)',
      'Fees | 0.00001 TEST',
      'Sign transaction',
      'Transaction signed',
    ]);
  });

  it.each(['2.4.6', '2.3.0'] as const)(
    'of more than sixteen payments has them all, in %s',
    async (version) => {
      const amounts = Array.from({ length: 20 }, (_, i) => BigInt(1001 + i));
      const { screens, end } = await reviewed(amounts, { version, change: 70_000n });
      expect(end.statusWord).toBe('9000');
      const shown = screens.filter((text) => /^Amount.*0\.000010/.test(text));
      expect(shown).toHaveLength(20);
      expect(shown.at(-1)).toContain('0.0000102');
    },
  );

  it('can be ended at every decision, and nothing is signed then', async () => {
    for (const rejectAtScreen of [1, 4, 6]) {
      const { end } = await reviewed([90_000n], { approval: { rejectAtScreen } });
      expect([end.statusWord, end.yields]).toEqual(['6985', []]);
    }
    const { end } = await reviewed([90_000n], { approval: { rejectAtScreen: 99 } });
    expect(end.yields).toHaveLength(1);
  });
});

describe('large spends', () => {
  it('of 512 inputs take work that grows with them', async () => {
    const policy = await emulatedPolicy({});
    const made = await setting(policy);
    const duration = async (inputs: number): Promise<number> => {
      const psbt = spend(policy, inputs, payments([BigInt(inputs) * COIN - 1000n]));
      const host = hostData();
      const data = signData(host, psbt, ledgerPolicy(policy), made.hmac);
      let inside = 0;
      const timed = async (apdu: Uint8Array): Promise<Uint8Array> => {
        const start = process.cpuUsage();
        const answer = await made.emulator.exchange(apdu);
        inside += process.cpuUsage(start).user;
        return answer;
      };
      const end = await converse(timed, 0x04, data, host);
      expect(end.yields).toHaveLength(inputs);
      return inside;
    };
    const small = await duration(32);
    const large = await duration(512);
    // Sixteen times as many; a square would be 256 times as much.
    expect(large).toBeLessThan(64 * small);
  }, 120_000);

  it('of more are refused', async () => {
    const policy = await emulatedPolicy({});
    const made = await setting(policy);
    const psbt = spend(policy, 513, payments([50_000_000n]));
    const end = await sign(made, psbt);
    expect([end.statusWord, end.yields, formatHex(end.data)]).toEqual(['6a82', [], '']);
  });
});
