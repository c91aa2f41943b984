import type { ErrorDetails, Severity } from '@qoima/primitives';
import type { Evidence, InputEvidence, OutputEvidence } from './evidence.ts';

/** What a rule has to say of one place: a finding without the rule's own words for itself. */
export interface Observation {
  readonly where: string;
  /** One sentence for the person who decides. */
  readonly message: string;
  /** What was judged; a mismatch has `expected` and `actual`. */
  readonly facts: ErrorDetails;
}

/** One thing that is held against every spend. */
export interface Rule {
  /** Stable; kebab case. */
  readonly id: string;
  readonly severity: Severity;
  /** When it finds something, as the end of “found when”. */
  readonly finds: string;
  /** The BIP, the rule of the network, the program or the incident that it comes from. */
  readonly source: string;
  /**
   * True if it judges what not every machine knows: a memory, whose station this is, who has signed by
   * now. What it finds is no part of the digest.
   */
  readonly local?: true;
  readonly judge: (evidence: Evidence) => readonly Observation[];
}

/** What a rule says of the one thing that it is given. */
type Remark = Omit<Observation, 'where'> | undefined;

/** A rule that looks at each input alone. */
export const eachInput =
  (judge: (input: InputEvidence, evidence: Evidence) => Remark): Rule['judge'] =>
  (evidence) =>
    collect(evidence.inputs, (input) => judge(input, evidence));

/** A rule that looks at each output alone. */
export const eachOutput =
  (judge: (output: OutputEvidence, evidence: Evidence) => Remark): Rule['judge'] =>
  (evidence) =>
    collect(evidence.outputs, (output) => judge(output, evidence));

/** A rule that looks at every input and then at every output. */
export const eachMap =
  (judge: (map: InputEvidence | OutputEvidence, evidence: Evidence) => Remark): Rule['judge'] =>
  (evidence) => [
    ...collect(evidence.inputs, (input) => judge(input, evidence)),
    ...collect(evidence.outputs, (output) => judge(output, evidence)),
  ];

/** A rule that looks at the transaction as a whole. */
export const whole =
  (judge: (evidence: Evidence) => Remark): Rule['judge'] =>
  (evidence) => {
    const remark = judge(evidence);
    return remark === undefined ? [] : [{ where: 'transaction', ...remark }];
  };

const collect = <Place extends { readonly where: string }>(
  places: readonly Place[],
  judge: (place: Place) => Remark,
): readonly Observation[] => {
  const found: Observation[] = [];
  for (const place of places) {
    const remark = judge(place);
    if (remark !== undefined) found.push({ where: place.where, ...remark });
  }
  return found;
};
