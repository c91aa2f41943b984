import { checkNewFile, readFileBounded, writeNewFile } from '@qoima/journal';
import {
  birthdayFindings,
  changedFindings,
  decodeKeyRecord,
  decodeLimits,
  decodePolicyFile,
  encodePolicyFile,
  policyFindings,
  policyId,
  policyJson,
  policySheet,
  type ScriptKind,
  type WalletPolicy,
} from '@qoima/policy';
import { type Finding, formatUtf8, parseUtf8 } from '@qoima/primitives';
import { findingJson, findingLine } from '@qoima/review';
import { formatFields } from '@qoima/terminal';
import { type Command, Option } from 'commander';
import { createPolicy, datePolicy, limitPolicy } from '../create-policy.ts';
import { coordinatorError } from '../errors.ts';
import { pastDateSeconds, wholeNumber } from '../options.ts';
import type { OpenSession, Session } from '../session.ts';

const MAX_RECORD_BYTES = 1 << 20;

const readText = (path: string): string => formatUtf8(readFileBounded(path, MAX_RECORD_BYTES));

/** `qoima policy create | limits | birthday | show | verify`. */
export const addPolicyCommands = (program: Command, open: OpenSession): void => {
  const policy = program.command('policy').description('who may spend');

  policy
    .command('create')
    .description('make a policy of the custodians’ key records, in the order given')
    .argument('<record...>', 'key record files, one for each cosigner')
    .requiredOption('--name <name>', 'name of the policy; part of its identity')
    .option('--required <k>', 'how many must sign', '3')
    .addOption(
      new Option('--script <kind>', 'script type').choices(['wsh', 'sh-wsh', 'sh']).default('wsh'),
    )
    .option('--birthday <date>', 'no coin is older (YYYY-MM-DD); else yesterday')
    .option('--limits <file>', 'limits of its spends: the JSON of "limits" in a policy file')
    .option('--out <file>', 'write the policy file here too, to carry to the stations')
    .action(async (records: string[], options: CreateOptions, command: Command) => {
      const session = open(command);
      const { coordinator } = session;
      if (options.out !== undefined) checkNewFile(options.out);
      const created = await createPolicy(coordinator, {
        name: options.name,
        required: wholeNumber(options.required, '--required', 15, 1),
        scriptKind: options.script,
        keyRecords: records.map((path) => decodeKeyRecord(readText(path), path)),
        birthday: birthday(options.birthday, coordinator.clock()),
        limits:
          options.limits === undefined
            ? undefined
            : decodeLimits(readText(options.limits), options.limits),
      });
      if (options.out !== undefined) {
        writeNewFile(options.out, parseUtf8(encodePolicyFile(created)));
      }
      showPolicy(session, created);
    });

  policy
    .command('limits')
    .description('give a policy other limits; every station then pins its file anew')
    .argument('<file>', 'the JSON of "limits" in a policy file')
    .option('--out <file>', 'write the policy file here too, to carry to the stations')
    .action(async (file: string, options: { out?: string }, command: Command) => {
      const session = open(command);
      const { coordinator, scripts } = session;
      if (options.out !== undefined) checkNewFile(options.out);
      const limits = decodeLimits(readText(file), file);
      const limited = await limitPolicy(coordinator, scripts().policy, limits);
      if (options.out !== undefined) {
        writeNewFile(options.out, parseUtf8(encodePolicyFile(limited)));
      }
      showPolicy(session, limited);
    });

  policy
    .command('birthday')
    .description('give a policy another birthday: where the search for its coins begins')
    .argument('<date>', 'no coin is older (YYYY-MM-DD)')
    .option('--out <file>', 'write the policy file here too, to carry to the stations')
    .action(async (date: string, options: { out?: string }, command: Command) => {
      const session = open(command);
      const { coordinator, scripts } = session;
      if (options.out !== undefined) checkNewFile(options.out);
      const seconds = pastDateSeconds(date, 'The birthday', coordinator.clock());
      const dated = await datePolicy(coordinator, scripts().policy, seconds);
      if (options.out !== undefined) {
        writeNewFile(options.out, parseUtf8(encodePolicyFile(dated)));
      }
      showPolicy(session, dated);
    });

  policy
    .command('show')
    .description('show a policy: its id, its keys, its first address; with --json its descriptor')
    .argument('[policy]', 'name or beginning of the id')
    .option('--out <file>', 'write the policy file here')
    .action((selector: string | undefined, options: { out?: string }, command: Command) => {
      const session = open(command);
      const { coordinator, scripts } = session;
      const shown = selector === undefined ? scripts().policy : coordinator.policies.find(selector);
      if (options.out !== undefined) {
        writeNewFile(options.out, parseUtf8(encodePolicyFile(shown)));
      }
      showPolicy(session, shown);
    });

  policy
    .command('verify')
    .description('check that a policy file is the one that is stored here')
    .argument('<file>', 'policy file')
    .action((file: string, _options: object, command: Command) => {
      const { coordinator, terminal } = open(command);
      const { policy: read, findings } = decodePolicyFile(readText(file), file);
      const id = policyId(read);
      const known = coordinator.policies.list().find((other) => policyId(other) === id);
      if (known === undefined) {
        throw coordinatorError(
          'COORDINATOR_POLICY_NOT_STORED',
          `${read.name} in ${file} is sound, and not stored here.`,
          { actual: id },
        );
      }
      const found = [
        ...findings,
        ...changedFindings(known, read),
        ...birthdayFindings(read, coordinator.clock()),
      ];
      terminal.output.result(
        { ...policyJson(read), stored: true, findings: found.map(findingJson) },
        [...policyLines(read, found), 'This policy is stored here.'],
      );
    });
};

interface CreateOptions {
  readonly name: string;
  readonly required: string;
  readonly script: ScriptKind;
  readonly birthday?: string;
  readonly limits?: string;
  readonly out?: string;
}

/** What is odd about the policy as it stands is told each time that it is shown. */
const showPolicy = ({ coordinator, terminal }: Session, policy: WalletPolicy): void => {
  const findings = [...policyFindings(policy), ...birthdayFindings(policy, coordinator.clock())];
  terminal.output.result(
    { ...policyJson(policy), findings: findings.map(findingJson) },
    policyLines(policy, findings),
  );
};

const policyLines = (policy: WalletPolicy, findings: readonly Finding[]): readonly string[] => [
  formatFields(policySheet(policy)),
  ...findings.map(findingLine),
];

const DAY = 86_400;

/** Without a date, a day before now: that is before any deposit to a policy that is made now. */
const birthday = (date: string | undefined, now: Date): number =>
  date === undefined
    ? Math.floor(now.getTime() / 1000) - DAY
    : pastDateSeconds(date, '--birthday', now);
