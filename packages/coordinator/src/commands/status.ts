import { formatBtc, sumSats } from '@qoima/primitives';
import { formatFields, formatTable } from '@qoima/terminal';
import type { Command } from 'commander';
import { analysisJson, analysisLines } from '../analysis-lines.ts';
import { warnOfDamaged } from '../damaged-lines.ts';
import { DEFAULT_DEPTH } from '../depth.ts';
import { wholeNumber } from '../options.ts';
import { type Proposal, proposalJson, type Withdrawal } from '../proposal.ts';
import { remainsJson, remainsLines } from '../remains-lines.ts';
import type { OpenSession, Session } from '../session.ts';
import { proposalStatus } from '../status.ts';
import { tellSyncing } from '../tell-syncing.ts';
import { confirmationsText } from '../whereabouts.ts';

/** `qoima status`. */
export const addStatusCommand = (program: Command, open: OpenSession): void => {
  program
    .command('status')
    .description('list the proposals, or tell how far one is and who has yet to sign')
    .argument('[proposal]', 'beginning of its id')
    .option('--depth <n>', 'blocks after which a spend counts as confirmed', `${DEFAULT_DEPTH}`)
    .action(async (prefix: string | undefined, options: { depth: string }, command: Command) => {
      const session = open(command);
      const depth = wholeNumber(options.depth, '--depth', 1_000_000, 1);
      if (prefix === undefined) return listProposals(session);
      const { coordinator, terminal, scriptsOf, chain } = session;
      const proposal = coordinator.proposals.find(prefix);
      warnOfDamaged(session);
      const scripts = scriptsOf(proposal.policyId);
      const node = chain(scripts);
      const status = await proposalStatus(coordinator, scripts, node, proposal, depth);
      const { confirmations, inMempool, analysis, remains } = status;
      // Of a proposal that was not sent the node is asked nothing.
      const nodeSyncing = confirmations === undefined ? null : await tellSyncing(terminal, node);
      const { withdrawn } = status.proposal;
      terminal.output.result(
        {
          proposal: proposalJson(status.proposal),
          analysis: analysisJson(analysis),
          confirmations: confirmations ?? null,
          inMempool: inMempool ?? null,
          nodeSyncing,
          ...(remains === undefined ? {} : { remains: remainsJson(remains) }),
        },
        [
          formatFields([
            ['Proposal', status.proposal.id],
            ['State', status.proposal.state],
            ...(confirmations === undefined ? [] : [confirmationLine(confirmations, inMempool)]),
            ...(withdrawn === undefined ? [] : [withdrawalLine(withdrawn)]),
          ]),
          ...(status.proposal.state === 'open' ? analysisLines(analysis) : []),
          ...(remains === undefined ? [] : remainsLines(remains)),
        ],
      );
    });
};

/** Bitcoin Core counts below zero how deep a transaction is that took the same coins. */
const confirmationLine = (
  confirmations: number,
  inMempool: boolean | undefined,
): readonly [string, string] => {
  if (confirmations < 0) return ['Conflict', conflictText(-confirmations)];
  const dropped = confirmations === 0 && inMempool === false;
  return ['Confirmations', dropped ? DROPPED : confirmations.toString()];
};

const DROPPED = '0, and not in the node’s memory pool either: "qoima broadcast" sends it again';

const conflictText = (depth: number): string =>
  `another spend of its coins has ${confirmationsText(depth)}; with ${DEFAULT_DEPTH}, "qoima withdraw" frees what is not spent`;

const withdrawalLine = ({ time, reason }: Withdrawal): readonly [string, string] => [
  'Withdrawn',
  `${time}, ${reason}`,
];

const listProposals = ({ coordinator, terminal }: Session): void => {
  const proposals = coordinator.proposals.list();
  const damaged = coordinator.proposals.damaged();
  warnOfDamaged({ coordinator, terminal });
  terminal.output.result(
    [
      ...proposals.map(proposalJson),
      ...damaged.map(({ id, path }) => ({ id, state: 'damaged', path })),
    ],
    proposals.length + damaged.length === 0
      ? `There are no proposals on ${coordinator.network} yet.`
      : formatTable(
          [
            { title: 'Proposal' },
            { title: 'State' },
            { title: 'Pays BTC', align: 'right' },
            { title: 'Created' },
            { title: 'Label' },
          ],
          proposals.map(row),
        ),
  );
};

const row = ({ id, state, payments, created, label }: Proposal): readonly string[] => [
  id.slice(0, 8),
  state,
  formatBtc(sumSats(payments.map(({ amountSats }) => amountSats))),
  created,
  label,
];
