import { policyScripts } from '@qoima/policy';
import { formatHex, isQoimaError, parseHex } from '@qoima/primitives';
import { signPsbt } from '@qoima/psbt';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Ledger, openLedger } from '../src/index.ts';
import { psbtOf, recording, registrationOf, vectorOf, walletOf } from './replay.ts';

const policy = walletOf('wsh-3of5');
const scripts = policyScripts(policy);
const registration = registrationOf(policy, 'wsh-3of5');

/** What is asked of the device, with the recordings that an honest one answers with. */
const tasks: readonly {
  readonly names: readonly string[];
  readonly ask: (ledger: Ledger) => Promise<unknown>;
  readonly result: unknown;
}[] = [
  {
    names: ['register-wsh-3of5-c1', 'address-wsh-3of5-0-0'],
    ask: async (ledger) => formatHex((await ledger.registerPolicy(policy)).hmac),
    // Any HMAC that the device itself takes afterwards is its own affair: it was asked for an address with it.
    result: /^[0-9a-f]{64}$/,
  },
  {
    names: ['address-wsh-3of5-0-1-display'],
    ask: (ledger) => ledger.showAddress(registration, scripts, { branch: 'receive', index: 1 }),
    result: vectorOf('address-wsh-3of5-0-1-display').result,
  },
  {
    names: ['sign-wsh-1in-2out-c1'],
    ask: async (ledger) => {
      const { added } = await signPsbt(
        psbtOf('sign-wsh-1in-2out-c1'),
        scripts,
        ledger.signer(registration),
      );
      return added.map(({ signature }) => formatHex(signature)).join();
    },
    result: vectorOf('sign-wsh-1in-2out-c1').signatures?.[0]?.sig,
  },
];

/** One thing that a hostile device, or a bad cable, may do to its answers. */
const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  change: fc.oneof(
    fc.record({
      kind: fc.constant('flip' as const),
      place: fc.nat(),
      bit: fc.integer({ min: 0, max: 7 }),
    }),
    fc.record({ kind: fc.constant('cut' as const), place: fc.nat() }),
    fc.record({ kind: fc.constant('replace' as const), bytes: fc.uint8Array({ maxLength: 300 }) }),
    fc.record({
      kind: fc.constant('ask' as const),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 80 }),
    }),
    fc.record({ kind: fc.constant('repeat' as const) }),
    fc.record({ kind: fc.constant('skip' as const) }),
    fc.record({ kind: fc.constant('status' as const), word: fc.integer({ min: 0, max: 0xffff }) }),
  ),
});

type Change =
  typeof mutation extends fc.Arbitrary<infer M>
    ? M extends { change: infer C }
      ? C
      : never
    : never;

const changed = (
  answers: readonly Uint8Array[],
  at: number,
  change: Change,
): readonly Uint8Array[] => {
  const place = Math.floor(at * answers.length);
  const [before, after] = [answers.slice(0, place), answers.slice(place + 1)];
  const answer = answers[place] ?? new Uint8Array();
  const instead = (...bytes: readonly Uint8Array[]) => [...before, ...bytes, ...after];
  switch (change.kind) {
    case 'flip': {
      const flipped = answer.slice();
      const index = change.place % Math.max(1, flipped.length);
      flipped[index] = (flipped[index] ?? 0) ^ (1 << change.bit);
      return instead(flipped);
    }
    case 'cut':
      return instead(answer.slice(0, change.place % (answer.length + 1)));
    case 'replace':
      return instead(change.bytes);
    case 'ask':
      return instead(Uint8Array.of(...change.bytes, 0xe0, 0x00));
    case 'repeat':
      return instead(answer, answer, answer);
    case 'skip':
      return instead();
    case 'status':
      return instead(Uint8Array.of(change.word >> 8, change.word & 0xff));
  }
};

describe('a device that does not answer as the app does', () => {
  it('brings about nothing but typed errors, soon, and no bad result', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...tasks),
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        fc.constantFrom('9000', 'e000', '6a80', '4000', `10${'00'.repeat(40)}e000`),
        async ({ names, ask, result }, mutations, rest) => {
          const opening = ['app-and-version', 'fingerprint-c1'];
          const honest = [...opening, ...names]
            .flatMap(recording)
            .map(({ answer }) => parseHex(answer));
          let answers: readonly Uint8Array[] = honest;
          for (const { at, change } of mutations) answers = changed(answers, at, change);
          let count = 0;
          const transport = {
            exchange: async () => answers[count++] ?? parseHex(rest),
            close: async () => {},
          };
          try {
            const found = await ask(await openLedger(transport, { network: 'testnet' }));
            if (result instanceof RegExp) expect(found).toMatch(result);
            else expect(found).toBe(result);
          } catch (error) {
            if (!isQoimaError(error)) throw error;
            expect(['device', 'refused']).toContain(error.kind);
          }
          expect(count).toBeLessThan(10_000);
        },
      ),
      { numRuns: 250 },
    );
  });
});
