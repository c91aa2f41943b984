import { dirname, join } from 'node:path';
import { type JournalEntry, readJournal, verifyJournal } from '@qoima/journal';
import { formatHex, sha256 } from '@qoima/primitives';
import { decodePsbt, unsignedTransactionId } from '@qoima/psbt';
import { type Place, type Tree, treeOf } from './place.ts';
import type { StagedStep } from './staged-steps.ts';

/**
 * How a state differs from an undisturbed one, once the command was run again. `docs/crash-safety.md` says why
 * each of these may be.
 */
export type Difference =
  | 'none'
  | 'recorded twice'
  | 'address left out'
  | 'proposal recorded, not stored'
  | 'key recorded, not stored';

const isTemporary = (name: string): boolean => /(^|\/)\.[^/]+\.[0-9]+\.tmp$/.test(name);
const isLock = (name: string): boolean => /\.jsonl\.lock(\.takeover)*$/.test(name);
const isJournal = (name: string): boolean => name.endsWith('.jsonl');
const isAside = (name: string): boolean => /\.jsonl\.torn-[0-9]+-[0-9a-f]{8}$/.test(name);
/** A file that somebody reads as a part of the state, or as what was carried there. */
const isContent = (name: string): boolean =>
  !isTemporary(name) && !isLock(name) && !isJournal(name) && !isAside(name) && !name.endsWith('/');

/**
 * What is wrong with what a kill or an error left. It may leave every file as it was or as it was to become, a
 * journal that goes on from the old one, locks that name their holder, and files that nobody reads.
 */
export const judgeLeft = (step: StagedStep, left: Place): readonly string[] => {
  const [before, after, now] = [treeOf(step.before), treeOf(step.after), treeOf(left)];
  const between = step.between && treeOf(step.between);
  const lost = [...before.keys()]
    .filter((name) => isContent(name) || isJournal(name) || isAside(name))
    .filter((name) => !now.has(name))
    .map((name) => `${name} is lost`);
  const wrong = [...now].flatMap(([name, content]) => {
    if (isLock(name) && !isHolder(content)) return [`${name} does not say whose it is`];
    if (isJournal(name)) return goesOn(content, name) ? [] : [`${name} is another journal`];
    if (!isContent(name) || step.isRandom) return [];
    const may = [before, between, after].map((tree) => tree?.get(name));
    return may.includes(content) ? [] : [`${name} is neither old nor new`];
  });
  return [...lost, ...wrong];

  function goesOn(content: string, name: string): boolean {
    const old = before.get(name) ?? '';
    // A line that was cut in front of the step may have been put aside since.
    const whole = old.slice(0, old.lastIndexOf('\n') + 1);
    if (!content.startsWith(whole)) return false;
    return (
      content === old || step.isRandom === true || after.get(name)?.startsWith(content) === true
    );
  }
};

const isHolder = (content: string): boolean => {
  try {
    return typeof (JSON.parse(content) as { pid: unknown }).pid === 'number';
  } catch {
    return false;
  }
};

/** What is wrong with the state once the command was run again, or how it differs from an undisturbed one. */
export const judgeEnd = (
  step: StagedStep,
  end: Place,
  isIdle: boolean,
): { readonly problems: readonly string[]; readonly difference: Difference } => {
  const now = treeOf(end);
  // A command that finds all done changes nothing, and leaves a dead lock to the next that does.
  const problems = [...now.keys()]
    .filter((name) => isTemporary(name) || (isLock(name) && !isIdle))
    .map((name) => `${name} was left`);
  for (const name of [...now.keys()].filter(isJournal))
    problems.push(...badRepairs(end, now, name));
  if (problems.length > 0) return { problems, difference: 'none' };

  const isSame = contentOf(now) === contentOf(treeOf(step.after));
  const journals = [...now.keys()].filter(isJournal);
  const records = journals.map((name) => recordsOf(step, end, name));
  if (isSame && !records.includes('other')) {
    return { problems, difference: records.includes('twice') ? 'recorded twice' : 'none' };
  }
  const difference = otherEnd(step, end);
  return difference === undefined
    ? { problems: ['the state is not that of an undisturbed run'], difference: 'none' }
    : { problems, difference };
};

const contentOf = (tree: Tree): string =>
  JSON.stringify([...tree].filter(([name]) => isContent(name)).sort(byName));

const byName = ([a]: readonly [string, string], [b]: readonly [string, string]): number =>
  a < b ? -1 : 1;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Every cut line that was put aside is there, whole, and recorded once. */
