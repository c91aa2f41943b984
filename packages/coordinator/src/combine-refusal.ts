import type { ErrorDetails } from '@qoima/primitives';
import { coordinatorError } from './errors.ts';
import { nonceError } from './nonces.ts';
import type { Taken } from './take.ts';
import { contradicts, placesText, refusedJson, takenJson } from './taken-lines.ts';

/**
 * One error for all that returned files brought and should not have: the worst of it, with the results of
 * all files in its details. What was good has been stored by now. Undefined if there is nothing to say.
 */
export const combineRefusal = (results: readonly Taken[]): Error | undefined => {
  const details = { results: results.map(takenJson) };
  return (
    nonceRefusal(results, details) ??
    signatureRefusal(results, details) ??
    fieldRefusal(results, details) ??
    withdrawnRefusal(results, details)
  );
};

type Refusal = (results: readonly Taken[], details: ErrorDetails) => Error | undefined;

const nonceRefusal: Refusal = (results, details) => {
  for (const { proposal, sharedNonces } of results) {
    const [shared] = sharedNonces;
    if (shared !== undefined) return nonceError(shared, proposal.id, details);
  }
  return undefined;
};

const signatureRefusal: Refusal = (results, details) => {
  const bad = results.flatMap(({ from, refused }) => refused.map((each) => ({ from, each })));
  const [first] = bad;
  if (first === undefined) return undefined;
  return coordinatorError(
    'COORDINATOR_SIGNATURE_REFUSED',
    `${first.from}: ${first.each.message}${andMore(bad.length)}`,
    { refused: bad.map(({ from, each }) => ({ file: from, ...refusedJson(each) })), ...details },
  );
};

const fieldRefusal: Refusal = (results, details) => {
  const bad = results.flatMap(({ from, senders, injected }) =>
    injected.filter(contradicts).map((each) => ({ from, senders, each })),
  );
  const [first] = bad;
  if (first === undefined) return undefined;
  const { from, senders, each } = first;
  const whose = senders.length === 0 ? '' : ` (with good signatures of ${senders.join(', ')})`;
  return coordinatorError(
    'COORDINATOR_FIELDS_REFUSED',
    `${from}${whose}: ${each.field} of ${placesText([each])} is not what was sent${andMore(bad.length)}.`,
    details,
  );
};

const withdrawnRefusal: Refusal = (results, details) => {
  const late = results.find(({ proposal }) => proposal.withdrawn !== undefined);
  if (late === undefined) return undefined;
  const { from, proposal, senders, analysis } = late;
  const whose = senders.length === 0 ? 'nobody' : senders.join(', ');
  const danger =
    analysis.next === 'signer'
      ? ''
      : ' Enough cosigners have signed it by now: whoever holds their signatures can still send it.';
  return coordinatorError(
    'COORDINATOR_WITHDRAWN',
    `${from} has signatures of ${whose} for proposal ${proposal.id.slice(0, 8)}, which was withdrawn: ${JSON.stringify(proposal.withdrawn?.reason)}.${danger}`,
    { proposal: proposal.id, ...details },
  );
};

const andMore = (count: number): string => (count === 1 ? '' : ` (and ${count - 1} more)`);
