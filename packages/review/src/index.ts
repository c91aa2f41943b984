export type { ReviewLimits } from './limits.ts';
export { defaultLimits } from './limits.ts';
export { type Refusal, refusalOf } from './refusal.ts';
export {
  findingJson,
  type Report,
  type ReviewedCoin,
  type ReviewedOutput,
  reportJson,
  reviewPsbt,
} from './report.ts';
export { findingLine, type SheetLine, signingSheet } from './sheet.ts';
