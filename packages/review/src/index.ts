export { digestWords } from './digest-words.ts';
export type { ReviewContext } from './evidence.ts';
export { groupFours } from './grouping.ts';
export {
  type EarlierSpend,
  type RememberedSpend,
  type SpendMemory,
  type SpendRecord,
  spendMemory,
} from './memory.ts';
export { psbtHash } from './psbt-hash.ts';
export { type Refusal, refusalOf } from './refusal.ts';
export {
  findingJson,
  type Report,
  type ReviewedCoin,
  type ReviewedOutput,
  reportJson,
  reviewPsbt,
  type Signing,
} from './report.ts';
export type { Observation, Rule } from './rule.ts';
export { isLocalRule, RULES, ruleGroups } from './rules.ts';
export { findingLine, type SheetLine, signingSheet } from './sheet.ts';
export { signingSheetHtml } from './sheet-html.ts';
