import { isThere, type JournalFacts, readJournal } from '@qoima/journal';
import { policyId } from '@qoima/policy';
import { formatHex } from '@qoima/primitives';
import { findingJson, findingLine } from '@qoima/review';
import { formatFields } from '@qoima/terminal';
import type { Command } from 'commander';
import { stationCosigner } from '../own-cosigner.ts';
import type { OpenSession } from '../session.ts';
import type { StationKey } from '../station-key.ts';

/** `qoima-station status` and `qoima-station journal verify`. */
export const addStatusCommands = (program: Command, open: OpenSession): void => {
  program
    .command('status')
    .description('which key and policies this station holds, and what it has signed')
    .action((_options: object, command: Command) => {
      const { station, terminal } = open(command);
      const key = station.key.has() ? station.key.read() : undefined;
      const cosigner = key && stationCosigner(key, 'wsh', station.network);
      const policies = station.policies.list();
      const { entries, head } = isThere(station.journalPath)
        ? readJournal(station.journalPath)
        : { entries: [], head: null };
      station.checkEntries(entries);
      const signed = entries.filter(({ event }) => event === 'psbt.signed');
      const fingerprint = cosigner ? formatHex(cosigner.origin.fingerprint) : null;
      terminal.output.result(
        {
          network: station.network,
          name: key?.name ?? null,
          fingerprint,
          device: key?.kind === 'ledger' ? key.model : null,
          policies: policies.map((policy) => ({ id: policyId(policy), name: policy.name })),
          registered: policies
            .filter((policy) => station.registrations.has(policy))
            .map((policy) => policyId(policy)),
          signed: signed.map(({ time, facts }) => ({ time, txid: txidOf(facts) })),
          journal: { entries: entries.length, head },
        },
        formatFields([
          ['Network', station.network],
          ['Key', key === undefined ? 'none' : `${key.name}, fingerprint ${fingerprint}`],
          ...(key === undefined ? [] : [['Kept in', keptIn(key)] as const]),
          ...policies.map((policy): [string, string] => [
            'Policy',
            `${policy.name}, ${policyId(policy)}${station.registrations.has(policy) ? ', registered on the Ledger' : ''}`,
          ]),
          ...signed.map(({ time, facts }): [string, string] => [
            'Signed',
            `${time}  ${txidOf(facts)}`,
          ]),
          ['Journal', `${entries.length} entries${head === null ? '' : `, head ${head}`}`],
        ]),
      );
    });

  program
    .command('journal')
    .description('what was done')
    .command('verify')
    .description('check that no line of the journal was changed, moved or taken out')
    .action((_options: object, command: Command) => {
      const { station, terminal } = open(command);
      const { entries, head, notes } = readJournal(station.journalPath);
      station.checkEntries(entries);
      const result = {
        path: station.journalPath,
        entries: entries.length,
        head,
        notes: notes.map(findingJson),
      };
      terminal.output.result(result, [
        `${station.journalPath} holds, ${entries.length} entries.`,
        ...notes.map(findingLine),
        `Write its head down elsewhere: ${head}`,
      ]);
    });
};

const keptIn = (key: StationKey): string =>
  key.kind === 'ledger' ? `a ${key.model}` : 'a file, as words: for drills only';

/** Written by this program itself, so it is there; an edited journal did not verify. */
const txidOf = (facts: JournalFacts): string => {
  const { txid } = facts;
  return typeof txid === 'string' ? txid : 'unknown';
};
