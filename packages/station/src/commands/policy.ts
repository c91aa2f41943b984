import { writeNewFile } from '@qoima/journal';
import {
  birthdayFindings,
  changedFindings,
  decodePolicyFile,
  encodePolicyFile,
  policyFindings,
  policyId,
  policyJson,
  policySheet,
} from '@qoima/policy';
import { parseUtf8 } from '@qoima/primitives';
import { findingJson, findingLine } from '@qoima/review';
import { formatFields } from '@qoima/terminal';
import type { Command } from 'commander';
import { isAccepted } from '../copied-id.ts';
import { stationError } from '../errors.ts';
import { importFindings, pinAccepted } from '../import-policy.ts';
import { refuseOpenWarnings, warningsOf } from '../open-warnings.ts';
import { ownCosigner } from '../own-cosigner.ts';
import { collect } from '../repeated-option.ts';
import { type OpenSession, readTextFile } from '../session.ts';

/** `qoima-station policy import | show | verify`; gives `policy`, for what is done with a Ledger. */
export const addPolicyCommands = (program: Command, open: OpenSession): Command => {
  const policy = program.command('policy').description('who may spend');

  policy
    .command('import')
    .description('pin a policy, once its id has been compared with the other custodians')
    .argument('<file>', 'policy file')
    .option('--accept <id>', 'the whole id, as the custodians compared it; otherwise you are asked')
    .option(
      '--accept-warning <rule>',
      'accept a warning by its rule, beside --accept; may be repeated',
      collect,
    )
    .action(async (file: string, options: ImportOptions, command: Command) => {
      const { station, terminal } = open(command);
      const { policy: read } = decodePolicyFile(readTextFile(file), file);
      checkNetwork(station.network, read.network);
      const own = ownCosigner(station.key.read(), read);
      const id = policyId(read);
      const accepted = isAccepted(options.accept, id, `${file} holds another policy.`);
      station.policies.check(read);
      const findings = importFindings(station, read);
      if (!terminal.output.json) {
        terminal.output.line(formatFields(policySheet(read)), ...findings.map(findingLine));
      }
      const acceptedWarnings = [...(options.acceptWarning ?? [])];
      if (accepted) refuseOpenWarnings(findings, acceptedWarnings);
      for (const rule of warningsOf(findings)) {
        if (acceptedWarnings.includes(rule)) continue;
        const lines = findings.filter((finding) => finding.rule === rule).map(findingLine);
        await terminal.confirm({
          question: [...lines, 'Do you accept this?'].join('\n'),
          word: rule,
        });
        acceptedWarnings.push(rule);
      }
      const word = id.slice(0, 8);
      await terminal.confirm({
        question: `Pin this policy? Every custodian must read out the same id.`,
        word,
        given: accepted ? word : undefined,
      });
      await pinAccepted(station, { policy: read, cosigner: own.name, acceptedWarnings });
      terminal.output.result(
        { ...policyJson(read), cosigner: own.name, findings: findings.map(findingJson) },
        `Pinned. This station is ${own.name}.`,
      );
    });

  policy
    .command('show')
    .description('show a pinned policy: its id, its keys, its first address')
    .argument('[policy]', 'name or beginning of the id')
    .option('--out <file>', 'write the policy file here')
    .action((selector: string | undefined, options: { out?: string }, command: Command) => {
      const { station, terminal, scripts } = open(command);
      const shown = selector === undefined ? scripts().policy : station.policies.find(selector);
      if (options.out !== undefined) {
        writeNewFile(options.out, parseUtf8(encodePolicyFile(shown)));
      }
      const findings = [...policyFindings(shown), ...birthdayFindings(shown, station.clock())];
      terminal.output.result({ ...policyJson(shown), findings: findings.map(findingJson) }, [
        formatFields(policySheet(shown)),
        ...findings.map(findingLine),
      ]);
    });

  policy
    .command('verify')
    .description('check that a policy file is the one that this station has pinned')
    .argument('<file>', 'policy file')
    .action((file: string, _options: object, command: Command) => {
      const { station, terminal } = open(command);
      const { policy: read, findings } = decodePolicyFile(readTextFile(file), file);
      checkNetwork(station.network, read.network);
      const id = policyId(read);
      const pinned = station.policies.list().find((other) => policyId(other) === id);
      if (pinned === undefined) {
        throw stationError('STATION_POLICY_NOT_PINNED', `${read.name} in ${file} is not pinned.`, {
          actual: id,
        });
      }
      const found = [
        ...findings,
        ...changedFindings(pinned, read),
        ...birthdayFindings(read, station.clock()),
      ];
      terminal.output.result({ ...policyJson(read), findings: found.map(findingJson) }, [
        formatFields(policySheet(read)),
        ...found.map(findingLine),
        'This is the policy that this station has pinned.',
      ]);
    });
  return policy;
};

interface ImportOptions {
  readonly accept?: string;
  readonly acceptWarning?: readonly string[];
}

const checkNetwork = (expected: string, actual: string): void => {
  if (expected === actual) return;
  throw stationError(
    'STATION_NETWORK_MIXED',
    `The policy is for ${actual}, and this station works on ${expected}.`,
    { expected, actual },
  );
};
