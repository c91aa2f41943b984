import {
  type Finding,
  formatBtc,
  formatFeeRate,
  formatOutpoint,
  type JsonValue,
  MAX_SATS,
  type Sats,
} from '@qoima/primitives';
import type { Report, ReviewedOutput } from './report.ts';
import { scriptText } from './script-text.ts';

/** One line of a signing sheet: a label, empty where it goes on from the line above, and a value. */
export type SheetLine = readonly [label: string, value: string];

/** At most this many coins are listed one by one; the rest is told as a number. */
const LISTED_COINS = 12;

/**
 * The signing sheet: what a custodian reads before they sign, the same on coordinator and station.
 * Payments come first and are never shortened; coins are.
 */
export const signingSheet = (report: Report): readonly SheetLine[] => [
  ['Policy', `${report.policyName} (${report.network})`],
  ['', report.policyId],
  ['Transaction', report.txid],
  ...report.payments.flatMap((output) => outputLines('Pays', output)),
  ...report.change.flatMap((output) => outputLines(`Change ${output.changeIndex}`, output)),
  ['Spends', `${amount(report.spent)} from ${count(report.coins.length, 'coin')}`],
  ...report.coins
    .slice(0, LISTED_COINS)
    .map((coin): SheetLine => ['', `${formatOutpoint(coin.outpoint)}  ${amount(coin.amount)}`]),
  ...(report.coins.length > LISTED_COINS
    ? [['', `… and ${report.coins.length - LISTED_COINS} more`] as const]
    : []),
  ['Fee', feeLine(report)],
  ...findingLines(report.findings),
  ['Digest', grouped(report.digest)],
];

const outputLines = (label: string, output: ReviewedOutput): readonly SheetLine[] => [
  [label, amount(output.amount)],
  [
    '',
    output.address === undefined
      ? `to a script without an address: ${scriptText(output.script)}`
      : `to ${grouped(output.address)}`,
  ],
];

const feeLine = ({ fee, feeRate, vsize }: Report): string =>
  feeRate === undefined
    ? amount(fee)
    : `${amount(fee)} (${formatFeeRate(feeRate)} sat/vB over at most ${vsize} vB)`;

/** One rule may find the same in each of a thousand inputs: so many of them are listed. */
const LISTED_FINDINGS = 5;

/** Every rule that found something, in the report's order, though not every one of its findings. */
const findingLines = (findings: readonly Finding[]): readonly SheetLine[] => {
  const byRule = new Map<string, Finding[]>();
  for (const finding of findings) {
    const same = byRule.get(finding.rule);
    if (same === undefined) byRule.set(finding.rule, [finding]);
    else same.push(finding);
  }
  const lines = [...byRule].flatMap(([rule, found]) => [
    ...found.slice(0, LISTED_FINDINGS).map(findingLine),
    ...(found.length > LISTED_FINDINGS
      ? [`… and ${found.length - LISTED_FINDINGS} more of ${rule}`]
      : []),
  ]);
  return (lines.length === 0 ? ['none'] : lines).map((line, at) => [
    at === 0 ? 'Findings' : '',
    line,
  ]);
};

/** One finding in one line, its rule id first. */
export const findingLine = ({ severity, rule, where, message, facts }: Finding): string => {
  const [expected, actual] = [facts['expected'], facts['actual']].map(plainText);
  const mismatch =
    expected === undefined || actual === undefined ? '' : ` Expected ${expected}, found ${actual}.`;
  return `${severity.toUpperCase()} ${rule}, ${where}: ${message}${mismatch}`;
};

const plainText = (value: JsonValue | undefined): string | undefined =>
  value === undefined || typeof value === 'string' ? value : JSON.stringify(value);

const amount = (sats: Sats | undefined): string => {
  if (sats === undefined) return 'not proven';
  const size = sats < 0n ? -sats : sats;
  // A finding blocks it, but the sheet is shown all the same.
  const text = size > MAX_SATS ? `${size} satoshis` : `${formatBtc(size)} BTC`;
  return sats < 0n ? `minus ${text}` : text;
};

const count = (number: number, noun: string): string =>
  `${number} ${noun}${number === 1 ? '' : 's'}`;

/** Groups of four are what an eye can compare and a voice can read. */
const grouped = (text: string): string => text.match(/.{1,4}/g)?.join(' ') ?? '';
