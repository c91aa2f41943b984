import { encodeKeyRecord, encodePolicyFile } from '@qoima/policy';
import { parseUtf8 } from '@qoima/primitives';
import { RULES } from '@qoima/review';
import type { HostileCase } from './hostile-case.ts';
import { inputAttacks } from './input-attacks.ts';
import { outputAttacks } from './output-attacks.ts';
import { keyAttacks, policyAttacks } from './policy-attacks.ts';
import { CUSTODIANS, OWN, policyOf, scriptKinds, wordsOf } from './reserve.ts';
import { returnedAttacks } from './returned-attacks.ts';
import { structureAttacks } from './structure-attacks.ts';

/** Where the corpus lies, below the top of the workspace. */
export const CORPUS = 'test-vectors/spends/hostile';

/** Every attack, in the order of the tables. */
export const hostileCases: readonly HostileCase[] = [
  ...structureAttacks,
  ...inputAttacks,
  ...outputAttacks,
  ...policyAttacks,
  ...keyAttacks,
  ...returnedAttacks,
];

/** Rules that no file can break, and why: each is a second line behind something else. */
export const unreachableRules: Readonly<Record<string, string>> = {
  'input-repeated': 'the codec refuses such a PSBT first (`parse-coin-twice`)',
  'previous-transaction-unreadable':
    'the codec refuses such a PSBT first (`parse-previous-transaction-none`)',
  'previous-output-missing': 'the codec refuses such a PSBT first (`output-number-beyond`)',
  'signer-not-involved': 'a station pins no policy without its key (`policy-own-key-swapped`)',
  'history-amount-differs':
    'amounts are proven by the id of the previous transaction; it would take a station whose earlier version believed another one',
};

const severities = new Map(RULES.map(({ id, severity }) => [id, severity]));

/** The files of an attack, by the names that its `case.json` gives them. */
export const filesOf = ({ id, kind, files }: HostileCase): ReadonlyMap<string, Uint8Array> => {
  const ending = kind === 'policy' || kind === 'key' ? 'json' : 'psbt';
  const { earlier = [], ...single } = files;
  const named = Object.entries(single as Readonly<Record<string, Uint8Array>>).map(
    ([name, bytes]) => [`${name}.${name === 'policy' ? 'json' : ending}`, bytes] as const,
  );
  const before = earlier.map((bytes, i) => [`earlier-${i + 1}.${ending}`, bytes] as const);
  if (named.length === 0) throw new Error(`${id} has files`);
  return new Map([...named, ...before]);
};

/** All files of the corpus but its README, by their paths below `CORPUS`. The same bytes every time. */
export const corpusFiles = (): ReadonlyMap<string, Uint8Array> => {
  const files = new Map<string, Uint8Array>();
  const put = (path: string, content: Uint8Array | string): void => {
    if (files.has(path)) throw new Error(`${path} is there already`);
    files.set(path, typeof content === 'string' ? parseUtf8(content) : content);
  };
  for (const kind of scriptKinds) {
    const policy = policyOf(kind);
    put(`setup/policy-${kind}.json`, encodePolicyFile(policy));
    for (const cosigner of policy.cosigners) {
      put(
        `setup/${kind}-${cosigner.name}.key.json`,
        encodeKeyRecord({ network: 'regtest', cosigner }),
      );
    }
  }
  const custodians = CUSTODIANS.map((name) => ({ name, words: wordsOf(name) }));
  put('setup/custodians.json', json({ network: 'regtest', station: OWN, custodians }));
  for (const one of hostileCases) {
    const folder = `${one.kind}/${one.id}`;
    const named = filesOf(one);
    for (const [name, bytes] of named) put(`${folder}/${name}`, bytes);
    put(`${folder}/case.json`, json(caseJson(one, [...named.keys()])));
  }
  const paths = [...files.keys()];
  const setup = paths.filter((path) => path.startsWith('setup/'));
  put(
    'index.json',
    json({
      title: 'Attacks on a 3-of-5 reserve, each with the clean sibling that it was made from',
      notes: 'Made by `npm run hostile -- --write`; README.md says how another wallet runs it.',
      count: hostileCases.length,
      setup,
      vectors: hostileCases.map(({ id, kind }) => ({
        name: id,
        files: paths.filter((path) => path.startsWith(`${kind}/${id}/`)),
      })),
    }),
  );
  return files;
};

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** What `case.json` holds: docs/hostile.md has its members. */
const caseJson = (one: HostileCase, names: readonly string[]): unknown => {
  const { id, title, attack, source, kind, policy, expected } = one;
  const { rule, also, station, coordinator } = expected;
  const earlier = names.filter((name) => name.startsWith('earlier-'));
  const single = names.filter((name) => !name.startsWith('earlier-'));
  return {
    format: 'qoima-hostile/1',
    id,
    title,
    attack,
    source,
    kind,
    policy: `setup/policy-${policy}.json`,
    files: {
      ...Object.fromEntries(single.map((name) => [name.replace(/\..*$/, ''), name])),
      ...(earlier.length === 0 ? {} : { earlier }),
    },
    expected: {
      rule,
      severity: rule === null ? null : (severities.get(rule) ?? 'warn'),
      also,
      station,
      coordinator,
    },
  };
};
