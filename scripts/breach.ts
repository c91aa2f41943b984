/** One thing that a check found wrong: which rule, where, and what. */
export interface Breach {
  readonly rule: string;
  /** A path from the top of the workspace, with `:line` where there is one. */
  readonly where: string;
  readonly what: string;
}

export const formatBreach = ({ rule, where, what }: Breach): string => `${where}: ${rule}: ${what}`;
