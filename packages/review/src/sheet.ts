import { limitsSheet } from '@qoima/policy';
import { type Finding, formatFeeRate, formatOutpoint, type JsonValue } from '@qoima/primitives';
import { amountText, groupFours } from './grouping.ts';
import type { Report, ReviewedOutput, Signing } from './report.ts';
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
  ['Spends', `${amountText(report.spent)} from ${count(report.coins.length, 'coin')}`],
  ...report.coins
    .slice(0, LISTED_COINS)
    .map((coin): SheetLine => ['', `${formatOutpoint(coin.outpoint)}  ${amountText(coin.amount)}`]),
  ...(report.coins.length > LISTED_COINS
    ? [['', `… and ${report.coins.length - LISTED_COINS} more`] as const]
    : []),
  ['Fee', feeLine(report)],
  ...limitsSheet(report.limits),
  ['Signed', signedLine(report.signing, report.coins.length)],
  ...findingLines(report.findings),
  ['Digest', groupFours(report.digest)],
  ['In words', report.words.slice(0, WORDS_IN_LINE).join(' ')],
  ['', report.words.slice(WORDS_IN_LINE).join(' ')],
];

const WORDS_IN_LINE = 7;

const outputLines = (label: string, output: ReviewedOutput): readonly SheetLine[] => [
  [label, amountText(output.amount)],
  [
    '',
    output.address === undefined
      ? `to a script without an address: ${scriptText(output.script)}`
      : `to ${groupFours(output.address)}`,
  ],
];

const feeLine = ({ fee, feeRate, vsize }: Report): string =>
  feeRate === undefined
    ? amountText(fee)
    : `${amountText(fee)} (${formatFeeRate(feeRate)} sat/vB over at most ${vsize} vB)`;

/** Who has signed every coin, who some of them, and how many more it takes. */
const signedLine = ({ required, cosigners }: Signing, coins: number): string => {
  const whole = cosigners.filter(({ inputs }) => inputs === coins && coins > 0);
  const partly = cosigners.filter(({ inputs }) => inputs > 0 && inputs < coins);
  const names = [
    ...whole.map(({ name }) => name),
    ...partly.map(({ name, inputs }) => `${name} (${inputs} of ${count(coins, 'coin')})`),
  ];
  const more = Math.max(0, required - whole.length);
  const missing = more === 0 ? 'nobody is missing' : `${more} more of ${cosigners.length} must`;
  return `${names.length === 0 ? 'by nobody yet' : `by ${names.join(', ')}`}; ${missing}`;
};

/** One rule may find the same in each of a thousand inputs: so many of them are listed. */
const LISTED_FINDINGS = 5;

/**
 * Every rule that found something, in the report's order, though not every one of its findings: of
 * warnings that say different things, each is there, for a person accepts them all by one name.
 */
const findingLines = (findings: readonly Finding[]): readonly SheetLine[] => {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const { rule, severity, message } = finding;
    const alike = severity === 'warn' ? `${rule} ${message}` : rule;
    const same = groups.get(alike);
    if (same === undefined) groups.set(alike, [finding]);
    else same.push(finding);
  }
  const lines = [...groups.values()].flatMap((found) => [
    ...found.slice(0, LISTED_FINDINGS).map(findingLine),
    ...(found.length > LISTED_FINDINGS
      ? [`… and ${found.length - LISTED_FINDINGS} more of ${found[0]?.rule}`]
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

const count = (number: number, noun: string): string =>
  `${number} ${noun}${number === 1 ? '' : 's'}`;
