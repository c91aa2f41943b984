import { type Finding, formatDate } from '@qoima/primitives';
import type { Cosigner } from './cosigner.ts';
import { defaultLimits, differingLimits } from './spend-limits.ts';
import type { WalletPolicy } from './wallet-policy.ts';

/**
 * What the id of a policy does not bind, so that a file with the right id can have it otherwise: the limits
 * of spends, the names of the cosigners, the birthday. All of these are warnings.
 */

/**
 * Where a file says otherwise than the policy of the same id that is known: `policy-limits-differ`,
 * `policy-names-differ`, `policy-birthday-differs`.
 */
export const changedFindings = (known: WalletPolicy, read: WalletPolicy): readonly Finding[] => {
  const findings: Finding[] = [];
  const limits = differingLimits(known.limits ?? defaultLimits, read.limits ?? defaultLimits);
  if (limits.length > 0) {
    findings.push(
      warning(
        'policy-limits-differ',
        'Under the same id the file has other limits of spends than the policy that is here.',
        limits.map(({ name, expected }) => `${name} ${expected}`).join(', '),
        limits.map(({ name, actual }) => `${name} ${actual}`).join(', '),
      ),
    );
  }
  const [names, readNames] = [namesOf(known), namesOf(read)];
  if (names !== readNames) {
    findings.push(
      warning(
        'policy-names-differ',
        'Under the same id the file gives the cosigners other names than the policy that is here.',
        names,
        readNames,
      ),
    );
  }
  if (known.birthday !== read.birthday) {
    findings.push(
      warning(
        'policy-birthday-differs',
        'Under the same id the file has another birthday than the policy that is here: coins from before it are not looked for.',
        birthdayText(known),
        birthdayText(read),
      ),
    );
  }
  return findings;
};

/** Of a policy that is seen for the first time: `policy-limits-wide` if its limits let more through than the usual ones. */
export const firstFindings = ({ limits = defaultLimits }: WalletPolicy): readonly Finding[] => {
  const wider = differingLimits(defaultLimits, limits).filter(
    ({ expected, actual }) => actual > expected,
  );
  return wider.length === 0
    ? []
    : [
        warning(
          'policy-limits-wide',
          'The limits of spends let more through than the usual ones.',
          wider.map(({ name, expected }) => `${name} ${expected}`).join(', '),
          wider.map(({ name, actual }) => `${name} ${actual}`).join(', '),
        ),
      ];
};

/**
 * Of a station: `policy-own-name-differs` if the policy gives the station's key another name than the
 * custodian gave it. Two names exchanged would have one custodian asked for what the other has signed.
 */
export const ownNameFindings = (given: string, { name }: Cosigner): readonly Finding[] =>
  given === name
    ? []
    : [
        warning(
          'policy-own-name-differs',
          'The policy knows the key of this station under another name than this station does.',
          JSON.stringify(given),
          JSON.stringify(name),
        ),
      ];

/** `policy-birthday-ahead` if the birthday is later than now: every coin from before it would be missed. */
export const birthdayFindings = (policy: WalletPolicy, now: Date): readonly Finding[] =>
  (policy.birthday ?? 0) * 1000 <= now.getTime()
    ? []
    : [
        warning(
          'policy-birthday-ahead',
          'The birthday is not over yet, by this machine’s clock: coins from before it are not looked for.',
          `at most ${formatDate(now.getTime() / 1000)}`,
          birthdayText(policy),
        ),
      ];

const warning = (rule: string, message: string, expected: string, actual: string): Finding => ({
  rule,
  severity: 'warn',
  where: 'policy',
  message,
  facts: { expected, actual },
});

/** In quotes, since a name may hold a comma; quotes within it are escaped, so no two lists look alike. */
const namesOf = ({ cosigners }: WalletPolicy): string =>
  cosigners.map(({ name }) => JSON.stringify(name)).join(', ');

const birthdayText = ({ birthday }: WalletPolicy): string =>
  birthday === undefined ? 'none' : formatDate(birthday);
