import { checkNewFile, readFileBounded, writeNewFile } from '@qoima/journal';
import {
  changedFindings,
  decodeKeyRecord,
  decodeLimits,
  decodePolicyFile,
  encodePolicyFile,
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
import { createPolicy, limitPolicy } from '../create-policy.ts';
import { coordinatorError } from '../errors.ts';
import { pastDateSeconds, wholeNumber } from '../options.ts';
import type { OpenSession } from '../session.ts';

const MAX_RECORD_BYTES = 1 << 20;

const readText = (path: string): string => formatUtf8(readFileBounded(path, MAX_RECORD_BYTES));

/** `qoima policy create | limits | show | verify`. */
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
      const { coordinator, terminal } = open(command);
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
      terminal.output.result(policyJson(created), policyLines(created, []));
    });

  policy
    .command('limits')
    .description('give a policy other limits; every station then pins its file anew')
    .argument('<file>', 'the JSON of "limits" in a policy file')
    .option('--out <file>', 'write the policy file here too, to carry to the stations')
    .action(async (file: string, options: { out?: string }, command: Command) => {
      const { coordinator, terminal, scripts } = open(command);
      if (options.out !== undefined) checkNewFile(options.out);
      const limits = decodeLimits(readText(file), file);
      const limited = await limitPolicy(coordinator, scripts().policy, limits);
      if (options.out !== undefined) {
        writeNewFile(options.out, parseUtf8(encodePolicyFile(limited)));
      }
      terminal.output.result(policyJson(limited), policyLines(limited, []));
    });

  policy
    .command('show')
    .description('show a policy: its id, its keys, its first address; with --json its descriptor')
    .argument('[policy]', 'name or beginning of the id')
    .option('--out <file>', 'write the policy file here')
    .action((selector: string | undefined, options: { out?: string }, command: Command) => {
      const { coordinator, terminal, scripts } = open(command);
      const shown = selector === undefined ? scripts().policy : coordinator.policies.find(selector);
      if (options.out !== undefined) {
        writeNewFile(options.out, parseUtf8(encodePolicyFile(shown)));
      }
      terminal.output.result(policyJson(shown), policyLines(shown, []));
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
      const found = [...findings, ...changedFindings(known, read)];
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
