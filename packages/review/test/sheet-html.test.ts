import type { CreateOutput, Psbt } from '@qoima/psbt';
import { describe, expect, it } from 'vitest';
import { type Report, reviewPsbt, signingSheet, signingSheetHtml } from '../src/index.ts';
import { BTC, cleanSpend, editTransaction, own, strangerScript } from './spend.ts';

const report = (psbt: Psbt = cleanSpend()): Report => reviewPsbt(psbt, own.wsh);

const paying = (count: number): Report =>
  report(
    cleanSpend(
      'wsh',
      0,
      Array.from({ length: count }, (_, i): CreateOutput => {
        const scriptPubKey = Uint8Array.of(0, 32, ...new Uint8Array(32).fill(i));
        return { kind: 'payment', scriptPubKey, amount: (20n * BTC) / BigInt(count) - 1000n };
      }),
    ),
  );

const pointsOf = (page: string): number => Number(/font: ([\d.]+)pt/.exec(page)?.[1]);

describe('the sheet as a page', () => {
  const page = signingSheetHtml(report());

  it('has every line of the sheet', () => {
    for (const [label, value] of signingSheet(report())) {
      expect(page).toContain(`<th>${label}</th><td>${value.replaceAll("'", '&#39;')}</td>`);
    }
    expect(page).toContain('Nothing was found against this spend');
  });

  it('says first if it must not be signed, or not without thought', () => {
    const locked = editTransaction(cleanSpend(), (tx) => ({ ...tx, lockTime: 900_000 }));
    expect(signingSheetHtml(report(locked))).toContain('Sign only if every warning is meant');
    const odd = editTransaction(cleanSpend(), (tx) => ({
      ...tx,
      outputs: tx.outputs.map((one) => ({ ...one, amount: one.amount + 950n })),
    }));
    expect(report(odd).findings.map(({ rule }) => rule)).toEqual(['fee-rate-low']);
    expect(signingSheetHtml(report(odd))).toContain('Nothing stops this spend; read what is noted');
    const final = { ...cleanSpend(), inputs: cleanSpend().inputs.map(() => []) };
    expect(signingSheetHtml(report(final))).toContain('Do not sign: a finding blocks this spend');
  });

  it('fetches nothing and runs nothing', () => {
    expect(page).not.toMatch(/<(script|link|img|iframe|object)|https?:|url\(|@import|\son\w+=/i);
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  });

  it('makes text of whatever the spend says', () => {
    const clean = report();
    const evil = signingSheetHtml({
      ...clean,
      policyName: '<script>alert(1)</script> & "x" \'y\'',
      findings: [
        {
          rule: 'a',
          severity: 'note',
          where: '<b>',
          message: 'Right\u202eto left\u0000, and\u200b unseen\u2028.',
          facts: { expected: '</td>', actual: '<img src=x>' },
        },
      ],
    });
    expect(evil).not.toMatch(/<(script|b|img)\b/);
    expect(evil).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;x&quot; &#39;y&#39;');
    expect(evil).toContain('Right\\u{202e}to left\\u{0}, and\\u{200b} unseen\\u{2028}.');
    expect(evil).toContain('Expected &lt;/td&gt;, found &lt;img src=x&gt;.');
  });

  it('is one page: the type is as large as its lines allow', () => {
    expect(page).toContain('size: A4');
    expect(pointsOf(page)).toBeGreaterThanOrEqual(8);
    const sizes = [1, 10, 20, 40].map((count) => pointsOf(signingSheetHtml(paying(count))));
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    expect(sizes.at(-1)).toBeGreaterThan(4);
    // All payments are there, on however many pages it takes.
    const long = signingSheetHtml(paying(200));
    expect(long.match(/<th>Pays<\/th>/g)).toHaveLength(200);
  });

  it('of one stranger has their address in fours', () => {
    expect(page).toContain('to bcrt 1q');
    expect(strangerScript).toHaveLength(22);
  });
});
