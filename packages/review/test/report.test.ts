import {
  defaultLimits,
  type PolicyScripts,
  policyScripts,
  type SpendLimits,
  walletPolicy,
} from '@qoima/policy';
import { formatHex, formatOutpoint, isQoimaError, parseUtf8, sha256 } from '@qoima/primitives';
import {
  convertPsbt,
  createPsbt,
  decodePsbt,
  encodePsbt,
  INPUT,
  OUTPUT,
  type Psbt,
  type PsbtMap,
  record,
} from '@qoima/psbt';
import * as bip39 from 'bip39';
import { describe, expect, it } from 'vitest';
import {
  digestWords,
  psbtHash,
  refusalOf,
  reportJson,
  reviewPsbt,
  signingSheet,
  spendMemory,
} from '../src/index.ts';
import { WORDS } from '../src/word-list.ts';
import { findingsIn } from './breach.ts';
import {
  BTC,
  CHANGE_INDEX,
  cleanSpend,
  coinOf,
  editInput,
  editOutput,
  editTransaction,
  FEE,
  foreign,
  own,
  PAYMENT,
  put,
  strangerScript,
  without,
} from './spend.ts';

const digestOf = (psbt: Psbt, scripts = own.wsh): string => reviewPsbt(psbt, scripts).digest;

/** The 3-of-5, with other limits. */
const limited = (limits: Partial<SpendLimits>): PolicyScripts =>
  policyScripts(walletPolicy({ ...own.wsh.policy, limits: { ...defaultLimits, ...limits } }));

const sheetOf = (psbt: Psbt): string =>
  signingSheet(reviewPsbt(psbt, own.wsh))
    .map(([label, value]) => `${label}: ${value}`)
    .join('\n');

const kinds = (['wsh', 'sh-wsh', 'sh'] as const).flatMap((kind) =>
  ([0, 2] as const).map((version) => ({ kind, version })),
);

describe('a clean spend', () => {
  it.each(kinds)('of $kind in PSBT version $version has no finding', ({ kind, version }) => {
    const psbt = decodePsbt(encodePsbt(cleanSpend(kind, version)));
    expect(findingsIn(psbt, { kind })).toEqual([]);
  });

  it('is reported with all that it does', () => {
    const report = reviewPsbt(cleanSpend(), own.wsh);
    expect(report).toMatchObject({
      policyName: 'Reserve',
      network: 'regtest',
      spent: 20n * BTC,
      fee: FEE,
      findings: [],
    });
    expect(report.payments).toEqual([
      {
        address: expect.stringMatching(/^bcrt1q/),
        script: strangerScript,
        amount: PAYMENT,
        changeIndex: undefined,
      },
    ]);
    expect(report.change).toMatchObject([{ amount: 5n * BTC - FEE, changeIndex: CHANGE_INDEX }]);
    expect(report.coins).toMatchObject([
      { amount: 10n * BTC, place: { branch: 'receive', index: 0 } },
      { amount: 10n * BTC, place: { branch: 'change', index: 3 } },
    ]);
    expect(report.feeRate).toBe((FEE * 1000n) / BigInt(report.vsize));
  });

  it('becomes JSON whose amounts are decimal strings', () => {
    const json = reportJson(reviewPsbt(cleanSpend(), own.wsh));
    expect(json).toMatchObject({
      feeSats: '2000',
      spentSats: '2000000000',
      payments: [{ amountSats: '1500000000', script: formatHex(strangerScript) }],
      change: [{ amountSats: '499998000', index: CHANGE_INDEX }],
      findings: [],
    });
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  });
});

