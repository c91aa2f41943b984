import type { ErrorDetails } from './error.ts';

/** `block` cannot be waved through; `warn` wants a person's explicit word; `note` informs. */
export type Severity = 'block' | 'warn' | 'note';

/** What a rule has to say about something it judged. Findings are collected, never thrown. */
export interface Finding {
  /** Stable id of the rule, `kebab-case`. */
  readonly rule: string;
  readonly severity: Severity;
  /** `input 3`, `output 0`, `policy`, `transaction` … */
  readonly where: string;
  /** One sentence for the person who decides. */
  readonly message: string;
  /** The facts judged; a mismatch carries `expected` and `actual`. */
  readonly facts: ErrorDetails;
}
