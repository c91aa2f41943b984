import { writeNewFile } from '@qoima/journal';
import {
  decodePolicyFile,
  encodePolicyFile,
  limitsFindings,
  limitsJson,
  namesFindings,
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
import { ownCosigner } from '../own-cosigner.ts';
import { type OpenSession, readTextFile } from '../session.ts';

/** `qoima-station policy import | show | verify`; gives `policy`, for what is done with a Ledger. */
export const addPolicyCommands = (program: Command, open: OpenSession): Command => {
  const policy = program.command('policy').description('who may spend');

  policy
    .command('import')
    .description('pin a policy, once its id has been compared with the other custodians')
    .argument('<file>', 'policy file')
    .option('--accept <id>', 'the whole id, as the custodians compared it; otherwise you are asked')
    .action(async (file: string, options: { accept?: string }, command: Command) => {
      const { station, terminal } = open(command);
      const { policy: read, findings } = decodePolicyFile(readTextFile(file), file);
      checkNetwork(station.network, read.network);
      const own = ownCosigner(station.key.read(), read);
      const id = policyId(read);
      const accepted = isAccepted(options.accept, id, `${file} holds another policy.`);
      const pinned = station.policies.list().find((other) => policyId(other) === id);
      const changed =
        pinned === undefined
          ? []
          : [...limitsFindings(pinned, read), ...namesFindings(pinned, read)];
      const sheet = [
        formatFields(policySheet(read)),
        ...[...findings, ...changed].map(findingLine),
      ];
      if (!terminal.output.json) terminal.output.line(...sheet);
      const word = id.slice(0, 8);
      await terminal.confirm({
        question: `Pin this policy? Every custodian must read out the same id.`,
        word,
        given: accepted ? word : undefined,
      });
      await station.change((journal) => {
        journal.append('policy.pinned', {
          policyId: id,
          name: read.name,
          cosigner: own.name,
          ...(read.limits === undefined ? {} : { limits: limitsJson(read.limits) }),
        });
        station.policies.pin(read);
      });
      terminal.output.result(
        { ...policyJson(read), cosigner: own.name },
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
      terminal.output.result(policyJson(shown), formatFields(policySheet(shown)));
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
      const found = [...findings, ...limitsFindings(pinned, read), ...namesFindings(pinned, read)];
      terminal.output.result({ ...policyJson(read), findings: found.map(findingJson) }, [
        formatFields(policySheet(read)),
        ...found.map(findingLine),
        'This is the policy that this station has pinned.',
      ]);
    });
  return policy;
};

const checkNetwork = (expected: string, actual: string): void => {
  if (expected === actual) return;
  throw stationError(
    'STATION_NETWORK_MIXED',
    `The policy is for ${actual}, and this station works on ${expected}.`,
    { expected, actual },
  );
};