describe('the digest', () => {
  const clean = digestOf(cleanSpend());
  const unread = { type: 0x77, keyData: new Uint8Array(1), value: new Uint8Array(1) };
  it('is 64 hex digits, the same again', () => {
    expect(clean).toMatch(/^[0-9a-f]{64}$/);
    expect(digestOf(cleanSpend())).toBe(clean);
  });

  it.each([
    ['in PSBT version 2', convertPsbt(cleanSpend(), 2)],
    ['built as version 2', cleanSpend('wsh', 2)],
    ['in another order of its records', editInput(cleanSpend(), 0, (map) => [...map].reverse())],
  ])('is the same for a spend %s', (_what, psbt) => {
    expect(digestOf(psbt)).toBe(clean);
  });

  const transaction = (edit: Parameters<typeof editTransaction>[1]): Psbt =>
    editTransaction(cleanSpend(), edit);
  const output = (edit: (amount: bigint) => bigint, at: number): Psbt =>
    transaction((tx) => ({
      ...tx,
      outputs: tx.outputs.map((one, i) => (i === at ? { ...one, amount: edit(one.amount) } : one)),
    }));

  it.each([
    ['a payment a satoshi smaller', output((amount) => amount - 1n, 0)],
    ['a change a satoshi smaller', output((amount) => amount - 1n, 1)],
    [
      'outputs in another order',
      transaction((tx) => ({ ...tx, outputs: [...tx.outputs].reverse() })),
    ],
    ['another lock time', transaction((tx) => ({ ...tx, lockTime: 1 }))],
    ['another version', transaction((tx) => ({ ...tx, version: 1 }))],
    [
      'another sequence',
      transaction((tx) => ({ ...tx, inputs: tx.inputs.map((one) => ({ ...one, sequence: 1 })) })),
    ],
    [
      'a field less, which the policy knows anyhow',
      editInput(cleanSpend(), 1, without(INPUT.witnessScript)),
    ],
    ['a field more, which nobody reads', editInput(cleanSpend(), 1, put(unread))],
    ['change that is no longer proven', editOutput(cleanSpend(), 1, without(OUTPUT.derivation))],
    [
      'an amount that is no longer proven',
      editInput(cleanSpend(), 0, without(INPUT.nonWitnessUtxo)),
    ],
  ])('is another for %s', (_what, psbt) => {
    expect(digestOf(psbt)).not.toBe(clean);
  });

  it('is another for another policy', () => {
    expect(digestOf(cleanSpend(), foreign)).not.toBe(clean);
  });

  it.each([
    { warn: { ...defaultLimits.warn, feeSats: (5n * BTC) / 100n } },
    { warn: { ...defaultLimits.warn, feeRate: 999_999n } },
    { block: { ...defaultLimits.block, feePerMille: 99 } },
    { changeWindow: 199 },
  ])('is another for other limits: %#', (limits) => {
    expect(findingsIn(cleanSpend(), { limits })).toEqual([]);
    expect(digestOf(cleanSpend(), limited(limits))).not.toBe(clean);
    expect(digestOf(cleanSpend(), limited({}))).toBe(clean);
  });

  it('covers every byte of the file', () => {
    for (const version of [0, 2] as const) {
      const file = encodePsbt(cleanSpend('wsh', version));
      // Each byte once would take a minute; a prime step reaches every kind of field.
      for (let at = version; at < file.length; at += 29) {
        const flipped = file.slice();
        flipped[at] = (flipped[at] as number) ^ 0x10;
        let psbt: Psbt;
        try {
          psbt = decodePsbt(flipped);
        } catch (error) {
          expect(isQoimaError(error)).toBe(true);
          continue;
        }
        expect(digestOf(psbt), `byte ${at} of version ${version}`).not.toBe(clean);
      }
    }
  });

  it('holds the SHA-256 of the file that Qoima writes', () => {
    const hash = formatHex(sha256(encodePsbt(cleanSpend())));
    expect(reviewPsbt(cleanSpend(), own.wsh).psbtSha256).toBe(hash);
    expect(psbtHash(cleanSpend('wsh', 2))).toBe(hash);
  });

  it('keeps wishes for a lock time that did not become its own', () => {
    const wishing = (height: number): Psbt => {
      const wish = (map: PsbtMap): PsbtMap => put(record(INPUT.requiredHeight, height))(map);
      const psbt = editInput(cleanSpend('wsh', 2), 1, put(record(INPUT.requiredHeight, 9)));
      return decodePsbt(encodePsbt(editInput(psbt, 0, wish)));
    };
    expect(wishing(7).transaction).toEqual(wishing(8).transaction);
    expect(psbtHash(wishing(7))).not.toBe(psbtHash(wishing(8)));
  });
});

describe('the words', () => {
  it('are those of BIP-39, in its order', () => {
    expect(WORDS).toEqual(bip39.wordlists['english']);
    expect(formatHex(sha256(parseUtf8(`${WORDS.join('\n')}\n`)))).toBe(
      '2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda',
    );
  });

  it('say the first 143 bits', () => {
    const { words, digest } = reviewPsbt(cleanSpend(), own.wsh);
    expect(words).toHaveLength(13);
    const bits = words.map((word) => WORDS.indexOf(word).toString(2).padStart(11, '0')).join('');
    const expected = BigInt(`0x${digest}`).toString(2).padStart(256, '0').slice(0, 143);
    expect(bits).toBe(expected);
    // Not one of a mnemonic's lengths.
    expect(() => bip39.mnemonicToEntropy(words.join(' '))).toThrow('Invalid mnemonic');
    expect(digestWords(new Uint8Array(32))).toEqual(Array.from({ length: 13 }, () => 'abandon'));
    expect(digestWords(new Uint8Array(32).fill(255)).at(-1)).toBe('zoo');
  });
});

