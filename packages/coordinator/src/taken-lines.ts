import { formatHex, type JsonValue } from '@qoima/primitives';
import type { InjectedHow, InjectedRecord } from '@qoima/psbt';
import { printable } from '@qoima/terminal';
import { analysisJson } from './analysis-lines.ts';
import { nonceUseJson } from './nonces.ts';
import type { RefusedReturn, Taken } from './take.ts';

/** What came of one returned file, in lines: first what was taken, then each thing that was not. */
export const takenLines = (taken: Taken): readonly string[] => [
  summary(taken),
  ...refusedLines(taken),
  ...secondLines(taken),
  ...conflictLines(taken),
  ...injectedLines(taken),
];

const summary = ({ from, proposal, taken, senders }: Taken): string => {
  const names = Object.entries(taken).map(([name, count]) => `${count} by ${name}`);
  const repeated = senders.length === 0 ? 'nothing new' : `nothing new of ${senders.join(', ')}`;
  const state = proposal.withdrawn === undefined ? 'proposal' : 'the withdrawn proposal';
  const what = names.length === 0 ? repeated : names.join(', ');
  return `${printable(from)}: ${what}, for ${state} ${proposal.id.slice(0, 8)}`;
};

/** One line for all of a cosigner that are wrong in the same way. */
const refusedLines = ({ refused }: Taken): readonly string[] => {
  const groups = grouped(refused, ({ code, cosigner, fits }) =>
    [code, cosigner ?? '', fits?.id ?? ''].join(' '),
  );
  return groups.map(({ first, all }) => {
    const more = all.length === 1 ? '' : ` (and ${all.length - 1} more like it)`;
    return `  refused: ${first.message}${more}${fitsText(first)}`;
  });
};

const fitsText = ({ fits }: RefusedReturn): string => {
  if (fits === undefined) return '';
  const state = fits.withdrawn === undefined ? fits.state : 'withdrawn';
  return ` It was made for proposal ${fits.id.slice(0, 8)} (${state}).`;
};

const secondLines = ({ second }: Taken): readonly string[] =>
  grouped(second, ({ cosigner }) => cosigner).map(
    ({ first, all }) =>
      `  note: another good signature of ${first.cosigner} at ${placesText(inputs(all))}; the first stays`,
  );

const conflictLines = ({ conflicts }: Taken): readonly string[] =>
  grouped(conflicts, ({ cosigner, good, others }) => JSON.stringify([cosigner, good, others])).map(
    ({ first, all }) => {
      const others = first.others.map(
        ({ from, good }) =>
          `${good ? 'a good one' : 'a bad one'} ${from === undefined ? 'stored before' : `in ${printable(from)}`}`,
      );
      const own = first.good ? 'a good signature' : 'a bad signature';
      return `  conflict: ${own} of ${first.cosigner} at ${placesText(inputs(all))}; against ${others.join(', ')}`;
    },
  );

const injectedLines = ({ injected }: Taken): readonly string[] => {
  const groups = grouped(injected, ({ field, how, place }) => `${how} ${place} ${field}`);
  const shown = groups
    .slice(0, MAX_FIELDS)
    .map(({ first, all }) => `  ${injectedText[first.how](first.field, placesText(all))}`);
  const hidden = groups.length - shown.length;
  return hidden === 0 ? shown : [...shown, `  … and ${hidden} more fields, with --json`];
};

/** A line each; more would hide the others. */
const MAX_FIELDS = 20;

const injectedText: Readonly<Record<InjectedHow, (field: string, where: string) => string>> = {
  added: (field, where) => `left aside: ${field} at ${where} was not sent`,
  altered: (field, where) => `refused: ${field} at ${where} is not what was sent`,
  final: (field, where) =>
    `refused: ${field} at ${where} makes it final; signatures alone are taken`,
  sighash: (field, where) => `refused: ${field} at ${where} asks for another type than ALL`,
};

/** True for what contradicts what was sent; the rest other programs add in good faith. */
export const contradicts = ({ how }: InjectedRecord): boolean => how !== 'added';

type Place = Pick<InjectedRecord, 'place' | 'index'>;

const inputs = (all: readonly { readonly inputIndex: number }[]): readonly Place[] =>
  all.map(({ inputIndex }) => ({ place: 'input', index: inputIndex }));

/** `input 0, 1, 2 and 7 more`. */
export const placesText = (all: readonly Place[]): string => {
  const place = all[0]?.place ?? 'global';
  if (place === 'global') return 'global';
  const indices = [...new Set(all.map(({ index }) => index))];
  const more = indices.length > MAX_PLACES ? ` and ${indices.length - MAX_PLACES} more` : '';
  return `${place} ${indices.slice(0, MAX_PLACES).join(', ')}${more}`;
};

const MAX_PLACES = 5;

interface Group<Each> {
  readonly first: Each;
  readonly all: readonly Each[];
}

/** Groups with the same key, in the order of their firsts. */
const grouped = <Each>(
  all: readonly Each[],
  keyOf: (each: Each) => string,
): readonly Group<Each>[] => {
  const groups = new Map<string, { first: Each; all: Each[] }>();
  for (const each of all) {
    const key = keyOf(each);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: each, all: [each] });
    else group.all.push(each);
  }
  return [...groups.values()];
};

/** The same as a value: docs/formats.md has its members. */
export const takenJson = (taken: Taken): { readonly [key: string]: JsonValue } => ({
  file: taken.from,
  proposal: taken.proposal.id,
  state: taken.proposal.state,
  senders: taken.senders,
  taken: taken.taken,
  refused: taken.refused.map(refusedJson),
  second: taken.second.map(({ inputIndex, cosigner }) => ({ input: inputIndex, cosigner })),
  conflicts: taken.conflicts.map(({ inputIndex, cosigner, publicKey, good, others }) => ({
    input: inputIndex,
    cosigner,
    publicKey: formatHex(publicKey),
    good,
    others: others.map((other) => ({ file: other.from ?? null, good: other.good })),
  })),
  injected: grouped(taken.injected, ({ field, how, place }) => `${how} ${place} ${field}`).map(
    ({ first, all }) => ({
      field: first.field,
      how: first.how,
      map: first.place,
      indices: [...new Set(all.map(({ index }) => index))],
    }),
  ),
  sharedNonces: taken.sharedNonces.map((group) => group.map(nonceUseJson)),
  analysis: analysisJson(taken.analysis),
});

export const refusedJson = (
  refused: RefusedReturn,
): { readonly [key: string]: string | number | null } => ({
  code: refused.code,
  input: refused.inputIndex,
  cosigner: refused.cosigner ?? null,
  publicKey: formatHex(refused.publicKey),
  fits: refused.fits?.id ?? null,
  message: refused.message,
});