const badRepairs = (end: Place, now: Tree, journal: string): readonly string[] => {
  const recorded = readJournal(join(end.folder, journal))
    .entries.filter(({ event }) => event === 'journal.repaired')
    .map(({ facts }) => facts);
  const asides = [...now.keys()].filter(
    (name) => isAside(name) && dirname(name) === dirname(journal),
  );
  const names = recorded.map(({ file }) => join(dirname(journal), textOf(file)));
  const isEach = JSON.stringify(names.sort()) === JSON.stringify(asides.sort());
  const isWhole = recorded.every(({ file, sha256: hash }) => {
    const content = now.get(join(dirname(journal), textOf(file))) ?? '';
    return formatHex(sha256(new Uint8Array(Buffer.from(content, 'latin1')))) === hash;
  });
  return isEach && isWhole ? [] : [`${journal}: cut lines and their entries differ`];
};

type Deed = Pick<JournalEntry, 'event' | 'facts'>;

/** What a journal tells, without numbers and times and repairs; none where there is no journal. */
const deedsOf = (place: Place, journal: string): readonly Deed[] => {
  const bytes = Buffer.from(treeOf(place).get(journal) ?? '', 'latin1');
  const verdict = verifyJournal(new Uint8Array(bytes));
  // In front of a step there may be a line that was cut.
  const { entries } = verdict.ok ? verdict : verdict.before;
  return entries
    .filter(({ event }) => event !== 'journal.repaired')
    .map(({ event, facts }) => ({ event, facts }));
};

/**
 * What the killed run recorded may stand in front of what the second one did: all of it, or as far as it
 * came.
 */
const recordsOf = (step: StagedStep, end: Place, journal: string): 'once' | 'twice' | 'other' => {
  const once = newDeeds(step, step.after, journal).map(deedText);
  const now = newDeeds(step, end, journal).map(deedText);
  const first = now.slice(0, Math.max(0, now.length - once.length));
  const isAgain =
    now.slice(first.length).join('\n') === once.join('\n') &&
    first.join('\n') === once.slice(0, first.length).join('\n');
  if (!isAgain) return 'other';
  return first.length === 0 ? 'once' : 'twice';
};

const deedText = (deed: Deed): string => JSON.stringify(deed);

/** The states that differ and yet are right; undefined for one that is not. */
const otherEnd = (step: StagedStep, end: Place): Difference | undefined => {
  if (step.name.startsWith('address next')) return withAddressLeftOut(step, end);
  if (step.name === 'propose') return withProposalNotStored(step, end);
  if (step.name === 'key create') return withKeyNotStored(end);
  return undefined;
};

const COORDINATOR = 'homes/coordinator/regtest';

const newDeeds = (step: StagedStep, end: Place, journal: string): readonly Deed[] =>
  deedsOf(end, journal).slice(deedsOf(step.before, journal).length);

/** The address of the run that was killed was noted and shown to nobody; the next one was given. */
const withAddressLeftOut = (step: StagedStep, end: Place): Difference | undefined => {
  const indexes = newDeeds(step, end, `${COORDINATOR}/journal.jsonl`).map(
    ({ facts }) => facts['index'],
  );
  const isEach = indexes.every((index, i) => i === 0 || index === Number(indexes[i - 1]) + 1);
  const book = treeOf(end).get(`${COORDINATOR}/addresses.json`) ?? '';
  const isNoted = book.includes(`"receive": ${Number(indexes.at(-1)) + 1}`);
  return isEach && isNoted ? 'address left out' : undefined;
};

/** One proposal is stored and announced, with a change address of its own; the other one nowhere. */
const withProposalNotStored = (step: StagedStep, end: Place): Difference | undefined => {
  const tree = treeOf(end);
  const proposed = newDeeds(step, end, `${COORDINATOR}/journal.jsonl`).map(({ facts }) =>
    textOf(facts['proposal']),
  );
  const stored = [...tree.keys()].filter((name) => name.endsWith('/proposal.json'));
  const last = proposed.at(-1);
  const path = `${COORDINATOR}/proposals/${last}/proposal.json`;
  if (stored.length !== 1 || stored[0] !== path) return undefined;
  const { change } = JSON.parse(tree.get(path) ?? '') as { change: { index: number } };
  const book = tree.get(`${COORDINATOR}/addresses.json`) ?? '';
  const carried = new Uint8Array(Buffer.from(tree.get('media/spend.psbt') ?? '', 'latin1'));
  const isRight =
    unsignedTransactionId(decodePsbt(carried)) === last &&
    book.includes(`"change": ${change.index + 1}`) &&
    new Set(proposed).size === proposed.length;
  return isRight ? 'proposal recorded, not stored' : undefined;
};

/** The journal's last key is the one that is there. */
const withKeyNotStored = (end: Place): Difference | undefined => {
  const stored = deedsOf(end, 'homes/Erlan/regtest/journal.jsonl').filter(
    ({ event }) => event === 'key.stored',
  );
  const isThere = treeOf(end).has('homes/Erlan/regtest/key.json');
  if (!isThere) return undefined;
  return stored.length === 1 ? 'none' : 'key recorded, not stored';
};
