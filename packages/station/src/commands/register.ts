import { type PolicyScripts, policyId } from '@qoima/policy';
import { formatHex, type JsonValue } from '@qoima/primitives';
import type { Ledger, Registration } from '@qoima/signer-ledger';
import { formatFields } from '@qoima/terminal';
import type { Command } from 'commander';
import { isAccepted } from '../copied-id.ts';
import { ledgerKeyOf, modelName, withLedger } from '../ledger-work.ts';
import { ownCosigner } from '../own-cosigner.ts';
import { screenLines } from '../screen-lines.ts';
import type { OpenSession, Session } from '../session.ts';

/** `qoima-station policy register`. */
export const addRegisterCommand = (policy: Command, open: OpenSession): void => {
  policy
    .command('register')
    .description('have the Ledger register the pinned policy; compare every key that it shows')
    .option('--accept <id>', 'the whole id of the policy; otherwise you are asked')
    .option('--again', 'anew, although the station has a registration')
    .action(async (options: RegisterOptions, command: Command) => {
      const session = open(command);
      const { station, terminal, scripts } = session;
      const own = scripts();
      const key = ledgerKeyOf(station.key.read());
      ownCosigner(key, own.policy);
      const isKnown = station.registrations.has(own.policy) && options.again !== true;
      const registration = await withLedger(session, key, (ledger) =>
        isKnown ? check(session, ledger, own) : register(session, ledger, own, options.accept),
      );
      terminal.output.result({ ...registrationJson(own, registration), isNew: !isKnown }, [
        isKnown ? 'It is registered, and the Ledger knows it.' : 'Registered, and noted here.',
        formatFields([
          ['Policy', `${own.policy.name}, ${policyId(own.policy)}`],
          [
            'Ledger',
            `${modelName(registration.model)}, fingerprint ${formatHex(registration.fingerprint)}`,
          ],
          ['App', `${registration.app} ${registration.appVersion}`],
          ['Registered', registration.registeredAt],
        ]),
      ]);
    });
};

interface RegisterOptions {
  readonly accept?: string;
  readonly again?: boolean;
}

const FIRST = { branch: 'receive', index: 0 } as const;

/** The Ledger derives the first address with the registration that is kept here, and shows nothing. */
const check = async (
  { station }: Session,
  ledger: Ledger,
  scripts: PolicyScripts,
): Promise<Registration> => {
  const registration = station.registrations.read(scripts.policy);
  await ledger.showAddress(registration, scripts, FIRST, { display: false });
  return registration;
};

const register = async (
  { station, terminal }: Session,
  ledger: Ledger,
  scripts: PolicyScripts,
  accept: string | undefined,
): Promise<Registration> => {
  const { policy } = scripts;
  const id = policyId(policy);
  const accepted = isAccepted(accept, id, 'The pinned policy is another one.');
  const { fingerprint, model } = ledger;
  terminal.output.line(...screenLines({ show: 'registration', policy, fingerprint }, model));
  const word = id.slice(0, 8);
  await terminal.confirm({
    question: 'Register it? Compare each screen with this list before you approve on the Ledger.',
    word,
    given: accepted ? word : undefined,
  });
  // The lock comes first: nobody compares five keys for what could not be noted.
  return station.change(async (journal) => {
    const registration = await ledger.registerPolicy(policy);
    journal.append('policy.registered', registrationJson(scripts, registration));
    station.registrations.write(policy, registration);
    return registration;
  });
};

const registrationJson = (
  { policy }: PolicyScripts,
  { fingerprint, model, app, appVersion }: Registration,
): Readonly<Record<string, JsonValue>> => ({
  policyId: policyId(policy),
  name: policy.name,
  fingerprint: formatHex(fingerprint),
  device: modelName(model),
  app: `${app} ${appVersion}`,
});
