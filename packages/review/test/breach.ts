import {
  defaultLimits,
  policyScripts,
  type ScriptKind,
  type SpendLimits,
  walletPolicy,
} from '@qoima/policy';
import type { Psbt } from '@qoima/psbt';
import { type ReviewContext, reviewPsbt } from '../src/index.ts';
import { own } from './spend.ts';

/** One breach in an otherwise clean spend, and all that is to be found: `block input-final, input 0`. */
export type Breach = readonly [
  breach: string,
  found: string,
  psbt: () => Psbt,
  judgedBy?: {
    readonly kind?: ScriptKind;
    readonly limits?: Partial<SpendLimits>;
    readonly context?: ReviewContext;
  },
];

/** The rows as a table of tests takes them. */
export const breachTable = (
  breaches: readonly Breach[],
): readonly {
  readonly breach: string;
  readonly found: string;
  readonly psbt: () => Psbt;
  readonly judgedBy: Breach[3];
}[] => breaches.map(([breach, found, psbt, judgedBy]) => ({ breach, found, psbt, judgedBy }));

/** What the review finds, a line for each. */
export const findingsIn = (
  psbt: Psbt,
  { kind = 'wsh', limits, context = {} }: NonNullable<Breach[3]> = {},
): readonly string[] => {
  const scripts =
    limits === undefined
      ? own[kind]
      : policyScripts(
          walletPolicy({ ...own[kind].policy, limits: { ...defaultLimits, ...limits } }),
        );
  return reviewPsbt(psbt, scripts, context).findings.map(
    ({ severity, rule, where }) => `${severity} ${rule}, ${where}`,
  );
};