describe('the signing sheet', () => {
  it('names policy, payments, change, fee and digest of a clean spend', () => {
    const report = reviewPsbt(cleanSpend(), own.wsh);
    const sheet = sheetOf(cleanSpend());
    expect(sheet).toContain('Policy: Reserve (regtest)');
    expect(sheet).toContain(report.policyId);
    expect(sheet).toContain('Pays: 15.00 000 000 BTC');
    expect(sheet).toContain(report.payments[0]?.address?.match(/.{1,4}/g)?.join(' '));
    expect(sheet).toContain(`Change ${CHANGE_INDEX}: 4.99 998 000 BTC`);
    expect(sheet).toContain('Spends: 20.00 000 000 BTC from 2 coins');
    expect(sheet).toMatch(/Fee: 0\.00 002 000 BTC \(\d+(\.\d+)? sat\/vB over at most \d+ vB\)/);
    expect(sheet).toContain('Findings: none');
    expect(sheet.replaceAll('\n: ', ' ')).toContain(`In words: ${report.words.join(' ')}`);
    expect(sheet).toContain('Warns above: a fee of 0.10000000 BTC');
    expect(sheet.replaceAll(' ', '')).toContain(report.digest);
  });

  it('lists every payment, and of many coins only some', () => {
    const payments = Array.from({ length: 300 }, (_, i) => ({
      kind: 'payment' as const,
      scriptPubKey: Uint8Array.of(0, 20, ...new Uint8Array(20).fill(i % 256)),
      amount: 1_000_000n + BigInt(i),
    }));
    const sheet = sheetOf(cleanSpend('wsh', 0, payments));
    expect(sheet.match(/^Pays: /gm)).toHaveLength(300);
    for (const { amount } of payments) {
      const digits = `${amount}`;
      expect(sheet).toContain(`0.0${digits[0]} ${digits.slice(1, 4)} ${digits.slice(4)}`);
    }
  });

  it('shows what a payment without an address pays to', () => {
    const data = Uint8Array.of(0x6a, 2, 0xca, 0xfe);
    const psbt = cleanSpend('wsh', 0, [{ kind: 'payment', scriptPubKey: data, amount: 0n }]);
    expect(sheetOf(psbt)).toContain('to a script without an address: 6a02cafe');
  });

  it('tells every rule, and not the same thing a thousand times', () => {
    const psbt = createPsbt({
      scripts: own.wsh,
      coins: Array.from({ length: 40 }, (_, i) => coinOf(own.wsh, 'receive', i, BTC)),
      outputs: [{ kind: 'payment', scriptPubKey: strangerScript, amount: 39n * BTC }],
    });
    const sheet = sheetOf({ ...psbt, inputs: psbt.inputs.map(without(INPUT.derivation)) });
    expect(sheet.match(/BLOCK input-not-ours/g)).toHaveLength(5);
    expect(sheet).toContain('… and 35 more of input-not-ours');
    expect(sheet).toContain('WARN fee-amount');
    expect(sheet).toContain('… and 28 more');
  });

  it('shortens no two warnings that say different things into one', () => {
    const coins = Array.from({ length: 8 }, (_, i) => coinOf(own.wsh, 'receive', i, BTC));
    const outpoints = coins.map(({ outpoint }) => ({ outpoint: formatOutpoint(outpoint) }));
    const [six, seven, eight] = ['6', '7', '8'].map((digit) => digit.repeat(64));
    const time = '2026-01-31T12:00:00.000Z';
    const memory = spendMemory([
      { txid: six as string, time, coins: outpoints.slice(0, 6) },
      { txid: seven as string, time, coins: outpoints.slice(6, 7) },
      { txid: eight as string, time, coins: outpoints.slice(7) },
    ]);
    const outputs = [
      { kind: 'payment', scriptPubKey: strangerScript, amount: 799_990_000n },
    ] as const;
    const report = reviewPsbt(createPsbt({ scripts: own.wsh, coins, outputs }), own.wsh, {
      memory,
    });
    const lines = signingSheet(report).map(([, line]) => line);
    const warnings = lines.filter((line) => line.startsWith('WARN history-coin-signed'));
    expect(warnings).toHaveLength(7);
    for (const txid of [six, seven, eight]) expect(warnings.join()).toContain(txid);
    expect(lines).toContain('… and 1 more of history-coin-signed');
  });

  it('shows sums that cannot be, too', () => {
    const most = 2_100_000_000_000_000n;
    const sheet = sheetOf(
      editTransaction(cleanSpend(), (tx) => ({
        ...tx,
        outputs: tx.outputs.map((one) => ({ ...one, amount: most })),
      })),
    );
    expect(sheet).toContain('Fee: minus 4 199 998 000 000 000 satoshis');
    expect(sheet).toContain('BLOCK amount-sum, transaction');
  });
});

describe('refusalOf', () => {
  const finding = (rule: string, severity: 'block' | 'warn') => ({
    rule,
    severity,
    where: 'input 0',
    message: 'It is wrong.',
    facts: {},
  });
  const findings = [finding('b', 'warn'), finding('a', 'block'), finding('c', 'block')];

  it('says the first in words and has all in its details', () => {
    expect(refusalOf(findings, 'block')).toEqual({
      message: 'BLOCK a, input 0: It is wrong. (And 1 more.)',
      details: { findings: [finding('a', 'block'), finding('c', 'block')] },
    });
  });

  it('leaves out what was accepted by its rule', () => {
    expect(refusalOf(findings, 'warn', ['b'])).toBeUndefined();
    expect(refusalOf(findings, 'block', ['a'])?.message).toBe('BLOCK c, input 0: It is wrong.');
  });

  it('is nothing without findings', () => {
    expect(refusalOf([], 'block')).toBeUndefined();
  });
});
